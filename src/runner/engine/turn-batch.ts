import type { JournalRecord, UnitOfWork } from "../journal/records.js";

/** What one cell may stream into the journal; a program that prints without end must not fill the disk with it. */
const MOST_BYTES = 64 * 2 ** 20;
/** What a line of the journal has around the record; without it, short records would take many times the limit. */
const AROUND_BYTES = 200;

/** Collects what a cell streams, so that a burst of records costs one write and one sync. */
export class TurnBatch {
  readonly #unit: UnitOfWork;
  readonly #attempt: number;
  #waiting: JournalRecord[] = [];
  #bytes = 0;
  #dropped = 0;

  constructor(unit: UnitOfWork, attempt: number) {
    this.#unit = unit;
    this.#attempt = attempt;
  }

  add(record: unknown): void {
    if (this.#bytes >= MOST_BYTES) {
      this.#dropped++;
      return;
    }
    this.#bytes += AROUND_BYTES + JSON.stringify(record).length;
    this.#waiting.push({ type: "turn", ...this.#unit, attempt: this.#attempt, record });
  }

  take(): JournalRecord[] {
    const records = this.#waiting;
    this.#waiting = [];
    return records;
  }

  /** Records beyond the limit, whose number is all that is kept of them. */
  get dropped(): number {
    return this.#dropped;
  }
}

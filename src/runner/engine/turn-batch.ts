import { isTooDeep } from "../../base/json-depth.js";
import type { JournalRecord, UnitOfWork } from "../journal/records.js";

/**
 * Most bytes that one cell may add to the journal. A program that prints without end must not fill the disk.
 */
const MOST_BYTES = 64 * 2 ** 20;
/**
 * Bytes of a journal line around the record. They are counted too, or many short records would exceed the
 * limit several times.
 */
const AROUND_BYTES = 200;

/** Collects the records of a cell, so that many records need one write and one sync. */
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
    const text = textOf(record);
    if (text === undefined) {
      this.#dropped++;
      return;
    }
    this.#bytes += AROUND_BYTES + text.length;
    this.#waiting.push({ type: "turn", ...this.#unit, attempt: this.#attempt, record });
  }

  take(): JournalRecord[] {
    const records = this.#waiting;
    this.#waiting = [];
    return records;
  }

  /** Number of records that were dropped because they were beyond the limit or nested too deep. */
  get dropped(): number {
    return this.#dropped;
  }
}

/** Undefined for a record that cannot be written. */
function textOf(record: unknown): string | undefined {
  try {
    const text = JSON.stringify(record);
    return isTooDeep(text) ? undefined : text;
  } catch {
    // The stack ends before the nesting does.
    return undefined;
  }
}

import { BytesperError } from "../../errors.js";
import type { Journal } from "../journal/journal.js";
import type { JournalRecord } from "../journal/records.js";
import type { RunState } from "./state.js";
import { apply, stateOf } from "./state.js";

/**
 * What happened in a run, in memory and in its journal. When the journal cannot be written any more, measuring goes
 * on: the state stays whole and the tables can still be printed.
 */
export class RunLog {
  readonly journal: Journal | undefined;
  /** The first failure to write. */
  writeError: BytesperError | undefined;
  #state: RunState | undefined;
  readonly #notice: (message: string) => void;

  constructor(
    journal: Journal | undefined,
    records: readonly JournalRecord[],
    notice: (message: string) => void,
  ) {
    this.journal = journal;
    this.#state = stateOf(records);
    this.#notice = notice;
  }

  get state(): RunState {
    if (this.#state === undefined) throw new Error("a run starts with its own record");
    return this.#state;
  }

  get isEmpty(): boolean {
    return this.#state === undefined;
  }

  append(...records: readonly JournalRecord[]): void {
    if (records.length === 0) return;
    const written = this.keeping(() => this.journal?.append(...records));
    const dated = written ?? records.map((record) => ({ ...record, at: new Date().toISOString() }));
    for (const record of dated) {
      if (this.#state === undefined) this.#state = stateOf([record]);
      else apply(this.#state, record);
      if (this.#state !== undefined) this.#state.changedAt = record.at;
    }
  }

  /** Runs a step that writes; its failure is told at once and kept. */
  keeping<T>(step: () => T): T | undefined {
    if (this.writeError !== undefined) return undefined;
    try {
      return step();
    } catch (error) {
      if (!(error instanceof BytesperError) || error.code !== "WRITE_FAILED") throw error;
      this.writeError = error;
      this.#notice(`${error.message} The tables are printed at the end.`);
      return undefined;
    }
  }
}

import { BytesperError } from "../../base/errors.js";
import { writeError } from "../../base/write.js";
import type { Journal } from "../journal/journal.js";
import type { JournalRecord } from "../journal/records.js";
import type { RunState } from "./state.js";
import { apply, stateOf } from "./state.js";

/** Most records in one write with one sync. */
const MOST_AT_ONCE = 4096;

/**
 * The state of a run in memory and its journal. If the journal can no longer be written, measuring continues:
 * the state stays complete and the tables can still be printed.
 */
export class RunLog {
  readonly journal: Journal | undefined;
  /** The first write that failed. */
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

  /**
   * Appends any number of records in parts: `append` takes them as arguments, and the stack limits the number
   * of arguments.
   */
  appendAll(records: readonly JournalRecord[]): void {
    for (let start = 0; start < records.length; start += MOST_AT_ONCE)
      this.append(...records.slice(start, start + MOST_AT_ONCE));
  }

  /** Runs a step that writes. If it fails, the user is told at once and the error is kept. */
  keeping<T>(step: () => T): T | undefined {
    if (this.writeError !== undefined) return undefined;
    try {
      return step();
    } catch (error) {
      const failure = isOfSystem(error) ? writeError(error.path ?? "the results folder", error) : error;
      if (!(failure instanceof BytesperError) || failure.code !== "WRITE_FAILED") throw error;
      this.writeError = failure;
      this.#notice(`${failure.message} The tables are printed at the end.`);
      return undefined;
    }
  }
}

/** Whether the operating system refused a call. Any other error is a mistake in this program. */
function isOfSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

import { renameSync, rmSync, writeFileSync } from "node:fs";

/** What a loop under the guard reads at each step. Written whole or not at all. */
export interface GuardState {
  schema: "bytesper/guard-state@1";
  /** Grows by one with each writing. */
  sequence: number;
  /** Seconds since 1970. */
  timestamp: number;
  /** After so many seconds without a new state nobody guards any more. */
  staleAfterSeconds: number;
  /** Of the guard. */
  pid: number;
  /** Every branch that a rule can skip, and whether it may run. */
  allow: Record<string, boolean>;
  /** Whether nothing may grow. */
  block: boolean;
  /** Rules with the action warn that are fired. */
  warn: string[];
  /** Number of the last cleanup that was asked for; 0 for none. The loop answers it with `cleanupDone`. */
  cleanup: number;
  /** Why the command is being ended, else null. */
  stop: string | null;
}

/** Replaces a file as a whole: a reader finds the old state or the new one. */
export class StateFile {
  readonly #path: string;
  readonly #next: string;
  #sequence = 0;

  constructor(path: string) {
    this.#path = path;
    // In the same folder: a rename to another file system is a copy.
    this.#next = `${path}.${process.pid}.next`;
  }

  /** Throws what the system says. */
  write(state: Omit<GuardState, "schema" | "sequence" | "timestamp" | "pid">): void {
    const whole: GuardState = {
      schema: "bytesper/guard-state@1",
      sequence: ++this.#sequence,
      timestamp: Date.now() / 1000,
      pid: process.pid,
      ...state,
    };
    writeFileSync(this.#next, `${JSON.stringify(whole)}\n`);
    renameSync(this.#next, this.#path);
  }

  /** Nobody guards any more. */
  remove(): void {
    for (const path of [this.#path, this.#next]) rmSync(path, { force: true });
  }
}

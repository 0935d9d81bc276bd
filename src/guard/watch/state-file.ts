import { renameSync, rmSync, writeFileSync } from "node:fs";

/** The state that a loop under the guard reads at each step. It is written whole or not at all. */
export interface GuardState {
  schema: "bytesper/guard-state@1";
  /** Grows by one with each writing. */
  sequence: number;
  timestamp: number;
  /** After so many seconds without a new state, no guard is running any more. */
  staleAfterSeconds: number;
  pid: number;
  /** Every branch that a rule can skip, and whether it may run. */
  allow: Record<string, boolean>;
  /** Whether nothing may grow. */
  block: boolean;
  /** Rules with the action warn that are fired. */
  warn: string[];
  /** Number of the last requested cleanup; 0 for none. The loop answers it with `cleanupDone`. */
  cleanup: number;
  /** Why the guard ends the command; null if it does not. */
  stop: string | null;
}

/** Replaces a whole file, so that a reader finds the old state or the new one. */
export class StateFile {
  readonly #path: string;
  readonly #next: string;
  #sequence = 0;

  constructor(path: string) {
    this.#path = path;
    // In the same folder, because a rename to another file system would be a copy.
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

  /** Writes that no guard is running any more. */
  remove(): void {
    for (const path of [this.#path, this.#next]) rmSync(path, { force: true });
  }
}

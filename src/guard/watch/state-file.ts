import { renameSync, rmSync, writeFileSync } from "node:fs";

/** The state that a loop under the guard reads in each step. */
export interface GuardState {
  schema: "bytesper/guard-state@1";
  /** Increases by one with each write. */
  sequence: number;
  timestamp: number;
  /** If the state is older than this, no guard is running any more. */
  staleAfterSeconds: number;
  pid: number;
  /** Every branch that a rule can skip, and whether it may run. */
  allow: Record<string, boolean>;
  block: boolean;
  /** Fired rules with the action warn. */
  warn: string[];
  /** Number of the last requested cleanup; 0 if there was none. The loop answers with it as `cleanupDone`. */
  cleanup: number;
  /** Why the guard ends the command; null if it does not. */
  stop: string | null;
}

/** Replaces the whole file at once, so a reader finds either the old state or the new one. */
export class StateFile {
  readonly #path: string;
  readonly #next: string;
  #sequence = 0;

  constructor(path: string) {
    this.#path = path;
    // It is in the same folder, because a rename to another file system would be a copy.
    this.#next = `${path}.${process.pid}.next`;
  }

  /** Throws the error of the file system. */
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

  /** Readers then know that no guard is running. */
  remove(): void {
    for (const path of [this.#path, this.#next]) rmSync(path, { force: true });
  }
}

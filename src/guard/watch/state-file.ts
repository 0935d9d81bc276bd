import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { BytesperError } from "../../base/errors.js";

const SCHEMA = "bytesper/guard-state@1";

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

/**
 * Replaces the whole file at once, so a reader finds either the old state or the new one. Only a state of a guard
 * is ever replaced or removed.
 */
export class StateFile {
  readonly #path: string;
  readonly #next: string;
  #sequence = 0;

  /** Throws `USAGE` if another file stands there. */
  constructor(path: string) {
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined && !isState(path)) {
      throw new BytesperError(
        "USAGE",
        `${path} is there already and holds no state of a guard; give --state a path where nothing is.`,
      );
    }
    this.#path = path;
    // It is in the same folder, because a rename to another file system would be a copy.
    this.#next = `${path}.${process.pid}.next`;
  }

  /** Throws the error of the file system. */
  write(state: Omit<GuardState, "schema" | "sequence" | "timestamp" | "pid">): void {
    const whole: GuardState = {
      schema: SCHEMA,
      sequence: ++this.#sequence,
      timestamp: Date.now() / 1000,
      pid: process.pid,
      ...state,
    };
    // A link that somebody put there is removed and never followed.
    rmSync(this.#next, { force: true });
    writeFileSync(this.#next, `${JSON.stringify(whole)}\n`, { flag: "wx" });
    renameSync(this.#next, this.#path);
  }

  /** Readers then know that no guard is running. */
  remove(): void {
    if (isState(this.#path)) rmSync(this.#path, { force: true });
    rmSync(this.#next, { force: true });
  }
}

/** Longest file that is read to see whether it is a state, bytes. */
const MOST_BYTES = 2 ** 20;

function isState(path: string): boolean {
  try {
    const stats = lstatSync(path);
    if (!stats.isFile() || stats.size > MOST_BYTES) return false;
    const { schema } = JSON.parse(readFileSync(path, "utf8")) as { schema?: unknown };
    return schema === SCHEMA;
  } catch {
    return false;
  }
}

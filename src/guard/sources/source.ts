import type { Reading } from "../../system/probe/reading.js";
import type { GuardDoubt } from "../types.js";

/** Readings that are taken together. */
export interface ReadingSource {
  readonly names: readonly string[];
  /** What limits this reading on this system; undefined where nothing does. */
  doubtOf?(name: string): GuardDoubt | undefined;
  /**
   * The largest possible value of a reading, or why it is unknown. A rule above it could never fire. For a limit,
   * this is its present value. Undefined for one of the program's own numbers.
   */
  capacityOf(name: string): Reading | undefined;
  /** Why a reading can never be there: what it is of does not exist on this machine. Undefined where it may come. */
  neverReads?(name: string): string | undefined;
  /** Whether a reading is absent only because its source has not started. */
  awaits?(name: string): boolean;
  /** Takes those of its readings that are wanted. Must not throw. */
  sample(wanted: ReadonlySet<string>, put: (name: string, value: Reading) => void): void;
}

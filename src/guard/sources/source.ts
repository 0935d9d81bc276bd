import type { Reading } from "../../system/probe/reading.js";

/** A group of readings that are taken together. */
export interface ReadingSource {
  readonly names: readonly string[];
  /**
   * The most that a reading can be, or why that is not known; a rule above it could never fire. For a limit, its
   * present value. Undefined for a number of the program's own, which has none.
   */
  capacityOf(name: string): Reading | undefined;
  /** Whether a reading is absent only because what it reads has not begun. */
  awaits?(name: string): boolean;
  /** Takes the wanted ones of its readings. Must not throw. */
  sample(wanted: ReadonlySet<string>, put: (name: string, value: Reading) => void): void;
}

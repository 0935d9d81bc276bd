import type { Reading } from "../../system/probe/reading.js";

/** Readings that are taken together. */
export interface ReadingSource {
  readonly names: readonly string[];
  /**
   * The largest possible value of a reading, or why it is unknown. A rule above it could never fire. For a limit,
   * this is its present value. Undefined for one of the program's own numbers.
   */
  capacityOf(name: string): Reading | undefined;
  /** Whether a reading is absent only because its source has not started. */
  awaits?(name: string): boolean;
  /** Takes those of its readings that are wanted. Must not throw. */
  sample(wanted: ReadonlySet<string>, put: (name: string, value: Reading) => void): void;
}

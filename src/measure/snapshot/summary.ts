import type { Reading } from "../../system/probe/reading.js";

/** What the parser of a snapshot answers; bytes are of the whole population. */
export interface SnapshotSummary {
  /** Set-retained bytes of the population. */
  bytes: number;
  instanceNodes: number;
  duplicates: number;
  /** By class, largest first; sums to `bytes`. */
  classes: { type: string; bytes: number; count: number }[];
  /** By V8 kind, largest first; sums to `bytes`. */
  kinds: { kind: Kind; bytes: number; count: number }[];
  /** Bytes that a change of the code would give back. */
  waste: { name: string; bytes: Reading; count: number; advice: string }[];
}

/** How V8 stores something. */
export type Kind =
  | "strings"
  | "concatenated strings"
  | "sliced strings"
  | "parents of sliced strings"
  | "objects"
  | "array elements"
  | "array slack"
  | "property stores"
  /** Hash tables that hold names and values of the properties of an object without a hidden class of its own. */
  | "property dictionaries"
  | "map and set tables"
  | "closures and contexts"
  | "boxed numbers"
  | "hidden classes"
  | "array buffer data"
  | "code"
  | "other";

import type { Reading } from "../../system/probe/reading.js";

/** What the parser of a snapshot answers; bytes are of the whole population. */
export interface SnapshotSummary {
  bytes: number;
  instanceNodes: number;
  duplicates: number;
  /** By class, largest first; sums to `bytes`. */
  classes: { type: string; bytes: number; count: number }[];
  /** By V8 kind, largest first; sums to `bytes`. */
  kinds: { kind: Kind; bytes: number; count: number }[];
  /** Bytes that a change in the user's code would save. */
  waste: { name: string; bytes: Reading; count: number; advice: string }[];
  /** Bytes of single instances, each with how many have it. */
  sizes?: [bytes: number, count: number][];
  /** What all instances together refer to, that something else holds as well. */
  shared?: { bytes: number; what: string };
  /**
   * What holds the instances, or what they left, beside the measurement: the way from one of them to a name
   * in the program. Only from two snapshots.
   */
  holder?: string[];
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
  /**
   * Hash tables that hold the names and values of the properties of an object which has no hidden class of
   * its own.
   */
  | "property dictionaries"
  | "map and set tables"
  | "closures and contexts"
  | "boxed numbers"
  | "hidden classes"
  | "array buffer data"
  | "code"
  | "other";

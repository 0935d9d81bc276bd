import type { SnapshotSummary } from "../../measure/snapshot/summary.js";
import type { Waste } from "./waste.js";

/** What `bytesper snapshot` answers; `--json` prints it as it is. */
export interface SnapshotAnswer {
  verdict: string;
  files: { path: string; totalBytes: number; objects: number }[];
  /** Of one file, or of the last of several. */
  classes: ClassRow[];
  kinds: SnapshotSummary["kinds"];
  waste: Waste;
  holders: HolderRow[];
  /** Of two files: by class, what came less what went. Of three: what came between the first two and stays. */
  growth?: { name: string; count: number; bytes: number; path?: string }[];
  growthHolders?: HolderRow[];
  oneClass?: OneClass;
  doubts: { name: string; message: string }[];
}

export interface ClassRow {
  name: string;
  count: number;
  shallowBytes: number;
  retainedBytes: number;
  /** Where most of its objects are held; only for the largest classes. */
  path?: string;
}

export interface HolderRow {
  name: string;
  count: number;
  bytes: number;
  /** With the functions, scopes and lists around them that live only for them. */
  groupBytes: number;
  /** `bytes` of all bytes, or of the growth. */
  share: number;
  path: string;
  /** The first function of the user's own on the way, where Node or the browser holds the rest. */
  through?: string;
  /** Share of the looked-at objects that this path holds. */
  pathShare: number;
  /** Whether it is a part of Node, the browser or V8. */
  own: boolean;
  parts: { name: string; count: number; bytes: number }[];
}

export interface OneClass {
  name: string;
  count: number;
  shallowBytes: number;
  retainedBytes: number;
  /** Bytes that single objects retain. */
  sizes: { least: number; median: number; p95: number; largest: number };
  histogram: { fromBytes: number; belowBytes: number; count: number }[];
  heldBy: { path: string; count: number; share: number }[];
}

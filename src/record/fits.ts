import type { Line } from "../base/fitting.js";
import type { EnforcementKind } from "./cell.js";
import type { Reading } from "../system/probe/reading.js";

/** What ends the growth of a population in one process. */
export const WALLS = [
  /** V8's limit on its old generation. */
  "heap",
  /** The limit of the container: the kernel's killer, or what stands in for it. */
  "container",
  /** An allocation outside of V8's heap was refused. */
  "native",
  "descriptors",
  /** A limit of the language or of V8's containers, such as the most entries of a Map. */
  "language",
  /** The subject itself makes no more. */
  "subject",
] as const;

export type WallName = (typeof WALLS)[number];

/** What a plain process takes for its instances. */
export interface ProcessLines {
  /** Live objects in V8's heap, bytes. */
  heap: Line;
  /** Pages that a container's limit counts and that are not V8's heap: malloc, external memory, page tables. */
  beyondHeap: Line;
  /** Open descriptors; absent where they are not counted. */
  descriptors?: Line;
}

export interface PredictedWall {
  wall: WallName;
  /** The largest population that stays below it. */
  fits: number;
}

/** One process of a search, with the evidence of its end. */
export interface FitsRun {
  target: number;
  lives: boolean;
  /** Instances that it had made for certain. */
  reached: number;
  wall?: WallName;
  cause?: string;
  v8Message?: string;
  /** Rounds of replacement that it survived. */
  rounds?: number;
  exitCode: number | null;
  exitSignal: string | null;
  oomKills?: number;
  peakBytes: Reading;
  /** With `lives`, what the process took in the end. */
  residentBytes?: number;
  heapBytes?: number;
  durationMs: number;
}

/** What moves a wall, and what fits then. */
export interface FitsNext {
  change: string;
  measured: boolean;
  lives?: number;
  dies?: number;
  predicted: number;
  wall: WallName;
  runs?: FitsRun[];
}

/** How many instances one process holds in a container. */
export interface Fits {
  schema: "bytesper/fits@1";
  subject: string;
  memoryBytes: number;
  nodeVersion: string;
  nodeOptions: string[];
  enforcement: EnforcementKind;
  enforcementText: string;
  heapLimitBytes: number;
  oldSpaceBytes: number;
  /** Whether real processes were tried; if not, `reason` says why and only `predicted` is there. */
  measured: boolean;
  reason?: string;
  lives?: number;
  dies?: number;
  /** `lives` less the safety that was asked for. */
  safe?: number;
  wall: WallName;
  /** By the lines of a plain process. */
  predicted: number;
  predictedWall: WallName;
  /** The prediction over the middle of the pair, minus 1. */
  predictedRelativeError?: number;
  walls: PredictedWall[];
  lines: ProcessLines;
  runs: FitsRun[];
  next: FitsNext[];
  durationMs: number;
  doubts: string[];
}

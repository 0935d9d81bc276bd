/** The figures that a report may state, in bytes. */
export const FIGURES = [
  "requestedBytes",
  "totalBytes",
  "freeBytes",
  "processInUseBytes",
  "allocatedBytes",
  "reservedBytes",
] as const;
export type FigureName = (typeof FIGURES)[number];

/**
 * Which processes `processInUseBytes` counts. `killed_rss_sum` is the sum of what the kernel's OOM killer
 * printed.
 */
export type ProcessScope = "this" | "single_named" | "killed_rss_sum";

/**
 * What `reservedBytes` counts. `total` includes allocated bytes (PyTorch 1.4 to 2.0); `unallocated` (2.1 and
 * later) and `cached_unused` (1.0 to 1.3) do not.
 */
export type ReservedKind = "total" | "unallocated" | "cached_unused" | "v8_committed" | "allocator_stat";

/** Both ends belong to the range. */
export type Range = [low: number, high: number];

/** What a text says beyond the figures of all reports. A key exists only if the text says it. */
export interface Details {
  /** The process that was killed or refused. */
  pid?: number;
  processName?: string;
  /** Processes on the card that PyTorch names. */
  namedProcesses?: { pid: number | null; bytes: number }[];
  /** Bytes that PyTorch holds in pools of CUDA graphs. */
  privatePoolBytes?: number;
  /** Bytes that are allocated, or freed while a stream may still use them. */
  activeBytes?: number;
  /** What a pool of fixed size had left. */
  availableBytes?: number;
  /** The most that the allocator may take, if that is less than the card. */
  allowedBytes?: number;
  /** Bytes of the card that are held outside the allocator (MPS). */
  otherAllocationsBytes?: number;
  /** A limit from the user or a group: CuPy's pool, the JVM's direct memory, a control group. */
  limitBytes?: number;
  /** CuPy before 7: what would be allocated if the request were granted. */
  poolTotalBytes?: number;
  /** XLA on a TPU: bytes that the whole program needs. */
  programBytes?: number;
  /** The tensor or array that was asked for. */
  tensorShape?: number[];
  tensorDtype?: string;
  /** Bytes of that tensor, computed from its shape; the text gives no size. */
  derivedRequestedBytes?: number;
  /** Tokens that a key/value cache was to hold, tokens that it holds, and what the server says would fit. */
  neededTokens?: number;
  cacheTokens?: number;
  estimatedMaxTokens?: number;
  /** The framework's own words for the memory that ran out. */
  reason?: string;
  /** True if main memory was requested, for a framework whose reports are mostly about cards. */
  onHost?: boolean;
  /** The text itself says that nothing failed. */
  warningOnly?: boolean;
  /** Address space of the killed process; no memory in use. */
  totalVmBytes?: number;
  /** Collections of V8 that the log shows before the end. */
  gcLines?: number;
  /** What the process would have used with the request granted. */
  wantedBytes?: number;
  /** What was killed or refused, as the text names it. */
  pod?: string;
  container?: string;
  node?: string;
  step?: string;
  task?: string;
  unit?: string;
  controlGroup?: string;
  /** The exit code that the text states. */
  exitCode?: number;
  /** How many processes, events or tries a text counts. */
  count?: number;
  /** What the program was doing, from the lines of the traceback. */
  phase?: "training" | "inference" | "start";
  /** True if an allocator asked for its whole pool at once, not for one tensor. */
  arena?: boolean;
  /** Tries of one allocation that were joined into this report, and what the last of them asked for. */
  tries?: number;
  leastBytes?: number;
  /** A setting for a share of memory, as the text states it. */
  fraction?: string;
  /** The program that runs the framework, whose settings are the ones to change. */
  runner?: string;
  /** Memory of the card that is given or named in the log; the report states none. */
  cardBytes?: number;
}

/** `likely`: the text only hints at memory, as a signal 9 does. */
export type Certainty = "certain" | "likely";

/** One report; null where the text does not say. */
export interface OomRecord {
  /** Number of the report's first line, from 1. */
  line: number;
  framework: string;
  requestedBytes: number | null;
  gpuIndex: number | null;
  totalBytes: number | null;
  freeBytes: number | null;
  processInUseBytes: number | null;
  processScope: ProcessScope | null;
  allocatedBytes: number | null;
  reservedBytes: number | null;
  reservedKind: ReservedKind | null;
  /** Bytes that the printed digits allow: "2.10 GiB" means 2.095 to 2.105 GiB. */
  ranges: Record<string, Range>;
  /** Position of each figure in the (unpacked) log: byte offsets, end exclusive. */
  textRanges: Record<string, Range>;
  details: Details;
}

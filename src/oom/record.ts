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

/** Whose memory `processInUseBytes` counts; `killed_rss_sum` adds up what the kernel's killer printed. */
export type ProcessScope = "this" | "single_named" | "killed_rss_sum";

/**
 * What `reservedBytes` counts: `total` includes what is allocated (PyTorch 1.4 to 2.0), `unallocated` comes on
 * top of it (2.1 and later), `cached_unused` likewise (1.0 to 1.3).
 */
export type ReservedKind = "total" | "unallocated" | "cached_unused" | "v8_committed" | "allocator_stat";

/** Both ends belong to it. */
export type Range = [low: number, high: number];

/** What a text says beyond the figures that all reports share; a key is there only where the text says it. */
export interface Details {
  pid?: number;
  processName?: string;
  namedProcesses?: { pid: number | null; bytes: number }[];
  privatePoolBytes?: number;
  /** Allocated, or freed while a stream may still use it. */
  activeBytes?: number;
  availableBytes?: number;
  /** The most that the allocator may take, where that is not the whole card. */
  allowedBytes?: number;
  otherAllocationsBytes?: number;
  /** A limit set by the user or by a group: CuPy's pool, the JVM's direct memory, a control group. */
  limitBytes?: number;
  /** CuPy before 7: what would be allocated if the request were granted. */
  poolTotalBytes?: number;
  /** XLA on a TPU: what the whole program needs. */
  programBytes?: number;
  tensorShape?: number[];
  tensorDtype?: string;
  /** Bytes of that tensor; the text itself states no size. */
  derivedRequestedBytes?: number;
  neededTokens?: number;
  cacheTokens?: number;
  estimatedMaxTokens?: number;
  /** The framework's own words for what ran out. */
  reason?: string;
  /** Main memory was asked for, by a framework whose reports are mostly about cards. */
  onHost?: boolean;
  /** The text says of itself that nothing failed. */
  warningOnly?: boolean;
  totalVmBytes?: number;
  gcLines?: number;
}

/** One report as read; null where the text does not say. */
export interface OomRecord {
  /** Of the report's first line, from 1. */
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
  /** The bytes that the printed digits allow: "2.10 GiB" is 2.095 to 2.105 GiB. */
  ranges: Record<string, Range>;
  /** Where in the (unpacked) log each figure stands: byte offsets, the end exclusive. */
  textRanges: Record<string, Range>;
  details: Details;
}

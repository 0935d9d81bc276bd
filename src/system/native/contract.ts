import type { Absent, Reading } from "../probe/reading.js";

/**
 * Every export of the addon. `native/addon.cc` has the same list, and `ADDON_EXPORTS` gives it at run time. A
 * counter that the system lacks is absent with a reason. Nothing here throws for a missing driver or file.
 */
export interface NativeAddon {
  /** Kernel counters of this process from `/proc/self/status`, in bytes. */
  processStatus(): ProcessStatus | Absent;
  /** Sets `VmHWM` to the present `VmRSS` (writes 5 to `/proc/self/clear_refs`). */
  resetVmHwm(): true | Absent;
  /** Sums over all mappings of this process from `/proc/self/smaps_rollup`, in bytes; costs about 1 ms per GiB mapped. */
  smapsRollup(): SmapsRollup | Absent;
  /** Page faults of this process since its start (`getrusage`). */
  pageFaults(): PageFaults | Absent;
  /**
   * Takes the exclusive lock of an open file without waiting; false if another process has it. The lock ends
   * when the descriptor is closed, also by the end of the process.
   */
  lockFile(fd: number): boolean | Absent;
  /** glibc's `mallinfo2`, in bytes, summed over all arenas. Absent if another allocator replaces malloc. */
  mallocInfo(): MallocInfo | Absent;
  /**
   * Calibrates the counter: allocates and frees a block with malloc and returns the change of
   * `mallocInfo().inUseBytes`. Throws a `TypeError` for a value that is not a number, and a `RangeError`
   * unless it is a whole number of bytes from 1 to 1 GiB. Freeing a block of up to 32 MiB raises the size
   * from which malloc maps single blocks, so that the next block of that size is counted in an arena.
   */
  mallocSelfTest(bytes: number): Reading;
  /** glibc's `malloc_trim`: whole pages that malloc has free go back to the system. Nothing that is in use moves. */
  mallocTrim(): true | Absent;
  /** NVIDIA devices through `libnvidia-ml.so.1`, or why there are none. */
  nvmlDevices(): NvmlReport | Absent;
  /** NVIDIA devices through `libcuda.so.1`, or why there are none. */
  cudaDevices(): CudaReport | Absent;
  /**
   * Creates a pool of host memory or, with `device`, of that CUDA device. The device's kernels are in the fat
   * binary `kernelsFile`. Throws a `TypeError` for arguments of a wrong type, and an `Error` with the reason
   * if the device cannot be used.
   */
  createPool(capBytes: number, threads: number, device?: number, kernelsFile?: string): NativeMemoryPool;
  /**
   * Runs attention on another thread, with all memory from the pool. Resets the pool's high-water marks.
   * Arrays are copied before the call returns; null means random normal numbers from the seed. Throws a
   * `TypeError` for shapes and arrays that do not match.
   */
  attention(
    pool: NativeMemoryPool,
    options: NativeAttentionOptions,
    queries: Float32Array | Uint16Array | null,
    keys: Float32Array | Uint16Array | null,
    values: Float32Array | Uint16Array | null,
  ): Promise<NativeAttentionResult | PoolFailure>;
  /**
   * What the device of a pool is, and the flash kernels that it can run, the fastest of each kind first. Loads the
   * kernels on this thread, which may take seconds.
   */
  cudaKernels(pool: NativeMemoryPool): CudaKernels | Absent;
  /**
   * Attention of one new token a sequence over caches in blocks of the pool, on another thread. Resets the pool's
   * high-water marks. Throws a TypeError for shapes and blocks that do not fit together. A block that is released while
   * it is read lives until the end of the call.
   */
  decode(
    pool: NativeMemoryPool,
    options: NativeDecodeOptions,
    memory: NativeDecodeMemory,
  ): Promise<NativeDecodeResult | PoolFailure>;
  /** Fills a block with normal numbers of a type; the numbers may repeat. The answer is of no meaning. */
  fillBlock(
    pool: NativeMemoryPool,
    handle: number,
    type: string,
    seed: number,
    threads: number,
  ): Promise<number | PoolFailure>;
  /** Copies bytes into a block, from `offset` on. The answer is of no meaning. */
  writeBlock(
    pool: NativeMemoryPool,
    handle: number,
    offset: number,
    bytes: Uint8Array,
  ): Promise<number | PoolFailure>;
  /** Milliseconds of one read of a block from end to end, where the pool is. */
  readBlock(
    pool: NativeMemoryPool,
    handle: number,
    threads: number,
    instructionSet: string,
  ): Promise<number | PoolFailure>;
  /** Instruction sets of this processor that the host kernels support, the widest first. */
  cpuInstructionSets(): string[];
}

/** Bytes of one pool, now and at the highest since the last reset. */
export interface PoolStats {
  usedBytes: number;
  usedHighWaterBytes: number;
  reservedBytes: number;
  reservedHighWaterBytes: number;
}

/** Why a pool or a device refused a request. The pool is unchanged. */
export interface PoolFailure {
  /** `no-kernel`: the device has none for this, or those it has were passed over. */
  failure: "oom-device" | "no-kernel" | "device";
  reason: string;
  requestedBytes: number;
  usedBytes: number;
  reservedBytes: number;
  /** Absent for a pool without a cap. */
  capBytes?: number;
}

export interface NativeMemoryPool {
  /** Takes one block of each size, all or none. Returns their handles. */
  allocate(sizes: readonly number[]): Promise<number[] | PoolFailure>;
  /** Returns blocks to the pool. The result is false if a handle is unknown. */
  release(handles: readonly number[]): Promise<boolean>;
  stats(): PoolStats | Absent;
  resetHighWater(): true | Absent;
  /** Returns unused memory to the system until at most this many bytes are reserved. */
  trim(keepBytes: number): Promise<true | Absent>;
  /**
   * When a block is released, unused memory above this many reserved bytes goes back to the system. Initially
   * 0.
   */
  setReleaseThreshold(bytes: number): Promise<true | Absent>;
  /** Bytes of the device that all processes use, as the driver counts them; absent for the host. */
  deviceUsedBytes(): Reading;
  /** Frees everything. Every later call throws. */
  close(): Promise<void>;
}

export interface NativeAttentionOptions {
  batch: number;
  heads: number;
  kvHeads: number;
  tokens: number;
  headDim: number;
  causal: boolean;
  scale: number;
  dtype: string;
  scoreDtype: string;
  kernel: string;
  threads: number;
  /**
   * On the host: a name of `cpuInstructionSets`; empty means the widest. On a CUDA device: `cuda` for all kernels, where
   * each was compared with double precision, `cuda without NAME...`, or `only NAME`; empty means those of sm_80 and
   * older.
   */
  instructionSet: string;
  seed: number;
  /** Whether the output is copied back. */
  output: boolean;
  /** Takes all memory and computes nothing. */
  allocateOnly: boolean;
}

export interface NativeAttentionResult {
  /** Time of the kernel only, without allocation and copies. */
  durationMs: number;
  usedHighWaterBytes: number;
  reservedHighWaterBytes: number;
  /** Bytes of queries, keys, values and output. */
  inputOutputBytes: number;
  /** Name of the code that ran, such as "avx2". */
  code: string;
  output?: ArrayBuffer;
}

export interface NativeDecodeOptions {
  layers: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  /** Whether tokens lie in pages that a table names; else a slab is one page of one sequence. */
  paged: boolean;
  pageTokens: number;
  pagesInSlab: number;
  scale: number;
  dtype: string;
  cache: string;
  /** In double precision, on the host alone. */
  reference: boolean;
  threads: number;
  /** Empty means the widest one. */
  instructionSet: string;
  seed: number;
  output: boolean;
}

/** Where the caches lie. A slab is [layers, 2 (keys, values), pagesInSlab, kvHeads, pageTokens, headDim]. */
export interface NativeDecodeMemory {
  /** Tokens of each sequence. */
  lengths: Int32Array;
  /** [sequences, width] pages; page p is page p % pagesInSlab of slab p / pagesInSlab. Ignored if not paged. */
  table: Int32Array | null;
  /** Handles. */
  slabs: readonly number[];
  /** Handles, one a sequence: fp32 [layers, 2, kvHeads]. Empty: numbers of the cache are taken as they are. */
  scales: readonly number[];
  /** Bits of [layers, sequences, heads, headDim]; null: from the seed. */
  queries: Uint16Array | null;
}

export interface NativeDecodeResult {
  /** Time of the kernels of all layers, without allocation and copies. */
  durationMs: number;
  usedHighWaterBytes: number;
  reservedHighWaterBytes: number;
  /** Bytes of keys and values that were read. */
  readBytes: number;
  /** In how many parts each sequence was cut. */
  parts: number;
  code: string;
  output?: ArrayBuffer;
}

/** The keys of `NativeAddon`. The compiler reports a missing or unknown name. */
export const ADDON_EXPORTS = Object.keys({
  processStatus: true,
  resetVmHwm: true,
  smapsRollup: true,
  pageFaults: true,
  lockFile: true,
  mallocInfo: true,
  mallocSelfTest: true,
  mallocTrim: true,
  nvmlDevices: true,
  cudaDevices: true,
  createPool: true,
  attention: true,
  cudaKernels: true,
  decode: true,
  fillBlock: true,
  writeBlock: true,
  readBlock: true,
  cpuInstructionSets: true,
} satisfies Record<keyof NativeAddon, true>) as readonly (keyof NativeAddon)[];

export interface ProcessStatus {
  vmRssBytes: Reading;
  vmHwmBytes: Reading;
}

export interface SmapsRollup {
  rssBytes: Reading;
  pssBytes: Reading;
  pssAnonBytes: Reading;
  pssFileBytes: Reading;
  pssShmemBytes: Reading;
  /** Private_Clean + Private_Dirty: the unique set size. */
  ussBytes: Reading;
  swapBytes: Reading;
}

export interface PageFaults {
  minorFaults: number;
  majorFaults: number;
}

export interface MallocInfo {
  /** uordblks + hblkhd */
  inUseBytes: number;
  /** uordblks: chunks in use inside arenas. Freed chunks in a thread's tcache still count. */
  uordblksBytes: number;
  /** hblkhd: blocks that malloc mapped one by one. */
  hblkhdBytes: number;
  /** fordblks: free chunks inside arenas. */
  fordblksBytes: number;
  /** arena: bytes that the arenas got from the system. */
  arenaBytes: number;
}

export interface NvmlReport {
  driverVersion: string | Absent;
  devices: NvmlDevice[];
}

export interface NvmlDevice {
  index: number;
  name: string | Absent;
  uuid: string | Absent;
  totalBytes: Reading;
  usedBytes: Reading;
  freeBytes: Reading;
  /** Memory that the driver reserves; absent if only the first version of the memory query exists. */
  reservedBytes: Reading;
  /** Whether `usedBytes` includes `reservedBytes`. It is computed: total = used + free (+ reserved). */
  usedIncludesReserved: boolean | Absent;
  processes: NvmlProcess[] | Absent;
  /**
   * Bytes of this process on the device; absent if NVML does not list it or reports pids of another
   * namespace.
   */
  ownUsedBytes: Reading;
  /** The instances of a device that is partitioned (MIG), each with its own counts; left out where it is not. */
  migDevices?: Omit<NvmlDevice, "migDevices">[] | Absent;
}

export interface NvmlProcess {
  /**
   * With most drivers, a pid of the host's namespace. Inside a container that differs from the container's
   * pid.
   */
  pid: number;
  usedBytes: Reading;
}

export interface CudaReport {
  driverVersion: string | Absent;
  devices: CudaDevice[];
}

/** The device of a pool. Flash kernels that BYTESPER_FLASH leaves out are not listed. */
export interface CudaKernels {
  /** Such as "9.0". */
  computeCapability: string;
  processors: number;
  flashKernels: FlashKernel[];
  decodeKernels: DecodeKernel[];
}

/** A kernel for the attention of one new token over a cache. */
export interface DecodeKernel {
  name: string;
  /** Of queries and output. */
  dtype: "fp16" | "bf16";
  cache: "fp16" | "bf16" | "fp8";
  headDim: number;
}

export interface FlashKernel {
  name: string;
  family: "sm90" | "sm80" | "portable";
  dtype: string;
  headDim: number;
  causal: boolean;
}

export interface CudaDevice {
  index: number;
  name: string | Absent;
  /** Without a prefix. */
  uuid: string | Absent;
  totalBytes: Reading;
  /**
   * From `cuMemGetInfo`. Absent unless a context is current, because creating one would itself take memory.
   */
  freeBytes: Reading;
}

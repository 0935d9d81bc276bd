import type { Absent, Reading } from "../probe/reading.js";

/**
 * Every export of the addon, in one screen; `native/addon.cc` mirrors it, and `ADDON_EXPORTS` lists it at run time.
 * Counters that a system lacks are absent with a reason; nothing here throws for a missing driver or file.
 */
export interface NativeAddon {
  /** Kernel counters of this process from `/proc/self/status`, in bytes. */
  processStatus(): ProcessStatus | Absent;
  /** Resets `VmHWM` to the present `VmRSS` (writes 5 to `/proc/self/clear_refs`). */
  resetVmHwm(): true | Absent;
  /** Sums over all mappings of this process from `/proc/self/smaps_rollup`, in bytes; costs about 1 ms per GiB mapped. */
  smapsRollup(): SmapsRollup | Absent;
  /** Page faults of this process since its start (`getrusage`). */
  pageFaults(): PageFaults | Absent;
  /** glibc's `mallinfo2`, in bytes, summed over all arenas; absent where another allocator has taken the place of malloc. */
  /**
   * Takes the exclusive lock of an open file without waiting: false where another process has it. It lasts until the
   * descriptor is closed, by the end of the process as well.
   */
  lockFile(fd: number): boolean | Absent;
  mallocInfo(): MallocInfo | Absent;
  /**
   * Allocates and frees a block with malloc and returns the change of `mallocInfo().inUseBytes` it made: calibration
   * of the counter. Throws a `TypeError` for anything but a number, and a `RangeError` for anything but a whole number
   * of bytes from 1 to 1 GiB. To free a block of up to 32 MiB raises the size from which malloc maps blocks one by
   * one, so that the next of the same size is counted in an arena.
   */
  mallocSelfTest(bytes: number): Reading;
  /** NVIDIA devices through `libnvidia-ml.so.1`, or why there are none. */
  nvmlDevices(): NvmlReport | Absent;
  /** NVIDIA devices through `libcuda.so.1`, or why there are none. */
  cudaDevices(): CudaReport | Absent;
  /**
   * A pool of the host's memory, or with `device` of that CUDA device, whose kernels are in the fat binary
   * `kernelsFile`. Throws a `TypeError` for arguments of another kind, and an `Error` with the reason where the
   * device cannot be used.
   */
  createPool(capBytes: number, threads: number, device?: number, kernelsFile?: string): NativeMemoryPool;
  /**
   * Runs attention on a thread of its own with all memory from the pool, whose high-water marks it resets. Arrays
   * are copied before the call returns; null stands for normal numbers from the seed. Throws a `TypeError` for
   * shapes and arrays that do not fit.
   */
  attention(
    pool: NativeMemoryPool,
    options: NativeAttentionOptions,
    queries: Float32Array | Uint16Array | null,
    keys: Float32Array | Uint16Array | null,
    values: Float32Array | Uint16Array | null,
  ): Promise<NativeAttentionResult | PoolFailure>;
  /** Instruction sets of this processor that the host kernels have code for, the widest first. */
  cpuInstructionSets(): string[];
}

/** Bytes of one pool, now and at most since the last reset. */
export interface PoolStats {
  usedBytes: number;
  usedHighWaterBytes: number;
  reservedBytes: number;
  reservedHighWaterBytes: number;
}

/** Why a pool or a device did not give what was asked for; the pool is as it was before. */
export interface PoolFailure {
  failure: "oom-device" | "device";
  reason: string;
  requestedBytes: number;
  usedBytes: number;
  reservedBytes: number;
  /** Absent for a pool without a cap. */
  capBytes?: number;
}

export interface NativeMemoryPool {
  /** Takes a block of each size, all or none; answers their handles. */
  allocate(sizes: readonly number[]): Promise<number[] | PoolFailure>;
  /** Gives blocks back; answers whether all handles were known. */
  release(handles: readonly number[]): Promise<boolean>;
  stats(): PoolStats | Absent;
  resetHighWater(): true | Absent;
  /** Returns unused memory to the system until at most this many bytes are reserved. */
  trim(keepBytes: number): Promise<true | Absent>;
  /** Unused memory beyond this many reserved bytes goes back when a block does; 0 at first. */
  setReleaseThreshold(bytes: number): Promise<true | Absent>;
  /** Bytes of the device that all processes use, by the driver's count; absent for the host. */
  deviceUsedBytes(): Reading;
  /** Gives everything back; every later call throws. */
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
  /** Empty for the widest. */
  instructionSet: string;
  seed: number;
  /** Whether the output is copied back. */
  output: boolean;
  /** Takes all the memory and computes nothing. */
  allocateOnly: boolean;
}

export interface NativeAttentionResult {
  /** Time of the kernel alone, without allocation and copies. */
  durationMs: number;
  usedHighWaterBytes: number;
  reservedHighWaterBytes: number;
  /** What queries, keys, values and output take. */
  inputOutputBytes: number;
  /** Which code ran, such as "avx2". */
  code: string;
  output?: ArrayBuffer;
}

/** The keys of `NativeAddon`: the compiler refuses a list that lacks one or names another. */
export const ADDON_EXPORTS = Object.keys({
  processStatus: true,
  resetVmHwm: true,
  smapsRollup: true,
  pageFaults: true,
  lockFile: true,
  mallocInfo: true,
  mallocSelfTest: true,
  nvmlDevices: true,
  cudaDevices: true,
  createPool: true,
  attention: true,
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
  /** uordblks: chunks in use within arenas; freed chunks held in a thread's tcache still count. */
  uordblksBytes: number;
  /** hblkhd: blocks mapped one by one. */
  hblkhdBytes: number;
  /** fordblks: free chunks within arenas. */
  fordblksBytes: number;
  /** arena: bytes that the arenas took from the system. */
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
  /** Driver reserve; absent where only the first version of the memory query exists. */
  reservedBytes: Reading;
  /** Whether `usedBytes` contains `reservedBytes`, found from total = used + free (+ reserved). */
  usedIncludesReserved: boolean | Absent;
  processes: NvmlProcess[] | Absent;
  /** This process's own bytes on the device; absent where it is not listed or NVML reports PIDs of another namespace. */
  ownUsedBytes: Reading;
}

export interface NvmlProcess {
  /** With most drivers a PID of the host's namespace, which inside a container is not the container's. */
  pid: number;
  usedBytes: Reading;
}

export interface CudaReport {
  driverVersion: string | Absent;
  devices: CudaDevice[];
}

export interface CudaDevice {
  index: number;
  name: string | Absent;
  totalBytes: Reading;
  /** From `cuMemGetInfo`; absent unless a context is current, because making one would cost memory itself. */
  freeBytes: Reading;
}

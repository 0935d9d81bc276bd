import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { BytesperError } from "../base/errors.js";
import type { NativeMemoryPool, PoolFailure, PoolStats } from "../system/native/contract.js";
import { loadAddon } from "../system/native/load.js";
import { isAbsent } from "../system/probe/reading.js";
import { bytesWithBinaryUnit } from "../base/format.js";

/**
 * The CUDA kernels, which `npm run kernels` builds. This file lies two folders below the root of the package.
 */
export const KERNELS_FILE =
  process.env.BYTESPER_KERNELS ??
  fileURLToPath(new URL("../../build/kernels/attention.fatbin", import.meta.url));

export interface MemoryPoolOptions {
  /** "cpu", or "cuda:N" for an NVIDIA device; the default is "cpu". */
  device?: string;
  /** The most bytes that the pool may reserve; the default is no limit. */
  capBytes?: number;
}

/** A request that a pool could not fulfil; the outcome of the cell is `oom-device`. */
export class OutOfDeviceMemory extends BytesperError {
  readonly requestedBytes: number;
  readonly usedBytes: number;
  readonly reservedBytes: number;
  readonly capBytes: number | undefined;

  constructor(failure: PoolFailure) {
    const { reason, requestedBytes, usedBytes, reservedBytes, capBytes } = failure;
    const cap = capBytes === undefined ? "no cap" : `a cap of ${bytesWithBinaryUnit(capBytes)}`;
    super(
      "OUT_OF_DEVICE_MEMORY",
      `The pool could not give ${bytesWithBinaryUnit(requestedBytes)}: ${reason} (${bytesWithBinaryUnit(usedBytes)} used, ${bytesWithBinaryUnit(reservedBytes)} reserved, ${cap}).`,
    );
    this.requestedBytes = requestedBytes;
    this.usedBytes = usedBytes;
    this.reservedBytes = reservedBytes;
    this.capBytes = capBytes;
  }
}

/**
 * Memory of one device. It counts bytes used (allocated and not yet released) and bytes reserved (taken from
 * the system), each with its current value and its maximum. Blocks are resident: a pool on the host touches
 * their pages.
 */
export class MemoryPool {
  /** The addon's object, for the calls of `attention`. */
  readonly native: NativeMemoryPool;
  readonly capBytes: number | undefined;

  readonly device: string;

  /** Throws `NO_ADDON`, `NO_DRIVER` or `NO_DEVICE`, and `USAGE` for an invalid cap. */
  constructor({ capBytes, device = "cpu" }: MemoryPoolOptions = {}) {
    if (capBytes !== undefined && !(Number.isSafeInteger(capBytes) && capBytes >= 0)) {
      throw new BytesperError("USAGE", `The cap of a pool must be a whole number of bytes, not ${capBytes}.`);
    }
    this.capBytes = capBytes;
    this.device = device;
    const cap = capBytes ?? Number.POSITIVE_INFINITY;
    this.native =
      device === "cpu" ? loadAddon().createPool(cap, availableParallelism()) : cudaPool(cap, device);
  }

  /**
   * Allocates one block for each size in bytes, all or none, and returns their handles. Throws
   * `OutOfDeviceMemory`.
   */
  async allocate(sizes: readonly number[]): Promise<number[]> {
    const wrong = sizes.findIndex((size) => !(Number.isSafeInteger(size) && size >= 1));
    if (wrong !== -1) {
      throw new BytesperError(
        "USAGE",
        `The size of a block must be a whole number of bytes from 1, not ${String(sizes[wrong])}.`,
      );
    }
    const answer = await this.native.allocate(sizes);
    if (!Array.isArray(answer)) throw errorOf(answer);
    return answer;
  }

  async release(handles: readonly number[]): Promise<void> {
    if (await this.native.release(handles)) return;
    throw new BytesperError("USAGE", "A handle is not of this pool, or its block was given back before.");
  }

  /** Throws `DEVICE_FAILED` if the device gives no numbers. */
  stats(): PoolStats {
    const stats = this.native.stats();
    if (isAbsent(stats))
      throw new BytesperError("DEVICE_FAILED", `The pool cannot be read: ${stats.absent}.`);
    return stats;
  }

  resetHighWater(): void {
    const done = this.native.resetHighWater();
    if (done !== true) throw new BytesperError("DEVICE_FAILED", `The marks cannot be reset: ${done.absent}.`);
  }

  /** Returns unused memory to the system until at most `keepBytes` are reserved. */
  async trim(keepBytes = 0): Promise<void> {
    const done = await this.native.trim(keepBytes);
    if (done !== true)
      throw new BytesperError("DEVICE_FAILED", `The pool cannot be trimmed: ${done.absent}.`);
  }

  /** Bytes that may stay reserved after blocks are released; 0 at first, as on a device. */
  async setReleaseThreshold(bytes: number): Promise<void> {
    const done = await this.native.setReleaseThreshold(bytes);
    if (done !== true)
      throw new BytesperError("DEVICE_FAILED", `The release threshold cannot be set: ${done.absent}.`);
  }

  /** Gives all memory back. The pool cannot be used afterwards. */
  close(): Promise<void> {
    return this.native.close();
  }
}

function cudaPool(capBytes: number, device: string): NativeMemoryPool {
  const index = /^cuda:(\d+)$/.exec(device)?.[1];
  if (index === undefined)
    throw new BytesperError("USAGE", `"${device}" is not a device of a pool; give cpu or cuda:N.`);
  try {
    return loadAddon().createPool(capBytes, availableParallelism(), Number(index), KERNELS_FILE);
  } catch (error) {
    if (!(error instanceof Error) || error instanceof TypeError) throw error;
    const code = error.message.startsWith("no NVIDIA driver") ? "NO_DRIVER" : "NO_DEVICE";
    throw new BytesperError(code, `${device} cannot be used: ${error.message}.`, { cause: error });
  }
}

export function errorOf(failure: PoolFailure): BytesperError {
  if (failure.failure === "oom-device") return new OutOfDeviceMemory(failure);
  if (failure.failure === "no-kernel")
    return new BytesperError("NO_KERNEL", `The device cannot compute this: ${failure.reason}.`);
  return new BytesperError("DEVICE_FAILED", `The device failed: ${failure.reason}.`);
}

import { smapsRollup } from "../system/probe/kernel.js";
import type { Reading } from "../system/probe/reading.js";
import { change, isAbsent } from "../system/probe/reading.js";
import { MemoryPool } from "./memory-pool.js";

/** A count of a device's memory that comes from the kernel or the driver, not from a pool. */
export interface DeviceBytes {
  /** Bytes in use; only differences of them mean something. */
  bytes: Reading;
  /** Name of the counter. */
  source: string;
}

/** Empty pools, used to ask the driver. They keep the context of the device alive as long as the process. */
const idle = new Map<string, MemoryPool>();

/**
 * Bytes in use on the device: for the CPU the PSS of this process, for a GPU the driver's total minus free.
 */
export function deviceBytes(device: string): DeviceBytes {
  if (device === "cpu") {
    const rollup = smapsRollup();
    return { bytes: isAbsent(rollup) ? rollup : rollup.pssBytes, source: "PSS of the process" };
  }
  const pool = idle.get(device) ?? new MemoryPool({ device });
  idle.set(device, pool);
  return { bytes: pool.native.deviceUsedBytes(), source: "memory of the device in use, by the driver" };
}

export function deviceChange(before: DeviceBytes, after: DeviceBytes): Reading {
  return change(before.bytes, after.bytes);
}

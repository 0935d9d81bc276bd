import { smapsRollup } from "../system/probe/kernel.js";
import type { Reading } from "../system/probe/reading.js";
import { change, isAbsent } from "../system/probe/reading.js";
import { MemoryPool } from "./memory-pool.js";

/** A count of a device's memory that does not come from a pool: the kernel's or the driver's. */
export interface DeviceBytes {
  /** Bytes in use, for differences. */
  bytes: Reading;
  /** The counter. */
  source: string;
}

/** Pools that hold nothing; through them the driver is asked. They keep the device's context for the process. */
const idle = new Map<string, MemoryPool>();

/** What is in use on the device: PSS of this process for the CPU, the driver's total less free for a GPU. */
export function deviceBytes(device: string): DeviceBytes {
  if (device === "cpu") {
    const rollup = smapsRollup();
    return { bytes: isAbsent(rollup) ? rollup : rollup.pssBytes, source: "PSS of the process" };
  }
  const pool = idle.get(device) ?? new MemoryPool({ device });
  idle.set(device, pool);
  return { bytes: pool.native.deviceUsedBytes(), source: "memory of the device in use, by the driver" };
}

/** The change between two such counts, bytes. */
export function deviceChange(before: DeviceBytes, after: DeviceBytes): Reading {
  return change(before.bytes, after.bytes);
}

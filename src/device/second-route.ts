import { smapsRollup } from "../probe/kernel.js";
import type { Reading } from "../probe/reading.js";
import { absent, change, isAbsent } from "../probe/reading.js";

/** A count of a device's memory that does not come from a pool: the kernel's for the host. */
export interface DeviceBytes {
  /** Bytes in use, for differences. */
  bytes: Reading;
  /** The counter. */
  source: string;
}

/** What the kernel or the driver says is in use on the device: PSS of this process for the CPU. */
export function deviceBytes(device: string): DeviceBytes {
  if (device !== "cpu") return { bytes: absent(`there is no second counter for ${device}`), source: "none" };
  const rollup = smapsRollup();
  return { bytes: isAbsent(rollup) ? rollup : rollup.pssBytes, source: "PSS of the process" };
}

/** The change between two such counts, bytes. */
export function deviceChange(before: DeviceBytes, after: DeviceBytes): Reading {
  return change(before.bytes, after.bytes);
}

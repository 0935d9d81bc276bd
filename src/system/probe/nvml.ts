import type { NvmlDevice, NvmlReport } from "../native/contract.js";
import { tryLoadAddon } from "../native/load.js";
import type { Absent, Reading } from "./reading.js";
import { absent, isAbsent } from "./reading.js";

/** NVIDIA devices as NVML sees them, or why there are none. */
export function nvmlDevices(): NvmlReport | Absent {
  const addon = tryLoadAddon();
  if (isAbsent(addon)) return addon;
  const report = addon.nvmlDevices();
  return isAbsent(report) ? report : { ...report, devices: report.devices.map(believable) };
}

/**
 * A device without the numbers that cannot be: drivers give all ones for what they do not know, and some give more
 * memory in use than there is. A rule that ends a program must not believe them.
 */
export function believable(device: NvmlDevice): NvmlDevice {
  const { migDevices } = device;
  const instances = migDevices === undefined || isAbsent(migDevices) ? migDevices : migDevices.map(inBounds);
  return { ...inBounds(device), ...(instances === undefined ? {} : { migDevices: instances }) };
}

function inBounds<Part extends Omit<NvmlDevice, "index" | "migDevices">>(device: Part): Part {
  const totalBytes = ofSize(device.totalBytes, Number.MAX_SAFE_INTEGER);
  const most = isAbsent(totalBytes) ? Number.MAX_SAFE_INTEGER : totalBytes;
  return {
    ...device,
    totalBytes: totalBytes === 0 ? absent("the driver says that the device has 0 bytes") : totalBytes,
    usedBytes: ofSize(device.usedBytes, most),
    freeBytes: ofSize(device.freeBytes, most),
    reservedBytes: ofSize(device.reservedBytes, most),
    ownUsedBytes: ofSize(device.ownUsedBytes, most),
    processes: isAbsent(device.processes)
      ? device.processes
      : device.processes.map(({ pid, usedBytes }) => ({ pid, usedBytes: ofSize(usedBytes, most) })),
  };
}

function ofSize(reading: Reading, most: number): Reading {
  if (isAbsent(reading) || (reading >= 0 && reading <= most)) return reading;
  return absent(
    most === Number.MAX_SAFE_INTEGER
      ? `the driver says ${reading} bytes, which cannot be`
      : `the driver says ${reading} bytes, more than the ${most} of the device`,
  );
}

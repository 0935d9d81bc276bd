import { nvmlDevices } from "../../system/probe/nvml.js";
import type { NvmlReport } from "../../system/native/contract.js";
import type { Absent, Reading } from "../../system/probe/reading.js";
import { absent, isAbsent } from "../../system/probe/reading.js";
import type { ReadingName } from "../reading-names.js";
import { nvmlDevice } from "./nvml.js";
import type { ReadingSource } from "./source.js";

/** How the addon begins the reason where the driver's library is not installed. */
const NO_DRIVER = "no NVIDIA driver";

const OF_DEVICE = {
  deviceUsedBytes: "usedBytes",
  deviceFreeBytes: "freeBytes",
  deviceTotalBytes: "totalBytes",
} as const;

export interface DeviceSourceOptions {
  /** NVML's index; not needed if there is only one device. */
  device?: number | undefined;
  /** The devices; by default, the driver is called on this thread. */
  devices?: (() => NvmlReport | Absent) | undefined;
  /** Bytes that the observed processes hold on all devices; by default, those of this process. */
  processBytes?: () => Reading;
}

/** NVIDIA devices, read through NVML. */
export function deviceSource({
  device,
  devices = nvmlDevices,
  processBytes = ownBytes,
}: DeviceSourceOptions): ReadingSource {
  return {
    names: [...Object.keys(OF_DEVICE), "deviceProcessBytes" satisfies ReadingName],
    capacityOf: (name) => {
      if (name === "deviceProcessBytes") return totalOfAll(devices());
      const found = nvmlDevice(devices(), device);
      return isAbsent(found) ? found : found.totalBytes;
    },
    neverReads: () => whyNoDevice(devices()),
    sample: (wanted, put) => {
      const found = nvmlDevice(devices(), device);
      for (const [name, field] of Object.entries(OF_DEVICE))
        if (wanted.has(name)) put(name, isAbsent(found) ? found : found[field]);
      if (wanted.has("deviceProcessBytes")) put("deviceProcessBytes", processBytes());
    },
  };
}

/** Why there is no device; undefined where there is one, or where the driver gave another reason, which may pass. */
function whyNoDevice(report: NvmlReport | Absent): string | undefined {
  if (!isAbsent(report)) return report.devices.length === 0 ? "the driver lists no device" : undefined;
  return report.absent.startsWith(NO_DRIVER) ? report.absent : undefined;
}

/** Bytes of this process on all devices. */
function ownBytes(): Reading {
  const report = nvmlDevices();
  if (isAbsent(report)) return report;
  const own = report.devices.flatMap(({ ownUsedBytes }) => (isAbsent(ownUsedBytes) ? [] : [ownUsedBytes]));
  const [first] = report.devices;
  if (first === undefined) return absent("the driver lists no device");
  return own.length > 0 ? own.reduce((sum, bytes) => sum + bytes, 0) : first.ownUsedBytes;
}

function totalOfAll(report: NvmlReport | Absent): Reading {
  if (isAbsent(report)) return report;
  let sum = 0;
  for (const { totalBytes } of report.devices) {
    if (isAbsent(totalBytes)) return totalBytes;
    sum += totalBytes;
  }
  return sum > 0 ? sum : absent("the driver lists no device");
}

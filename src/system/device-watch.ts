import { nvmlDevices } from "./probe/nvml.js";
import type { Reading } from "./probe/reading.js";
import { absent, isAbsent } from "./probe/reading.js";
import { descendsFrom } from "./process.js";

/**
 * Samples the device memory of a process tree through NVML, which reports bytes for each process. A peak
 * between two samples is missed, so the reading is a lower bound.
 */
export class DeviceWatch {
  #peak: Reading = absent("no sample was taken while it ran");

  /** Takes a sample of the tree whose root is `root`; returns its bytes. */
  sample(root: number): Reading {
    const now = deviceBytesOf(root);
    if (isAbsent(now)) {
      if (isAbsent(this.#peak)) this.#peak = now;
      return now;
    }
    this.#peak = isAbsent(this.#peak) ? now : Math.max(this.#peak, now);
    return now;
  }

  get peakBytes(): Reading {
    return this.#peak;
  }
}

/** Bytes that the processes of a tree hold on all devices together. */
export function deviceBytesOf(root: number): Reading {
  const report = nvmlDevices();
  if (isAbsent(report)) return report;
  let sum = 0;
  let seen = false;
  for (const { processes } of report.devices) {
    if (isAbsent(processes)) return processes;
    for (const { pid, usedBytes } of processes) {
      if (!descendsFrom(pid, root)) continue;
      if (isAbsent(usedBytes)) return usedBytes;
      sum += usedBytes;
      seen = true;
    }
  }
  // In a container, NVML may report pids of the host, which are unknown here.
  return seen ? sum : absent("NVML lists no process of this tree");
}

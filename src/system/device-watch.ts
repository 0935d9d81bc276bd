import { DriverReader } from "./driver/reader.js";
import type { NvmlReport } from "./native/contract.js";
import type { Absent, Reading } from "./probe/reading.js";
import { absent, isAbsent } from "./probe/reading.js";
import { descendsFrom } from "./process.js";

/**
 * Samples the device memory of a process tree through NVML, which reports bytes for each process. A peak
 * between two samples is missed, so the reading is a lower bound.
 */
export class DeviceWatch {
  readonly #reader = new DriverReader();
  #peak: Reading = absent("no sample was taken while it ran");
  #asking = false;

  /** Takes a sample of the tree whose root is `root`, unless the one before has not come back yet. */
  async sample(root: number): Promise<Reading> {
    if (this.#asking) return absent("the last sample has not come back yet");
    this.#asking = true;
    const now = deviceBytesOf(root, await this.#reader.read("nvml"));
    this.#asking = false;
    if (isAbsent(now)) {
      if (isAbsent(this.#peak)) this.#peak = now;
      return now;
    }
    this.#peak = isAbsent(this.#peak) ? now : Math.max(this.#peak, now);
    return now;
  }

  close(): void {
    this.#reader.close();
  }

  get peakBytes(): Reading {
    return this.#peak;
  }
}

/** Bytes that the processes of a tree hold on all devices together. */
export function deviceBytesOf(root: number, report: NvmlReport | Absent): Reading {
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

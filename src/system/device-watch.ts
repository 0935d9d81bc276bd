import { readFileSync } from "node:fs";
import { nvmlDevices } from "./probe/nvml.js";
import type { Reading } from "./probe/reading.js";
import { absent, isAbsent } from "./probe/reading.js";

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
      if (!isWithin(pid, root)) continue;
      if (isAbsent(usedBytes)) return usedBytes;
      sum += usedBytes;
      seen = true;
    }
  }
  // In a container, NVML may report pids of the host, which are unknown here.
  return seen ? sum : absent("NVML lists no process of this tree");
}

/**
 * Most ancestors that are followed. Readings of /proc at different times could form a loop, which must end.
 */
const MOST_ANCESTORS = 256;

function isWithin(pid: number, root: number): boolean {
  let current: number | undefined = pid;
  for (let depth = 0; depth < MOST_ANCESTORS && current !== undefined && current > 1; depth++) {
    if (current === root) return true;
    current = parentOf(current);
  }
  return false;
}

function parentOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

import type { Reading } from "../../system/probe/reading.js";
import { absent } from "../../system/probe/reading.js";
import { readPressureTotalUs } from "../../system/kernel-file.js";

const FILE = "/proc/pressure/memory";

/**
 * The share of time in which at least one task of the machine waited for memory (pressure stall information). It is
 * computed from the kernel's total at two samples.
 */
export class Pressure {
  #totalUs: number | undefined;
  #atMs: number;

  constructor() {
    this.#totalUs = readPressureTotalUs(FILE);
    this.#atMs = performance.now();
  }

  read(): Reading {
    const before = this.#totalUs;
    const now = performance.now();
    const sinceUs = (now - this.#atMs) * 1000;
    this.#totalUs = readPressureTotalUs(FILE);
    this.#atMs = now;
    if (before === undefined || this.#totalUs === undefined)
      return absent(`${FILE} cannot be read, which needs Linux 4.20 with pressure stall information`);
    return sinceUs > 0 ? Math.min(1, (this.#totalUs - before) / sinceUs) : 0;
  }
}

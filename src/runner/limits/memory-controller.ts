import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BytesperError } from "../../base/errors.js";
import { absent } from "../../system/probe/reading.js";
import { readNumber } from "../../system/kernel-file.js";
import type { LimitEvidence } from "./types.js";

/** The kernel's memory controller for control groups, version 1 or 2. */
export interface MemoryController {
  name: string;
  /** Creates the group of a cell, with a limit or only to count. Throws `CELL_FAILED`. */
  open(id: string, capBytes: number | undefined): MemoryGroup;
}

export interface MemoryGroup {
  /** The file to which the first process of the cell writes itself in order to join. */
  procsFile: string;
  /** Whether a cap includes swap. If not, a tree can hold more than its cap on a machine with swap. */
  limitsSwap: boolean;
  /** File that kills the whole group at once; only in cgroup v2 since Linux 5.14. */
  killFile?: string;
  /** Reads the evidence and removes the group. */
  close(): Promise<LimitEvidence>;
}

/** Largest page size of Linux. The kernel rounds limits down to whole pages. */
const LARGEST_PAGE_BYTES = 2 ** 16;

/**
 * Writes a limit and reads it back, so that a limit is never reported as enforced if the kernel has another
 * value.
 */
export function writeLimit(folder: string, file: string, bytes: number): void {
  const path = join(folder, file);
  writeFileSync(path, String(bytes));
  const now = readNumber(path);
  if (now !== undefined && now <= bytes && now > bytes - LARGEST_PAGE_BYTES) return;
  throw new BytesperError(
    "CELL_FAILED",
    `${path} was set to ${bytes} bytes and then said ${now ?? "that there is no limit"}; choose another enforcement.`,
  );
}

/** Writes a file that not every kernel has, if it exists. */
export function writeIfThere(folder: string, file: string, value: string): void {
  if (existsSync(join(folder, file))) writeFileSync(join(folder, file), value);
}

/** The peak of the group. `needs` says which kernel is needed for the file. */
export function readPeak(
  folder: string,
  source: "memory.peak" | "memory.max_usage_in_bytes",
  needs = "",
): LimitEvidence["peak"] {
  const bytes = readNumber(join(folder, source));
  if (bytes === undefined) return absent(`there is no ${source} in ${folder}${needs}`);
  return bytes === 0 ? absent("no process was ever in the cell's group") : { bytes, source };
}

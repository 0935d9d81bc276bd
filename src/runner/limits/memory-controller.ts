import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BytesperError } from "../../base/errors.js";
import { absent } from "../../system/probe/reading.js";
import { readNumber } from "../../system/kernel-file.js";
import type { LimitEvidence } from "./types.js";

/** The kernel's memory accounting by groups, in either version. */
export interface MemoryController {
  name: string;
  /** Makes the group of a cell, with a limit or to count alone. Throws `CELL_FAILED`. */
  open(id: string, capBytes: number | undefined): MemoryGroup;
}

export interface MemoryGroup {
  /** What the cell's first process writes itself to. */
  procsFile: string;
  /** Whether a cap counts swap too: else a tree can hold more than its cap where there is swap. */
  limitsSwap: boolean;
  /** Kills the whole group at once; cgroup v2 since Linux 5.14. */
  killFile?: string;
  /** Reads the evidence and removes the group. */
  close(): Promise<LimitEvidence>;
}

/** Largest page of Linux: the kernel rounds limits down to pages. */
const LARGEST_PAGE_BYTES = 2 ** 16;

/** Writes a limit and reads it back; a limit that is not what was asked for must not be reported as enforced. */
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

/** For files that not every kernel has. */
export function writeIfThere(folder: string, file: string, value: string): void {
  if (existsSync(join(folder, file))) writeFileSync(join(folder, file), value);
}

/** The group's high-water mark; `needs` says what a kernel without the file lacks. */
export function readPeak(
  folder: string,
  source: "memory.peak" | "memory.max_usage_in_bytes",
  needs = "",
): LimitEvidence["peak"] {
  const bytes = readNumber(join(folder, source));
  if (bytes === undefined) return absent(`there is no ${source} in ${folder}${needs}`);
  return bytes === 0 ? absent("no process was ever in the cell's group") : { bytes, source };
}

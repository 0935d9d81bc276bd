import { accessSync, constants, readFileSync } from "node:fs";
import { join } from "node:path";

/** Text of a file under /proc or /sys/fs/cgroup; undefined if it is missing or not readable. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

export function readWords(path: string): string[] {
  return (readText(path) ?? "").split(/\s+/).filter(Boolean);
}

/** Reads a file with one number; undefined if it is missing or says that there is no limit. */
export function readNumber(path: string): number | undefined {
  const text = readText(path)?.trim() ?? "";
  // For "no limit", v2 writes `max`, and v1 the largest number of pages, near 2^63 bytes.
  return /^\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}

/** Reads a file of `key value` lines, such as memory.events or memory.stat; empty if it is missing. */
export function readFlatKeyed(path: string): Record<string, number> {
  const entries = (readText(path) ?? "").split("\n").flatMap((line): [string, number][] => {
    const [, key, value] = /^(\S+) (\d+)$/.exec(line) ?? [];
    return key === undefined ? [] : [[key, Number(value)]];
  });
  return Object.fromEntries(entries);
}

/** Microseconds in which at least one task waited for memory, read from a pressure file. */
export function readPressureTotalUs(path: string): number | undefined {
  const total = /^some .*total=(\d+)$/m.exec(readText(path) ?? "")?.[1];
  return total === undefined ? undefined : Number(total);
}

const REASONS: Record<string, string> = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EROFS: "it is mounted read-only",
  EBUSY: "it is busy",
  EOPNOTSUPP: "not supported there",
};

/** Why a system call failed, as a clause. */
export function because(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code === undefined ? undefined : REASONS[code]) ?? message;
}

export function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** Why this user cannot write one of the files in the folder, as a clause; undefined if all are writable. */
export function whyNotWritable(folder: string, names: readonly string[]): string | undefined {
  try {
    for (const name of names) accessSync(join(folder, name), constants.W_OK);
    return undefined;
  } catch (error) {
    return because(error);
  }
}

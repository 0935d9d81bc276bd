import { accessSync, constants, readFileSync } from "node:fs";
import { join } from "node:path";

/** The text of a file under /proc or /sys/fs/cgroup, or undefined where it is not there or may not be read. */
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

/** A file that holds one number; undefined where it is not there or says that there is no limit. */
export function readNumber(path: string): number | undefined {
  const text = readText(path)?.trim() ?? "";
  // v2 writes `max` for no limit, v1 the largest number of pages, near 2^63 bytes.
  return /^\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}

/** A file of `key value` lines, such as memory.events and memory.stat; empty where it is not there. */
export function readFlatKeyed(path: string): Record<string, number> {
  const entries = (readText(path) ?? "").split("\n").flatMap((line): [string, number][] => {
    const [, key, value] = /^(\S+) (\d+)$/.exec(line) ?? [];
    return key === undefined ? [] : [[key, Number(value)]];
  });
  return Object.fromEntries(entries);
}

/** Microseconds in which at least one task waited for memory, from a pressure file. */
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

/** Why a call of the system failed, as a clause. */
export function because(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code === undefined ? undefined : REASONS[code]) ?? message;
}

export function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** Why this user may not write one of the files in the folder, as a clause; undefined where it may. */
export function whyNotWritable(folder: string, names: readonly string[]): string | undefined {
  try {
    for (const name of names) accessSync(join(folder, name), constants.W_OK);
    return undefined;
  } catch (error) {
    return because(error);
  }
}

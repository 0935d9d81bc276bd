import { chmodSync, lstatSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { writeWhole } from "../base/write.js";

const DAY_MS = 86_400_000;

const envelope = z.strictObject({ key: z.string(), at: z.iso.datetime(), value: z.unknown() });

export interface Remembered {
  value: unknown;
  /** When it was found. */
  at: string;
}

/**
 * What was remembered within a day under this name and key. A file that is damaged, that another user wrote or may
 * write, or that has another key is nothing. The caller checks the value.
 */
export function recall(name: string, key: string, now = new Date()): Remembered | undefined {
  try {
    const file = memoryFile(name, key);
    if (!isOwnFile(file)) return undefined;
    const { key: written, at, value } = envelope.parse(JSON.parse(readFileSync(file, "utf8")));
    const age = now.getTime() - Date.parse(at);
    return written === key && age >= 0 && age < DAY_MS ? { value, at } : undefined;
  } catch {
    // Then it is found out again, which needs no file.
    return undefined;
  }
}

/** Where the folder cannot be written, nothing is remembered. */
export function remember(name: string, key: string, value: unknown, now = new Date()): void {
  try {
    const file = memoryFile(name, key);
    writeWhole(file, `${JSON.stringify({ key, at: now.toISOString(), value })}\n`);
    chmodSync(file, 0o600);
  } catch {
    // The next run finds it out again.
  }
}

/** `key` is a hash. */
function memoryFile(name: string, key: string): string {
  const { XDG_CACHE_HOME: cache } = process.env;
  const folder = cache === undefined || cache === "" ? join(homedir(), ".cache") : cache;
  return join(folder, "bytesper", `${name}-${key.slice(0, 16)}.json`);
}

/** A file of this user, no link, that nobody else may write. */
function isOwnFile(file: string): boolean {
  const stat = lstatSync(file);
  if (!stat.isFile()) return false;
  return process.getuid === undefined || (stat.uid === process.getuid() && (stat.mode & 0o022) === 0);
}

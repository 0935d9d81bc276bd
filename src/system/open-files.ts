import { readdirSync } from "node:fs";
import { readText } from "./kernel-file.js";

/** The soft limit on open files of a process, or what processes inherit from this one; undefined where there is none. */
export function openFilesLimit(pid: number | "self" = "self"): number | undefined {
  const soft = /^Max open files\s+(\d+)/m.exec(readText(`/proc/${pid}/limits`) ?? "")?.[1];
  return soft === undefined ? undefined : Number(soft);
}

/** How many files and sockets a process has open; undefined if that cannot be read. */
export function openFiles(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}

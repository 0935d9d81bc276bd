import { readdirSync } from "node:fs";
import { readText } from "./kernel-file.js";

export interface ProcessEntry {
  pid: number;
  parent: number;
  /** Start time in clock ticks since boot. Together with the pid it identifies a process uniquely. */
  startTicks: number;
  /** The process has ended, and its parent has not yet read its exit status. */
  zombie: boolean;
}

/** Every pid of this PID namespace; empty without /proc. */
export function allPids(): number[] {
  try {
    return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}

/** Undefined if the process does not exist. See proc_pid_stat(5). */
export function processEntry(pid: number): ProcessEntry | undefined {
  const text = readText(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The command's name is in parentheses and may contain spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, parent, threads, startTicks] = [fields[0], fields[1], fields[17], fields[19]];
  if (startTicks === undefined) return undefined;
  // A process whose first thread has ended before the others also has the state of a zombie.
  const zombie = (state === "Z" || state === "X") && Number(threads) <= 1;
  return { pid, parent: Number(parent), startTicks: Number(startTicks), zombie };
}

/** Resident bytes, shared pages counted in full. Undefined if the process has none or is gone. */
export function rssOf(pid: number): number | undefined {
  return kilobytes(`/proc/${pid}/status`, /^VmRSS:\s+(\d+) kB$/m);
}

/**
 * Resident bytes, shared pages divided among their users. The kernel walks the page tables, about 1 ms per
 * GiB.
 */
export function pssOf(pid: number): number | undefined {
  return kilobytes(`/proc/${pid}/smaps_rollup`, /^Pss:\s+(\d+) kB$/m);
}

/**
 * Whether the process is gone or has no memory any more. A process that ends loses its memory some time
 * before it is a zombie. A process of which only the first thread has ended looks like a zombie and still
 * holds memory.
 */
export function hasLostMemory(pid: number): boolean {
  const status = readText(`/proc/${pid}/status`);
  return status === undefined || !/^(?:VmSize:|State:\s+[ZX])/m.test(status);
}

/**
 * Whether the process was started with this entry (`NAME=value`) in its environment; false if that cannot be
 * read.
 */
export function hasEnvironment(pid: number, entry: string): boolean {
  return (readText(`/proc/${pid}/environ`) ?? "").split("\0").includes(entry);
}

function kilobytes(path: string, line: RegExp): number | undefined {
  const found = line.exec(readText(path) ?? "")?.[1];
  return found === undefined ? undefined : Number(found) * 1024;
}

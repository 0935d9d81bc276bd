import { readdirSync } from "node:fs";
import { readText } from "./kernel-file.js";

export interface ProcessEntry {
  pid: number;
  parent: number;
  /** Clock ticks since boot; with the pid it names a process for good. */
  startTicks: number;
  /** It has ended, and its parent has not taken note. */
  zombie: boolean;
}

/** Every process of this PID namespace; empty where there is no /proc. */
export function allPids(): number[] {
  try {
    return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}

/** Undefined for a process that is not there. See proc_pid_stat(5). */
export function processEntry(pid: number): ProcessEntry | undefined {
  const text = readText(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The command's name stands in parentheses and may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, parent, threads, startTicks] = [fields[0], fields[1], fields[17], fields[19]];
  if (startTicks === undefined) return undefined;
  // A first thread that has ended before the others looks like a zombie.
  const zombie = (state === "Z" || state === "X") && Number(threads) <= 1;
  return { pid, parent: Number(parent), startTicks: Number(startTicks), zombie };
}

/** Resident bytes with shared pages in full; undefined where the process has none or is gone. */
export function rssOf(pid: number): number | undefined {
  return kilobytes(`/proc/${pid}/status`, /^VmRSS:\s+(\d+) kB$/m);
}

/** Resident bytes with shared pages divided; the kernel walks the page tables, about 1 ms for each GiB. */
export function pssOf(pid: number): number | undefined {
  return kilobytes(`/proc/${pid}/smaps_rollup`, /^Pss:\s+(\d+) kB$/m);
}

/**
 * Whether the process has lost its memory, or is gone. One that ends loses it some time before it becomes a zombie;
 * one whose first thread alone has ended looks like a zombie and still holds memory, which the others can tell.
 */
export function hasLostMemory(pid: number): boolean {
  const status = readText(`/proc/${pid}/status`);
  return status === undefined || !/^(?:VmSize:|State:\s+[ZX])/m.test(status);
}

/** Whether the process was started with this entry (`NAME=value`) in its environment; false where that is not told. */
export function hasEnvironment(pid: number, entry: string): boolean {
  return (readText(`/proc/${pid}/environ`) ?? "").split("\0").includes(entry);
}

function kilobytes(path: string, line: RegExp): number | undefined {
  const found = line.exec(readText(path) ?? "")?.[1];
  return found === undefined ? undefined : Number(found) * 1024;
}

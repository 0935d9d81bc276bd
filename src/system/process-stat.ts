import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { readText } from "./kernel-file.js";

export interface ProcessStat {
  parent: number;
  /** Start time in clock ticks since boot. Together with the pid it identifies a process uniquely. */
  startTicks: number;
}

/** Undefined if the process does not exist. */
export function processStat(pid: number | "self", root = "/"): ProcessStat | undefined {
  const text = readText(join(root, "proc", String(pid), "stat"));
  // The command's name is in parentheses and may contain spaces and parentheses.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  const [parent, startTicks] = [Number(fields?.[1]), Number(fields?.[19])];
  return Number.isNaN(parent) || Number.isNaN(startTicks) ? undefined : { parent, startTicks };
}

/** Whether `pid` is `ancestor` or descends from it. */
export function descendsFrom(pid: number, ancestor: number, root = "/"): boolean {
  const parent = pid === ancestor ? undefined : processStat(pid, root)?.parent;
  return pid === ancestor || (parent !== undefined && parent > 0 && descendsFrom(parent, ancestor, root));
}

/** The inode of this process's pid namespace. It identifies the namespace in which a pid is valid. */
export function pidNamespace(root = "/"): string | undefined {
  try {
    return /\[(\d+)\]/.exec(readlinkSync(join(root, "proc/self/ns/pid")))?.[1];
  } catch {
    return undefined;
  }
}

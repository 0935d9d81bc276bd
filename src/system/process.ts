import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { errorCode, readText } from "./kernel-file.js";

export interface ProcessEntry {
  pid: number;
  parent: number;
  processGroup: number;
  /** The foreground process group of the process's terminal; -1 without a terminal. */
  foregroundGroup: number;
  /** Start time in clock ticks since boot. Together with the pid it identifies a process uniquely. */
  startTicks: number;
  /** All threads of the process have ended, and its parent has not yet read its exit status. */
  zombie: boolean;
}

/** Every pid of this PID namespace; empty without /proc. */
export function allPids(root = "/"): number[] {
  try {
    return readdirSync(join(root, "proc")).flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}

/** Undefined if the process does not exist. See proc_pid_stat(5). */
export function processEntry(pid: number | "self", root = "/"): ProcessEntry | undefined {
  const text = readText(join(root, "proc", String(pid), "stat"));
  if (text === undefined) return undefined;
  // The command's name is in parentheses and may contain spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const number = (index: number): number => Number(fields[index]);
  const [parent, threads, startTicks] = [number(1), number(17), number(19)];
  if (Number.isNaN(parent) || Number.isNaN(startTicks)) return undefined;
  // A process whose first thread has ended before the others also has the state of a zombie, but num_threads
  // still counts the others.
  const zombie = (fields[0] === "Z" || fields[0] === "X") && threads <= 1;
  return {
    pid: Number.parseInt(text),
    parent,
    processGroup: number(2),
    foregroundGroup: number(5),
    startTicks,
    zombie,
  };
}

/** Start time of a process in clock ticks since boot; undefined if it does not run. A zombie does not run. */
export function startTicksOf(pid: number, root = "/"): number | undefined {
  if (process.platform !== "linux") return pidIsTaken(pid) ? 0 : undefined;
  const entry = processEntry(pid, root);
  return entry?.zombie === false ? entry.startTicks : undefined;
}

/** Whether a process has this pid, for systems without /proc. A zombie keeps its pid. */
export function pidIsTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

/** Whether the process is the head of a tree or descends from one. `entryOf` returns the entry of a pid, if known. */
export function isOfTree(
  pid: number,
  isHead: (pid: number) => boolean,
  entryOf: (pid: number) => ProcessEntry | undefined,
): boolean {
  // Entries that were read at different times could form a loop, which must end.
  const seen = new Set<number>();
  let current: number | undefined = pid;
  while (current !== undefined && current > 0 && !seen.has(current)) {
    if (isHead(current)) return true;
    seen.add(current);
    current = entryOf(current)?.parent;
  }
  return false;
}

/** Whether `pid` is `ancestor` or descends from it. */
export function descendsFrom(pid: number, ancestor: number, root = "/"): boolean {
  return isOfTree(
    pid,
    (head) => head === ancestor,
    (other) => processEntry(other, root),
  );
}

/** The inode of this process's pid namespace. It identifies the namespace in which a pid is valid. */
export function pidNamespace(root = "/"): string | undefined {
  try {
    return /\[(\d+)\]/.exec(readlinkSync(join(root, "proc/self/ns/pid")))?.[1];
  } catch {
    return undefined;
  }
}

/** The initial PID namespace, PROC_PID_INIT_INO of the kernel. */
const HOST_PIDS = "4026531836";

/** Whether pids of this process are those of the host; undefined where it cannot be told. */
export function hasHostPids(root = "/"): boolean | undefined {
  const namespace = pidNamespace(root);
  return namespace === undefined ? undefined : namespace === HOST_PIDS;
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
export function hasEnvironment(pid: number, entry: string, root = "/"): boolean {
  return (readText(join(root, "proc", String(pid), "environ")) ?? "").split("\0").includes(entry);
}

function kilobytes(path: string, line: RegExp): number | undefined {
  const found = line.exec(readText(path) ?? "")?.[1];
  return found === undefined ? undefined : Number(found) * 1024;
}

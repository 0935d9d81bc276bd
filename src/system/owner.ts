import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/**
 * The process that writes a journal. The start time distinguishes it from a later process with the same pid.
 */
export interface Owner {
  pid: number;
  /** Clock ticks from boot to the start of the process. */
  startTicks: number;
  bootId: string;
  host: string;
}

export function ownIdentity(): Owner {
  return {
    pid: process.pid,
    startTicks: startTicksOf(process.pid) ?? 0,
    bootId: bootId(),
    host: hostname(),
  };
}

/**
 * Whether the owner is this process. The pid alone is not enough: in containers, many processes have the same
 * pid.
 */
export function isOwn({ pid, startTicks, bootId: boot, host }: Owner): boolean {
  const own = ownIdentity();
  return pid === own.pid && startTicks === own.startTicks && boot === own.bootId && host === own.host;
}

/** Whether the process still runs. On another host this is unknown, and it counts as alive. */
export function isAlive(owner: Owner): boolean {
  if (owner.host !== hostname()) return true;
  if (owner.bootId !== bootId()) return false;
  return startTicksOf(owner.pid) === owner.startTicks;
}

/** Start time of a process in clock ticks since boot; undefined if it does not run. A zombie does not run. */
export function startTicksOf(pid: number): number | undefined {
  if (process.platform !== "linux") return exists(pid) ? 0 : undefined;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name is in parentheses and may contain any character.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  } catch {
    return "unknown";
  }
}

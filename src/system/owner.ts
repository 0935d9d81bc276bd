import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** Who writes a journal. The start time tells a process from a later one with the same number. */
export interface Owner {
  pid: number;
  /** Clock ticks from the boot to the start of the process. */
  startTicks: number;
  bootId: string;
  host: string;
}

/** This process as an owner. */
export function ownIdentity(): Owner {
  return {
    pid: process.pid,
    startTicks: startTicksOf(process.pid) ?? 0,
    bootId: bootId(),
    host: hostname(),
  };
}

/** Whether it is this process; in containers many processes have the same number. */
export function isOwn({ pid, startTicks, bootId: boot, host }: Owner): boolean {
  const own = ownIdentity();
  return pid === own.pid && startTicks === own.startTicks && boot === own.bootId && host === own.host;
}

/** Whether the process still runs; on another host nobody can tell, and it counts as alive. */
export function isAlive(owner: Owner): boolean {
  if (owner.host !== hostname()) return true;
  if (owner.bootId !== bootId()) return false;
  return startTicksOf(owner.pid) === owner.startTicks;
}

/** Start time of a process in clock ticks since boot; undefined where it does not run (a zombie does not). */
export function startTicksOf(pid: number): number | undefined {
  if (process.platform !== "linux") return exists(pid) ? 0 : undefined;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name stands in parentheses and may hold any character.
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

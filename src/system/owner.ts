import { hostname } from "node:os";
import { join } from "node:path";
import { readText } from "./kernel-file.js";
import { startTicksOf } from "./process.js";

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
export function isAlive(owner: Owner, root = "/"): boolean {
  if (owner.host !== hostname()) return true;
  if (owner.bootId !== bootId(root)) return false;
  return startTicksOf(owner.pid, root) === owner.startTicks;
}

function bootId(root = "/"): string {
  return readText(join(root, "proc/sys/kernel/random/boot_id"))?.trim() ?? "unknown";
}

import { readFileSync } from "node:fs";

/**
 * Number of processes that the kernel's out-of-memory killer ended on this host since boot. Undefined where
 * the kernel does not count them.
 */
export function hostKills(): number | undefined {
  try {
    const count = /^oom_kill (\d+)$/m.exec(readFileSync("/proc/vmstat", "latin1"))?.[1];
    return count === undefined ? undefined : Number(count);
  } catch {
    return undefined;
  }
}

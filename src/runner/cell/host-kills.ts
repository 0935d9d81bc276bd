import { readFileSync } from "node:fs";

/** Processes that the kernel's out-of-memory killer took on this host since boot; undefined where it is not counted. */
export function hostKills(): number | undefined {
  try {
    const count = /^oom_kill (\d+)$/m.exec(readFileSync("/proc/vmstat", "latin1"))?.[1];
    return count === undefined ? undefined : Number(count);
  } catch {
    return undefined;
  }
}

import { pidNamespace, processEntry, startTicksOf } from "../../system/process.js";

/**
 * `bytesper-PID-TICKS-NAMESPACE`: the name of a runner's group, which holds the groups of its cells. The
 * start time distinguishes processes that had the same pid. The namespace distinguishes runners in other
 * containers that share the hierarchy.
 */
export function runnerName(): string {
  const { startTicks = 0 } = processEntry("self") ?? {};
  return `bytesper-${process.pid}-${startTicks}-${pidNamespace() ?? "0"}`;
}

/** Whether the runner that created a folder with this name is dead; false if that is unknown. */
export function runnerIsDead(name: string, root = "/"): boolean {
  const [, pid, startTicks, namespace] = /^bytesper-(\d+)-(\d+)-(\d+)$/.exec(name) ?? [];
  if (pid === undefined || namespace !== pidNamespace(root)) return false;
  return startTicksOf(Number(pid), root) !== Number(startTicks);
}

import { pidNamespace, processStat } from "../../system/process-stat.js";

/**
 * `bytesper-PID-TICKS-NAMESPACE`: the group of a runner, whose cells are below it. The start time guards against a
 * pid that was given out again, the namespace against a runner in another container that shares the hierarchy.
 */
export function runnerName(): string {
  const { startTicks = 0 } = processStat("self") ?? {};
  return `bytesper-${process.pid}-${startTicks}-${pidNamespace() ?? "0"}`;
}

/** Whether a folder of this name was made by a runner that is dead; false for what cannot be told. */
export function runnerIsDead(name: string): boolean {
  const [, pid, startTicks, namespace] = /^bytesper-(\d+)-(\d+)-(\d+)$/.exec(name) ?? [];
  if (pid === undefined || namespace !== pidNamespace()) return false;
  return processStat(Number(pid))?.startTicks !== Number(startTicks);
}

import { Counter, Gauge, Registry } from "prom-client";
import { isAbsent } from "../../system/probe/reading.js";
import type { MemoryLog } from "./memory-log.js";
import { STATE_NAMES } from "./memory-state.js";
import { metricName } from "./metric-name.js";

/** The log's statistics and the present memory in the text format of Prometheus, in bytes and seconds. */
export async function logMetrics(log: MemoryLog): Promise<string> {
  const registry = new Registry();
  addLogMetrics(registry, log);
  return registry.metrics();
}

/** The labels are operations. A log limits their number. */
export function addLogMetrics(registry: Registry, log: MemoryLog): void {
  const registers = [registry];
  // While the category is off, nothing is read.
  if (!log.enabled) return;
  const state = log.read();
  for (const name of STATE_NAMES) {
    const bytes = state[name];
    // A gauge begins at 0, but an absent reading must not look like 0.
    if (isAbsent(bytes)) continue;
    new Gauge({ name: metricName(name), help: `${name} of this process, now`, registers }).set(bytes);
  }
  const labelNames = ["operation"];
  const states = new Counter({ name: "bytesper_states_total", help: "States logged", labelNames, registers });
  const timed = new Counter({
    name: "bytesper_operations_total",
    help: "Operations timed",
    labelNames,
    registers,
  });
  const seconds = new Counter({
    name: "bytesper_operation_seconds_total",
    help: "Time of the operations timed",
    labelNames,
    registers,
  });
  const longest = new Gauge({
    name: "bytesper_operation_longest_seconds",
    help: "Longest of the operations timed",
    labelNames,
    registers,
  });
  const most = new Gauge({
    name: "bytesper_operation_most_bytes",
    help: "Largest reading when the operation's state was logged",
    labelNames: ["operation", "reading"],
    registers,
  });
  for (const { operation, ...statistics } of log.statistics()) {
    states.inc({ operation }, statistics.states);
    timed.inc({ operation }, statistics.timed);
    seconds.inc({ operation }, statistics.totalMs / 1000);
    if (statistics.timed > 0) longest.set({ operation }, statistics.longestMs / 1000);
    for (const [reading, bytes] of Object.entries(statistics.mostBytes))
      most.set({ operation, reading }, bytes);
  }
}

import { Counter, Gauge, Registry } from "prom-client";
import { isAbsent } from "../../system/probe/reading.js";
import type { MemoryGuard } from "../memory-guard.js";
import { addLogMetrics } from "./log-metrics.js";
import type { MemoryLog } from "./memory-log.js";

/** A guard's rules and readings in the text format of Prometheus. The labels are the names of the rules. */
export async function guardMetrics(guard: MemoryGuard, log: MemoryLog | undefined): Promise<string> {
  const registry = new Registry();
  const registers = [registry];
  const labelNames = ["rule"];
  const fired = new Gauge({
    name: "bytesper_guard_rule_fired",
    help: "1 while the rule is fired",
    labelNames: ["rule", "action"],
    registers,
  });
  const firings = new Counter({
    name: "bytesper_guard_rule_firings_total",
    help: "Times that the rule fired",
    labelNames,
    registers,
  });
  const cleanups = new Counter({
    name: "bytesper_guard_cleanups_total",
    help: "Calls of the rule's cleanup",
    labelNames,
    registers,
  });
  for (const rule of guard.rules) {
    fired.set({ rule: rule.name, action: rule.action }, rule.fired ? 1 : 0);
    firings.inc({ rule: rule.name }, rule.firings);
    if (rule.cleanups > 0) cleanups.inc({ rule: rule.name }, rule.cleanups);
  }
  const readings = new Gauge({
    name: "bytesper_guard_reading",
    help: "Reading or number of the program's own that a rule names, as it was sampled; absent ones have no line",
    labelNames: ["reading"],
    registers,
  });
  for (const name of guard.readingNames) {
    const value = guard.reading(name);
    if (!isAbsent(value)) readings.set({ reading: name }, value);
  }
  const { samples, totalMs } = guard.sampling;
  new Counter({ name: "bytesper_guard_samples_total", help: "Samples taken", registers }).inc(samples);
  new Counter({
    name: "bytesper_guard_sampling_seconds_total",
    help: "Time that sampling took",
    registers,
  }).inc(totalMs / 1000);
  if (log !== undefined) addLogMetrics(registry, log);
  return registry.metrics();
}

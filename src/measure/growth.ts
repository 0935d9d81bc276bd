import { setImmediate as nextTask } from "node:timers/promises";
import type { SubjectContext } from "../experiment/define.js";
import type { ContextData, SubjectReference } from "../experiment/subject.js";
import { finalizerOf } from "./finalizers.js";
import { readLedger } from "./ledger.js";
import { loadSubject } from "./load-subject.js";
import { Population } from "./population.js";
import type { Stream } from "./stream.js";
import { fullGc } from "./gc.js";
import type { SettledReading } from "./settle.js";
import { SettledLog } from "./settle.js";

/** A population that only grows, in a process where nothing was made before. */
export interface GrowthSpec {
  subject: SubjectReference;
  context: ContextData;
  /** Sizes of the population at its readings, rising. */
  steps: number[];
}

export interface GrowthData {
  /** One reading at each step; the ledger of each leaves the process as a record. */
  readings: SettledReading[];
  returnsNothing: boolean;
}

/** The sizes at which a cold population is read: each is half of the next, because tables double. */
export function coldSteps(largest: number): number[] {
  const steps = [largest / 4, largest / 2, largest].map((size) => Math.max(1, Math.round(size)));
  return [...new Set(steps)];
}

/**
 * Fills the population step by step and reads it at each step. Nothing is dropped in between. So what the
 * subject keeps elsewhere (a table, a registry, a pool of memory) grows with the instances and is in the
 * readings, which a process that has made such a population before does not show.
 *
 * The ledger of each step leaves the process at once, because it would be measured with the subject.
 */
export async function grow(
  population: Population,
  steps: readonly number[],
  log: SettledLog,
  stream: Stream,
): Promise<void> {
  stream({ type: "ledger", phase: "before", instances: 0, reading: readLedger() });
  const last = steps.at(-1);
  for (const size of steps) {
    const filling = population.fill(size);
    if (filling !== undefined) await filling;
    await nextTask();
    log.take(size, population.created);
    stream({
      type: "ledger",
      phase: size === last ? "after" : "step",
      instances: size,
      reading: readLedger(),
    });
  }
}

/**
 * Weighs a population that is large enough for the kernel's pages, and then drops two: where the process
 * still grows from the first drop to the second, instances leave memory behind.
 */
export async function runGrowth(
  spec: GrowthSpec,
  stream: Stream,
  emit: (record: unknown) => void,
): Promise<GrowthData> {
  const { gc } = fullGc();
  const context: SubjectContext = { ...spec.context, emit };
  const log = new SettledLog(gc.collect);
  const subject = await loadSubject(spec.subject);
  await subject.prepare?.(context);
  const largest = Math.max(...spec.steps);
  const population = new Population(subject, context, largest, spec.subject.name);
  log.take(0, 0);
  await grow(population, spec.steps, log, stream);
  for (const phase of ["dropped", "dropped-again"]) {
    if (population.count === 0) {
      const filling = population.fill(largest);
      if (filling !== undefined) await filling;
      await nextTask();
    }
    const dropping = population.drop();
    if (dropping !== undefined) await dropping;
    await finalizerOf(gc);
    log.take(0, population.created);
    stream({ type: "ledger", phase, instances: population.created, reading: readLedger() });
  }
  return { readings: log.rows(), returnsNothing: population.returnsNothing };
}

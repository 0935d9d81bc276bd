import { setImmediate as nextTask } from "node:timers/promises";
import { getHeapStatistics } from "node:v8";
import type { SubjectContext } from "../experiment/define.js";
import type { ContextData, SubjectReference } from "../experiment/subject.js";
import { finalizerOf } from "./finalizers.js";
import type { LedgerReading } from "./ledger.js";
import { readLedger } from "./ledger.js";
import { loadSubject } from "./load-subject.js";
import { Population } from "./population.js";
import type { Stream } from "./stream.js";
import type { FullGc } from "./gc.js";
import { fullGc, giveBackPages } from "./gc.js";
import { trimMalloc } from "../system/probe/malloc.js";
import { heldBytes } from "./pilot.js";
import type { SettledReading } from "./settle.js";
import { SettledLog } from "./settle.js";

/** A population that only grows, in a process where nothing was made before. */
export interface GrowthSpec {
  subject: SubjectReference;
  context: ContextData;
  /** Instances that other cells measure. This population gets at least as many, as far as time allows. */
  instances: number;
}

export interface GrowthData {
  /** One reading at each step; the ledger of each leaves the process as a record. */
  readings: SettledReading[];
  returnsNothing: boolean;
}

/** A population of this size lies some hundred times above what pages come and go at any time. */
const LARGE_BYTES = 16 * 2 ** 20;
/** Time in which all instances are made; they are made twice. */
const CREATE_BUDGET_MS = 1000;
const MOST_INSTANCES = 100_000;
const FEWEST_INSTANCES = 6;
/** Time in which the first few are made, from which the rest is planned. */
const ROUGH_BUDGET_MS = 80;
/** The first two may take this much, because it may be paid once. */
const MOST_AT_FIRST_BYTES = 4 * LARGE_BYTES;
const ROUGH_SIZES = [1, 2, 5, 16, 64, 256, 1024];
const STEPS = 6;
/** Where each instance takes longer to make than the one before, the population ends earlier than planned. */
const MOST_MS = 4 * CREATE_BUDGET_MS;
/** Instances between two looks at the clock. */
const AT_ONCE = 1000;

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
  await fillStepwise(population, steps, log, stream);
}

async function fillStepwise(
  population: Population,
  steps: readonly number[],
  log: SettledLog,
  stream: Stream,
  { read = readLedger, isLate = () => false }: { read?: () => LedgerReading; isLate?: () => boolean } = {},
): Promise<void> {
  const last = steps.at(-1);
  for (const size of steps) {
    while (population.count < size - AT_ONCE) {
      const filling = population.fill(population.count + AT_ONCE);
      if (filling !== undefined) await filling;
      if (isLate()) return;
    }
    const filling = population.fill(size);
    if (filling !== undefined) await filling;
    await nextTask();
    log.take(size, population.created);
    stream({
      type: "ledger",
      phase: size === last ? "after" : "step",
      instances: size,
      reading: read(),
    });
  }
}

/**
 * The ledger without the pages that V8 and malloc keep of what is dead. Node 24 and later keep up to 32 MiB of large
 * ones (a table of more than 128 KiB that grew and was dropped), and malloc keeps what V8's marker and a start of
 * Node freed. Both would be taken for memory of the instances, or be filled by them without a trace.
 */
function readWithoutReserves(): LedgerReading {
  giveBackPages();
  trimMalloc();
  return readLedger();
}

/**
 * Weighs a population that is large enough for the kernel's pages, and then drops two: where the process
 * still grows from the first drop to the second, instances leave memory behind.
 *
 * Its size is found here, from the first instances: an experiment has no pilot, and both must weigh alike.
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
  const capacity = Math.max(MOST_INSTANCES, spec.instances);
  const population = new Population(subject, context, capacity, spec.subject.name);
  log.take(0, 0);
  stream({ type: "ledger", phase: "before", instances: 0, reading: readWithoutReserves() });
  const steps = await planned(population, spec, gc);
  const start = performance.now();
  const isLate = (): boolean => performance.now() - start > MOST_MS;
  await fillStepwise(population, steps, log, stream, { read: readWithoutReserves, isLate });
  const largest = population.count;
  for (const phase of ["dropped", "dropped-again"]) {
    if (population.count === 0) {
      if (isLate()) break;
      const filling = population.fill(largest);
      if (filling !== undefined) await filling;
      await nextTask();
    }
    const dropping = population.drop();
    if (dropping !== undefined) await dropping;
    await finalizerOf(gc);
    log.take(0, population.created);
    stream({ type: "ledger", phase, instances: population.created, reading: readWithoutReserves() });
  }
  return { readings: log.rows(), returnsNothing: population.returnsNothing };
}

/**
 * Makes the first instances and plans the sizes that follow: up to a population that time and memory allow.
 * The first size that is planned pays what is paid once; five more make a line.
 */
async function planned(population: Population, { instances }: GrowthSpec, gc: FullGc): Promise<number[]> {
  let spentMs = 0;
  let createMs = 0;
  let instanceBytes = 0;
  for (const size of ROUGH_SIZES) {
    const made = size - population.count;
    const before = heldBytes(gc);
    const from = performance.now();
    const filling = population.fill(size);
    if (filling !== undefined) await filling;
    const tookMs = performance.now() - from;
    createMs = tookMs / made;
    instanceBytes = (heldBytes(gc) - before) / made;
    // The first ones also pay what is paid once, which tells nothing of the others.
    if (size > 2) spentMs += tookMs;
    const isLarge = instanceBytes * size > (size > 2 ? LARGE_BYTES / STEPS : MOST_AT_FIRST_BYTES);
    if (spentMs > ROUGH_BUDGET_MS || isLarge) break;
  }
  const byTime = CREATE_BUDGET_MS / 2 / Math.max(createMs, 1e-6);
  const memory = Math.min(getHeapStatistics().heap_size_limit / 4, LARGE_BYTES);
  const byMemory = memory / Math.max(instanceBytes, 16);
  const largest = Math.max(
    FEWEST_INSTANCES,
    Math.min(MOST_INSTANCES, byTime, byMemory),
    Math.min(instances, byTime),
  );
  const first = population.count;
  const rest = Math.max(largest - first, STEPS - 1);
  const steps = Array.from({ length: STEPS }, (_, index) => first + Math.round((rest * (index + 1)) / STEPS));
  return [...new Set(steps)].filter((size) => size > first && size <= population.instances.length);
}

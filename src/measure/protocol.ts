import { setImmediate as nextTask } from "node:timers/promises";
import type { SubjectContext } from "../experiment/define.js";
import { BytesperError } from "../base/errors.js";
import { finalizerOf } from "./finalizers.js";
import type { FullGc, ObservedGc } from "./gc.js";
import { fullGc } from "./gc.js";
import { coldSteps, grow } from "./growth.js";
import { readLedger } from "./ledger.js";
import { loadSubject } from "./load-subject.js";
import { Population } from "./population.js";
import type { SettledReading } from "./settle.js";
import { SettledLog } from "./settle.js";
import type { Stream } from "./stream.js";
import type { ContextData, LoadedSubject, SubjectReference } from "../experiment/subject.js";

/** What a measured process must do. */
export interface ProtocolSpec {
  subject: SubjectReference;
  context: ContextData;
  /** Population sizes in the order of reading. Each level appears once per round; the order is mixed. */
  levels: number[];
  /** Number of instances that are made and dropped first; the same in all cells that are compared. */
  warmUp: number;
}

/** What a measured process answers. Differences are computed later, where they can be checked again. */
export interface ProtocolData {
  gc: { call: string; proof: string[]; rejected: ObservedGc[] };
  /** After import and `prepare`, before the first `create`. */
  baseline: SettledReading;
  /** The first population of this process, which only grew, at each of its sizes. */
  cold: SettledReading[];
  warm: SettledReading;
  readings: SettledReading[];
  end: SettledReading;
  returnsNothing: boolean;
  /** Time of one `create`, mean over the last population. */
  createMs: number;
}

/** Growth of the empty process over a population from which the subject is taken to keep something. */
const KEPT_AT_LEAST_BYTES = 4096;

/**
 * Runs the steps of one measured process: rehearse, load, baseline, weigh the cold population, warm up at
 * full size, then read the heap at each level.
 *
 * The rehearsal uses a subject that costs nothing. It compiles and warms this code, so that the baseline is
 * the last reading before the subject makes anything, and every later change comes from the subject.
 */
export async function runProtocol(spec: ProtocolSpec, stream: Stream, emit: Stream): Promise<ProtocolData> {
  const { gc, rejected } = fullGc();
  renewBufferPool();
  const context: SubjectContext = { ...spec.context, emit };
  const log = new SettledLog(gc.collect);
  await rehearse(spec, context, log, stream, gc);

  const subject = await loadSubject(spec.subject);
  await subject.prepare?.(context);
  const largest = Math.max(spec.warmUp, ...spec.levels);
  const population = new Population(subject, context, largest, spec.subject.name);
  // Before the baseline: an array of its own for each size of the population would be charged to the subject.
  const steps = coldSteps(Math.max(...spec.levels));
  const baseline = log.take(0, 0);

  await grow(population, steps, log, stream);
  await dropAll(population);
  let finalize = await finalizerOf(gc);
  await warmUp(population, spec, log, () => (finalize ?? nextTask)());
  finalize ??= await finalizerOf(gc);
  stream({ type: "ledger", phase: "warm", instances: population.created, reading: readLedger() });
  const warm = log.take(0, population.created);
  const firstReading = warm + 1;
  const createMs = await readLevels(population, spec.levels, log, finalize);
  const end = log.length - 1;
  stream({ type: "ledger", phase: "end", instances: population.created, reading: readLedger() });

  const rows = log.rows();
  const row = (index: number): SettledReading => rows[index] as SettledReading;
  return {
    gc: { call: gc.call, proof: gc.proof, rejected },
    baseline: row(baseline),
    cold: rows.slice(baseline + 1, baseline + 1 + steps.length),
    warm: row(warm),
    readings: rows.slice(firstReading, end),
    end: row(end),
    returnsNothing: population.returnsNothing,
    createMs,
  };
}

/**
 * Reads the heap at each level in turn, and once more when nothing is left. Returns the mean time of one `create` in
 * the last population, ms.
 *
 * The last reading belongs to the same chain of awaits: what instances leave in its context (the frame of an
 * AsyncLocalStorage, since Node 24) is gone when the chain ends.
 *
 * An async function holds some 200 bytes more after its first await than before it, so all readings are taken
 * after an await. The task between filling and reading ends the job that made the instances: until then V8
 * keeps the target of each new WeakRef alive.
 */
export async function readLevels(
  population: Population,
  levels: readonly number[],
  log: SettledLog,
  finalize: (() => Promise<void>) | undefined,
): Promise<number> {
  await nextTask();
  const first = log.length;
  let createMs = 0;
  for (const level of levels) {
    const start = performance.now();
    const filling = population.fill(level);
    if (filling !== undefined) await filling;
    createMs = (performance.now() - start) / level;
    await nextTask();
    log.take(level, population.created, log.lastOf(level, first));
    const dropping = population.drop();
    if (dropping !== undefined) await dropping;
    if (finalize !== undefined) await finalize();
  }
  log.take(0, population.created);
  return createMs;
}

/**
 * Starts a new slab of Node's pool for small buffers. Node's own buffers hold the first slab for ever.
 * Without this step the first small buffers of a subject would need a second slab, and its bytes would be
 * charged to them.
 */
function renewBufferPool(): void {
  const piece = Buffer.poolSize >> 3;
  for (let taken = 0; taken <= Buffer.poolSize; taken += piece) Buffer.allocUnsafe(piece);
}

const NOTHING: LoadedSubject = { create: () => null, release: undefined, prepare: undefined };

/**
 * Runs each step once with a subject that costs nothing, so that later readings do not include the cost of
 * running this code for the first time.
 */
async function rehearse(
  spec: ProtocolSpec,
  context: SubjectContext,
  log: SettledLog,
  stream: Stream,
  gc: FullGc,
): Promise<void> {
  const size = 64;
  const population = new Population(NOTHING, context, size, "rehearsal");
  await grow(population, [size], log, stream);
  await dropAll(population);
  await warmUp(population, { ...spec, levels: [size], warmUp: size }, log, () => finalizerOf(gc));
  await readLevels(population, [size], log, undefined);
  log.rows();
  log.clear();
}

/**
 * Makes the common warm-up population, then one of full size. After that, hidden classes, feedback and caches
 * no longer change. Then finds out whether the populations that follow may hold the same instances.
 */
async function warmUp(
  population: Population,
  spec: ProtocolSpec,
  log: SettledLog,
  finalize: () => Promise<unknown>,
): Promise<void> {
  const largest = Math.max(spec.warmUp, ...spec.levels);
  const grew = async (...sizes: number[]): Promise<boolean> => {
    const before = log.take(0, population.created);
    for (const size of sizes) if (!(await tryOnce(population, size))) return false;
    await finalize();
    return log.growth(before, log.take(0, population.created)) >= KEPT_AT_LEAST_BYTES;
  };
  const keeps = (await grew(spec.warmUp, largest)) && (await grew(largest));
  if (keeps) return;
  // Equal instances at every level make the slope exact. A subject may refuse an index that it has seen.
  population.repeat();
  if (!(await tryOnce(population, spec.warmUp))) population.renew();
}

/**
 * Makes a population and drops it. False where the subject throws for these indices: it may have no data for
 * so many (`users[index]`), or refuse one that it has seen (a unique key).
 */
async function tryOnce(population: Population, size: number): Promise<boolean> {
  try {
    const filling = population.fill(size);
    if (filling !== undefined) await filling;
    await dropAll(population);
    return true;
  } catch (error) {
    if (error instanceof BytesperError && error.code === "SUBJECT_THREW") return false;
    throw error;
  }
}

async function dropAll(population: Population): Promise<void> {
  const dropping = population.drop();
  if (dropping !== undefined) await dropping;
}

import { setImmediate as nextTask } from "node:timers/promises";
import { getHeapStatistics } from "node:v8";
import type { SubjectContext } from "../experiment/define.js";
import { BytesperError } from "../base/errors.js";
import type { FullGc, ObservedGc } from "./gc.js";
import { findFullGc } from "./gc.js";
import { readLedger } from "./ledger.js";
import { loadSubject } from "./load-subject.js";
import { Population } from "./population.js";
import type { SettledReading } from "./settle.js";
import { SettledLog } from "./settle.js";
import type { ContextData, LoadedSubject, SubjectReference } from "../experiment/subject.js";

/** What a measured process must do. */
export interface ProtocolSpec {
  subject: SubjectReference;
  context: ContextData;
  /** Population sizes in the order of reading. Each level appears once per round; the order is mixed. */
  levels: number[];
  /** Number of instances that are made and dropped first; the same in all cells that are compared. */
  warmUp: number;
  /** Whether the first, cold population is compared with the kernel's counters. */
  ledger: boolean;
}

/** What a measured process answers. Differences are computed later, where they can be checked again. */
export interface ProtocolData {
  gc: { call: string; proof: string[]; rejected: ObservedGc[] };
  /** After import and `prepare`, before the first `create`. */
  baseline: SettledReading;
  warm: SettledReading;
  readings: SettledReading[];
  end: SettledReading;
  /** Time of one `create`, mean over the last population. */
  createMs: number;
}

/**
 * Takes a record out of the process at once: a record that stayed on the heap would be measured with the
 * subject.
 */
export type Stream = (record: unknown) => void;

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
  const baseline = log.take(0, 0);

  if (spec.ledger) await weighCold(population, Math.max(...spec.levels), log, stream);
  await warmUp(population, spec, log);
  const finalize = await finalizerOf(gc);
  const warm = log.take(0, population.created);
  const firstReading = warm + 1;
  const createMs = await readLevels(population, spec.levels, log, finalize);
  const end = log.take(0, population.created);

  const rows = log.rows();
  const row = (index: number): SettledReading => rows[index] as SettledReading;
  return {
    gc: { call: gc.call, proof: gc.proof, rejected },
    baseline: row(baseline),
    warm: row(warm),
    readings: rows.slice(firstReading, end),
    end: row(end),
    createMs,
  };
}

/**
 * Reads the heap at each level in turn. Returns the mean time of one `create` in the last population, ms.
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
  let createMs = 0;
  for (const level of levels) {
    const start = performance.now();
    const filling = population.fill(level);
    if (filling !== undefined) await filling;
    createMs = (performance.now() - start) / level;
    await nextTask();
    log.take(level, population.created);
    const dropping = population.drop();
    if (dropping !== undefined) await dropping;
    if (finalize !== undefined) await finalize();
  }
  return createMs;
}

/**
 * FinalizationRegistry callbacks and addon finalizers run as tasks after a collection has found their objects
 * dead. Called after a population was dropped. Finds out whether such tasks free anything here. If they do,
 * returns the step that lets them run between levels; most subjects need no such step, and it costs a
 * collection.
 */
async function finalizerOf(gc: FullGc): Promise<(() => Promise<void>) | undefined> {
  const finalize = async (): Promise<void> => {
    gc.collect();
    await nextTask();
  };
  gc.collect();
  const before = liveBytes();
  await finalize();
  gc.collect();
  return liveBytes() < before ? finalize : undefined;
}

function liveBytes(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

export function fullGc(): { gc: FullGc; rejected: ObservedGc[] } {
  const found = findFullGc();
  if ("collect" in found) return { gc: found, rejected: [] };
  const tried = found.rejected
    .map(({ call, proof }) => `${call} ran ${proof.join(" + ") || "nothing"}`)
    .join("; ");
  throw new BytesperError(
    "INSTRUMENT_OFF",
    `No gc call of Node ${process.versions.node} ran a full mark-compact (${tried}), so retained bytes cannot be read here; start the process with --expose-gc or use another Node.`,
  );
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
  if (spec.ledger) await weighCold(population, size, log, stream);
  await warmUp(population, { ...spec, levels: [size], warmUp: size }, log);
  await finalizerOf(gc);
  await readLevels(population, [size], log, undefined);
  log.rows();
  log.clear();
}

/**
 * Makes the common warm-up population, then one of full size. After that, hidden classes, feedback and caches
 * no longer change.
 */
async function warmUp(population: Population, spec: ProtocolSpec, log: SettledLog): Promise<void> {
  for (const size of [spec.warmUp, Math.max(spec.warmUp, ...spec.levels)]) {
    const filling = population.fill(size);
    if (filling !== undefined) await filling;
    await dropAll(population);
  }
  log.take(0, population.created);
}

/**
 * Compares the first population, which uses fresh pages, with the kernel's counters. Call it right after a
 * reading, when the heap is settled. Its results leave as `ledger` records; the last two are the subject's,
 * earlier ones come from the rehearsal.
 */
async function weighCold(
  population: Population,
  size: number,
  log: SettledLog,
  stream: Stream,
): Promise<void> {
  stream({ type: "ledger", phase: "before", instances: 0, reading: readLedger() });
  const filling = population.fill(size);
  if (filling !== undefined) await filling;
  await nextTask();
  log.take(size, population.created);
  stream({ type: "ledger", phase: "after", instances: size, reading: readLedger() });
  await dropAll(population);
}

async function dropAll(population: Population): Promise<void> {
  const dropping = population.drop();
  if (dropping !== undefined) await dropping;
}

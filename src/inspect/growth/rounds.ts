import { setImmediate as nextTask, setTimeout as wait } from "node:timers/promises";
import { GCProfiler, getHeapStatistics, writeHeapSnapshot } from "node:v8";
import type { SubjectContext } from "../../experiment/define.js";
import type { LoadedSubject, SubjectReference } from "../../experiment/subject.js";
import { BytesperError } from "../../base/errors.js";
import { sentence } from "../../base/sentence.js";
import { finalizerOf } from "../../measure/finalizers.js";
import { cacheDropper, fullGc } from "../../measure/gc.js";
import { readLedger } from "../../measure/ledger.js";
import { trimMalloc } from "../../system/probe/malloc.js";
import { SettledLog } from "../../measure/settle.js";
import type { Reading } from "../../system/probe/reading.js";
import { loadCalled } from "./load.js";

export interface RoundsOrder {
  subject: SubjectReference;
  /** Wall time for all calls, ms. */
  budgetMs: number;
  /** Calls of the shortest round, if they are given. */
  calls?: number;
  /** Folder for two snapshots, between which the calls of one round are made; no readings then. */
  snapshots?: string;
}

/** One reading, after so many calls, with everything collected. */
export interface RoundReading {
  calls: number;
  heapBytes: number;
  externalBytes: number;
  mallocBytes: Reading;
  pssAnonBytes: Reading;
  /** Pages of V8's heap, filled or not. */
  heapPhysicalBytes: number;
  settled: boolean;
}

export interface RoundsData {
  readings: RoundReading[];
  /** Calls that were watched for what they allocate, and what the collector did meanwhile. */
  watched: { calls: number; allocatedBytes: number; scavenges: number; majors: number; wallMs: number };
  /** Timers, sockets and other handles that were open at the end and not at the start. */
  leftOpen: number;
}

/** Each round makes as many calls as all before it. So a table that doubles grows once in each. */
const ROUNDS = 6;
const FEWEST_CALLS = 16;
const MOST_CALLS = 1000;
/** All calls together: one unit for the first round, and 1, 2, 4, 8 and 16 for the next ones. */
const UNITS = 2 ** (ROUNDS - 1);
/** A leak that has filled this much needs no further round. */
const ENOUGH_BYTES = 2 ** 27;
/** Times the budget; then no further round begins. */
const LATEST = 2;
const YIELD_EVERY = 64;
const MOST_WAIT_MS = 1000;
/** Collections while as many calls are made as in the first round. */
const MOST_COLLECTIONS_A_UNIT = 4;

/**
 * Runs in a process of its own: calls, and reads what stays after each round.
 *
 * All calls and readings are in one asynchronous function. What the called function adds to the asynchronous
 * context of its caller (AsyncLocalStorage) then stays, as it does in a loop that never ends.
 */
export async function runRounds(order: RoundsOrder): Promise<RoundsData> {
  const { gc } = fullGc();
  const dropCaches = await cacheDropper(gc);
  const caller = new Caller(await loadCalled(order.subject), order.subject.name);
  await caller.prepare();
  const open = openHandles();
  const log = new SettledLog(gc.collect);
  const readings: RoundReading[] = [];
  const plan = new Plan(order);
  const watch = new Watch();
  for (let step = plan.next(readings); step !== undefined; step = plan.next(readings)) {
    if (step.watched) watch.start();
    for (let turn = 0; turn < step.calls && !plan.isOver(turn); turn++) {
      const value = caller.start();
      if (isThenable(value)) await caller.ended(value);
      const released = caller.release();
      if (isThenable(released)) await released;
      // What a call leaves for the next turn of the event loop is done, as between requests.
      if (turn % YIELD_EVERY === YIELD_EVERY - 1) await nextTask();
      plan.made++;
      if (!step.watched && plan.collectsNow()) {
        gc.collect();
        // Finalizers run as tasks.
        await nextTask();
      }
    }
    if (step.watched) {
      watch.stop(step.calls);
      break;
    }
    await quiet(open);
    plan.collectionMs = timed(gc.collect);
    await dropCaches();
    await finalizerOf(gc);
    if (step.snapshot !== undefined) writeHeapSnapshot(step.snapshot);
    else readings.push(readingOf(log, plan.made));
  }
  return { readings, watched: watch.result, leftOpen: Math.max(0, openHandles() - open) };
}

function readingOf(log: SettledLog, calls: number): RoundReading {
  const row = log.take(0, 0);
  // Free chunks are no growth: calls that allocate in many sizes leave megabytes of them once.
  trimMalloc();
  const { pssAnonBytes, heapPhysicalBytes } = readLedger();
  const { heapBytes, externalBytes, mallocBytes, settled } = log.rows()[row] as ReturnType<
    SettledLog["rows"]
  >[number];
  return { calls, heapBytes, externalBytes, mallocBytes, pssAnonBytes, heapPhysicalBytes, settled };
}

interface Step {
  calls: number;
  /** Allocations are counted, and nothing is read after it. */
  watched?: boolean;
  /** Where a snapshot is written in place of a reading. */
  snapshot?: string;
}

/** Decides how many calls come next. */
class Plan {
  made = 0;
  collectionMs = 0;
  readonly #order: RoundsOrder;
  #unit = 0;
  #round = -1;
  #began = 0;
  #until = Number.POSITIVE_INFINITY;

  constructor(order: RoundsOrder) {
    this.#order = order;
  }

  next(readings: readonly RoundReading[]): Step | undefined {
    this.#round++;
    this.#until = Number.POSITIVE_INFINITY;
    const { snapshots, calls, budgetMs } = this.#order;
    if (snapshots !== undefined)
      return this.#round < 2
        ? { calls: 2 * (calls ?? FEWEST_CALLS), snapshot: `${snapshots}/${this.#round + 1}.heapsnapshot` }
        : undefined;
    if (this.#round === 0) return { calls: 0 };
    // What a function loads and compiles at its first calls is read apart.
    if (this.#round === 1) return { calls: Math.min(FEWEST_CALLS, calls ?? FEWEST_CALLS) };
    if (this.#round === 2) {
      this.#began = performance.now();
      // Timed to the end, because calls of what grows may become slower and slower.
      if (calls === undefined) this.#until = this.#began + budgetMs / UNITS;
      return { calls: calls ?? MOST_CALLS };
    }
    if (this.#round === 3) this.#unit = this.made;
    if (this.#round > ROUNDS + 1 || this.#isEnough(readings)) return { calls: this.#unit, watched: true };
    return { calls: this.made };
  }

  /**
   * Garbage that piles up raises tables of V8 (such as that of weak handles, one for each object of Intl), and they
   * stay as large as they were at the most. So no later round may pile up more than the first ones did: collections
   * come after the same number of calls in each, and take no longer than the calls may.
   */
  collectsNow(): boolean {
    if (this.#unit === 0) return false;
    const most = this.#order.budgetMs / UNITS / this.collectionMs;
    const each = Math.max(1, Math.min(MOST_COLLECTIONS_A_UNIT, Math.floor(most)));
    return this.made % Math.ceil(this.#unit / each) === 0;
  }

  /** Whether the first round, which has a time and no number of calls, ends before this turn. */
  isOver(turn: number): boolean {
    return turn >= FEWEST_CALLS && turn % FEWEST_CALLS === 0 && performance.now() >= this.#until;
  }

  /** Three rounds after the first one are enough to tell, if there is no time or no memory for more. */
  #isEnough(readings: readonly RoundReading[]): boolean {
    if (readings.length <= 5) return false;
    const [first, last] = [readings[0], readings.at(-1)] as [RoundReading, RoundReading];
    const grown = last.heapBytes + last.externalBytes - first.heapBytes - first.externalBytes;
    const room = getHeapStatistics().heap_size_limit / 3;
    return (
      performance.now() - this.#began > LATEST * this.#order.budgetMs || grown > Math.min(ENOUGH_BYTES, room)
    );
  }
}

/**
 * What calls allocate: the growth of the heap, and what each collection took away meanwhile. Both hold
 * memory outside the heap that V8 knows of.
 */
class Watch {
  result: RoundsData["watched"] = { calls: 0, allocatedBytes: 0, scavenges: 0, majors: 0, wallMs: 0 };
  readonly #profiler = new GCProfiler();
  #before = 0;
  #began = 0;

  start(): void {
    this.#profiler.start();
    this.#before = live();
    this.#began = performance.now();
  }

  stop(calls: number): void {
    const wallMs = performance.now() - this.#began;
    const grown = live() - this.#before;
    const collections = this.#profiler.stop().statistics;
    let [collected, majors] = [0, 0];
    for (const { gcType, beforeGC, afterGC } of collections) {
      const [had, has] = [beforeGC.heapStatistics, afterGC.heapStatistics];
      collected += had.usedHeapSize + had.externalMemory - has.usedHeapSize - has.externalMemory;
      if (gcType.startsWith("MarkSweep")) majors++;
    }
    const scavenges = collections.filter(({ gcType }) => gcType === "Scavenge").length;
    this.result = { calls, allocatedBytes: Math.max(0, grown + collected), scavenges, majors, wallMs };
  }
}

function live(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

/** Calls one function again and again, each time with a new index. */
class Caller {
  readonly #subject: LoadedSubject;
  readonly #context: SubjectContext = { factors: {}, seed: 1, emit: () => undefined };
  readonly #name: string;
  #made = 0;
  #instance: unknown;

  constructor(subject: LoadedSubject, name: string) {
    this.#subject = subject;
    this.#name = name;
  }

  async prepare(): Promise<void> {
    await this.#subject.prepare?.(this.#context);
  }

  start(): unknown {
    try {
      return (this.#instance = this.#subject.create(this.#made++, this.#context));
    } catch (error) {
      throw this.#threw(error);
    }
  }

  async ended(value: PromiseLike<unknown>): Promise<void> {
    try {
      this.#instance = await value;
    } catch (error) {
      throw this.#threw(error);
    }
  }

  release(): unknown {
    const instance = this.#instance;
    this.#instance = undefined;
    return this.#subject.release?.(instance);
  }

  #threw(error: unknown): BytesperError {
    return new BytesperError(
      "SUBJECT_THREW",
      `Call ${this.#made - 1} of ${this.#name} threw: ${sentence(error)}.`,
      { cause: error },
    );
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function timed(action: () => void): number {
  const began = performance.now();
  action();
  return performance.now() - began;
}

function openHandles(): number {
  return process.getActiveResourcesInfo().length;
}

/** Waits until timers, sockets and reads that the calls began have ended: what they hold is no growth. */
async function quiet(open: number): Promise<void> {
  const until = performance.now() + MOST_WAIT_MS;
  for (let turn = 0; turn < 4; turn++) await nextTask();
  while (openHandles() > open && performance.now() < until) await wait(10);
}

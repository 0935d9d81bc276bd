import { largestOf, smallestOf } from "../base/stats/extremes.js";
import { heapAndExternal, retainedPerInstance } from "../analysis/trials.js";
import { BytesperError } from "../base/errors.js";
import { NULL_SUBJECT } from "../measure/load-subject.js";
import type { ProtocolData } from "../measure/protocol.js";
import type { Result } from "../record/schema.js";
import type { CellEnd } from "../record/cell-end.js";
import type { CellWork } from "../runner/cell/work.js";
import { measure } from "../runner/measure.js";
import { runSingleCell } from "../runner/single-cell.js";
import { median } from "../base/stats/median.js";
import type { CurrentTest } from "./current-test.js";
import type { FreshRunOptions } from "./fresh-run.js";
import { freshRun } from "./fresh-run.js";
import type { Leak } from "./leak/find.js";
import type { LeakWork } from "./leak/snapshots.js";
import { SUBJECT_KEY } from "./measuring-side.js";
import type { Thrown } from "./order.js";
import { sourceOf } from "./order.js";
import { ModuleSubject } from "./subject.js";

/** Number of new processes per measurement. A result from fewer carries the warning `few-processes`. */
const TRIALS = 3;
/** Time kept free before the test's timeout, for the failure message and the test runner. */
const SPARE_MS = 500;

/** Bytes per instance that stayed in memory, over all processes. */
export interface Left {
  bytes: number;
  low: number;
  high: number;
  processes: number;
  detectableBytes: number;
  /** Number of instances that each process created and dropped between its readings. */
  made: number;
}

/** Measures one subject in new processes. Each reading is taken only once. */
export class Measurement {
  readonly #received: unknown;
  readonly #test: CurrentTest;
  readonly #anew: boolean;
  readonly #deadline: number;
  readonly #cells = new Map<string, Promise<CellEnd>>();
  readonly #protocols: ProtocolData[] = [];
  #thrown: Thrown | undefined;

  /**
   * @param anew whether each instance in a process gets a new index, so that none replaces an earlier one
   * @param anew whether no index is given twice in a process, so that no instance takes the place of an earlier one
   */
  constructor(received: unknown, test: CurrentTest, anew: boolean) {
    this.#anew = anew;
    this.#received = received;
    this.#test = test;
    this.#deadline = performance.now() + test.leftMs - SPARE_MS;
  }

  /**
   * Bytes per instance. The snapshot shows where the bytes are and takes some seconds more.
   *
   * Throws the factory's error, and a `BytesperError` if nothing could be measured.
   */
  async result(snapshot: boolean): Promise<Result> {
    const leftMs = this.#deadline - performance.now();
    const signal = signalAfter(leftMs);
    const timeoutMs = TIMEOUT_MS;
    const name = this.#name();
    const opened =
      this.#received instanceof ModuleSubject
        ? {}
        : {
            opened: {
              reference: { url: SUBJECT_URL, path: ["subject"], name },
              doubts: [],
              dispose: () => undefined,
            },
          };
    try {
      return await measure(name, {
        compilers: "off",
        trials: TRIALS,
        snapshot,
        kernel: false,
        seed: 1,
        timeoutMs,
        signal,
        progress: () => undefined,
        run: (work) => this.#once(work, timeoutMs, signal),
        ...opened,
      });
    } catch (error) {
      if (this.#thrown !== undefined) throw errorOf(this.#thrown);
      if (error instanceof BytesperError && error.code === "INTERRUPTED") throw tooLate(this.#test);
      throw error;
    }
  }

  /** Bytes that each instance left after it was dropped, and the smallest amount that could be detected. */
  left(): Left {
    const made = largestOf([1, ...this.#protocols.map(({ end, warm }) => end.created - warm.created)]);
    const all = this.#protocols.map((data) => retainedPerInstance(data, heapAndExternal));
    return {
      bytes: median(all),
      low: smallestOf(all),
      high: largestOf(all),
      processes: all.length,
      detectableBytes: DRIFT_BYTES / made,
      made,
    };
  }

  /** What stays in memory and what holds it, or why that is unknown. */
  async leak(): Promise<{ leak: Leak; instances: number } | { absent: string }> {
    const instances = Math.min(MOST_LEFT, this.left().made);
    const work: LeakWork = {
      kind: "leak",
      subject: { url: SUBJECT_URL, path: ["subject"], name: this.#name() },
      context: { factors: {}, seed: 1 },
      instances,
      folder: "",
    };
    const signal = signalAfter(this.#deadline - performance.now());
    const end = await freshRun(this.#test, work, this.#freshOptions(TIMEOUT_MS, signal));
    return end.outcome === "ok"
      ? { leak: end.data as Leak, instances }
      : { absent: end.cause ?? `the run that looked for it ended as ${end.outcome}` };
  }

  #freshOptions(timeoutMs: number, signal: AbortSignal): FreshRunOptions {
    const onThrown = (thrown: Thrown): void => {
      this.#thrown ??= thrown;
    };
    return { source: sourceOf(this.#received), anew: this.#anew, timeoutMs, signal, onThrown };
  }

  #name(): string {
    const { file, fullName } = this.#test;
    return this.#received instanceof ModuleSubject
      ? this.#received.from(file)
      : `the factory of "${fullName}"`;
  }

  #once(work: CellWork, timeoutMs: number, signal: AbortSignal): Promise<CellEnd> {
    const key = JSON.stringify(work);
    const known = this.#cells.get(key);
    if (known !== undefined) return known;
    const end = this.#run(work, timeoutMs, signal).then((cell) => {
      if (cell.outcome === "ok" && work.kind === "protocol" && work.protocol.subject.url !== NULL_SUBJECT.url)
        this.#protocols.push(cell.data as ProtocolData);
      return cell;
    });
    this.#cells.set(key, end);
    return end;
  }

  #run(work: CellWork, timeoutMs: number, signal: AbortSignal): Promise<CellEnd> {
    if (this.#received instanceof ModuleSubject)
      return runSingleCell(work, { compilers: "off", timeoutMs, signal });
    return freshRun(this.#test, work, this.#freshOptions(timeoutMs, signal));
  }
}

/** Imported in the measured process. The matcher has stored there what the test passed to `expect`. */
const SUBJECT_URL = `data:text/javascript,${encodeURIComponent(
  `export const subject = globalThis[Symbol.for(${JSON.stringify(SUBJECT_KEY)})];`,
)}`;

const TIMEOUT_MS = 300_000;

/** Growth of an empty process, bytes, that `retainedPerInstance` counts as drift of the instrument. */
const DRIFT_BYTES = 4096;

/** The factory's error, with the name, message and stack from the new process. */
function errorOf({ name, message, stack }: Thrown): Error {
  const error = new Error(message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}

function signalAfter(leftMs: number): AbortSignal {
  // A timer of Node takes at most 2^31 - 1 ms.
  if (!(leftMs < 2 ** 31)) return new AbortController().signal;
  return AbortSignal.timeout(Math.max(1, Math.round(leftMs)));
}

/**
 * Most instances between the snapshots: enough to distinguish them from the runner's own objects, and few
 * enough for small snapshots.
 */
const MOST_LEFT = 100;

function tooLate({ timeoutMs }: CurrentTest): BytesperError {
  return new BytesperError(
    "INTERRUPTED",
    `Measuring in fresh processes takes longer than the ${timeoutMs / 1000} s that this test may take; give it more, such as test(name, { timeout: 60_000 }, ...), or raise testTimeout.`,
  );
}

import { BytesperError } from "../base/errors.js";
import type { SubjectReference } from "../experiment/subject.js";
import type { GrowthAnswer, RoundsData } from "../inspect/growth/index.js";
import { answerOf } from "../inspect/growth/index.js";
import type { Result } from "../record/schema.js";
import type { CellEnd } from "../record/cell-end.js";
import type { CellWork } from "../runner/cell/work.js";
import { measure } from "../runner/measure.js";
import { runSingleCell } from "../runner/single-cell.js";
import type { CurrentTest } from "./current-test.js";
import type { FreshRunOptions } from "./fresh-run.js";
import { freshRun } from "./fresh-run.js";
import type { Leak } from "./leak/find.js";
import type { LeakWork } from "./leak/snapshots.js";
import { SUBJECT_KEY } from "./measuring-side.js";
import type { RoundsWork, Thrown } from "./order.js";
import { sourceOf } from "./order.js";
import { ModuleSubject } from "./subject.js";

/** Number of new processes per measurement. A result from fewer carries the warning `few-processes`. */
const TRIALS = 3;
/** Time kept free before the test's timeout, for the failure message and the test runner. */
const SPARE_MS = 500;

/** Measures one subject in new processes. Each reading is taken only once. */
export class Measurement {
  readonly #received: unknown;
  readonly #test: CurrentTest;
  readonly #anew: boolean;
  readonly #deadline: number;
  readonly #cells = new Map<string, Promise<CellEnd>>();
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
              reference: this.#reference(),
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

  /** What instances that are made and dropped leave behind, judged as `bytesper growth` judges calls. */
  async growth(): Promise<GrowthAnswer> {
    const order = { subject: this.#reference(), budgetMs: ROUNDS_MS };
    const trials: RoundsData[] = [];
    for (let trial = 0; trial < TRIALS; trial++) {
      const end = await this.#fresh({ kind: "rounds", order });
      if (end.outcome === "ok") {
        trials.push(end.data as RoundsData);
        continue;
      }
      if (this.#thrown !== undefined) throw errorOf(this.#thrown);
      if (end.outcome === "interrupted") throw tooLate(this.#test);
      throw new BytesperError(
        end.code ?? "CELL_FAILED",
        `What ${this.#name()} leaves behind was not measured: ${end.cause ?? end.outcome}`,
      );
    }
    return answerOf(this.#name(), trials);
  }

  /** What stays in memory and what holds it, or why that is unknown. */
  async leak(calls: number): Promise<{ leak: Leak; instances: number } | { absent: string }> {
    const instances = Math.min(MOST_LEFT, calls);
    const end = await this.#fresh({
      kind: "leak",
      subject: this.#reference(),
      context: { factors: {}, seed: 1 },
      instances,
      folder: "",
    });
    return end.outcome === "ok"
      ? { leak: end.data as Leak, instances }
      : { absent: end.cause ?? `the run that looked for it ended as ${end.outcome}` };
  }

  #reference(): SubjectReference {
    return { url: SUBJECT_URL, path: ["subject"], name: this.#name() };
  }

  #fresh(work: LeakWork | RoundsWork): Promise<CellEnd> {
    const signal = signalAfter(this.#deadline - performance.now());
    return freshRun(this.#test, work, this.#freshOptions(TIMEOUT_MS, signal));
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
    const end = this.#run(work, timeoutMs, signal);
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

/** Time in which one process makes and drops its instances. */
const ROUNDS_MS = 2000;

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

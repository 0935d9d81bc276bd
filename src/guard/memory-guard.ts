import { BytesperError } from "../base/errors.js";
import type { Reading } from "../system/probe/reading.js";
import type { ActiveRule } from "./active-rule.js";
import { assemble } from "./assemble.js";
import { decide } from "./decide.js";
import { defaultListener } from "./listener.js";
import { loadMetrics } from "./log/load-metrics.js";
import type { MemoryLog } from "./log/memory-log.js";
import type { Readings } from "./readings.js";
import { RuleEngine } from "./rule-engine.js";
import type { MemoryGuardOptions, RuleStanding } from "./guard-options.js";
import { suggestion } from "../base/nearest-name.js";
import type { SamplingCost } from "./sample-clock.js";
import { SampleClock } from "./sample-clock.js";
import { deviceSource } from "./sources/device-source.js";
import { hostSource } from "./sources/host-source.js";
import { poolSource } from "./sources/pool-source.js";
import { processSource } from "./sources/process-source.js";
import type { ReadingSource } from "./sources/source.js";
import { GuardStop } from "./stop.js";
import type { Decision, GuardDoubt, GuardEvent } from "./types.js";

const DEFAULT_SAMPLE_MS = 250;

/**
 * Soft barriers for memory: rules over readings and the program's own numbers, with hysteresis.
 *
 * Call `step()` at the start of each iteration. Its decision holds for the whole iteration. It takes less than 2 us
 * if the readings are fresh. Readings older than `sampleMs` are sampled again: after `start()` by a timer if the
 * event loop runs, otherwise by `step()`. Rules that use only `set` numbers are evaluated in each step after a `set`,
 * the other rules at each sample.
 */
export class MemoryGuard {
  readonly #rules: readonly ActiveRule[];
  readonly #readings: Readings;
  readonly #engine: RuleEngine;
  readonly #clock: SampleClock;
  readonly #setPlaces: ReadonlyMap<string, number>;
  readonly #branches: ReadonlySet<string>;
  readonly #now: () => number;
  readonly #throws: boolean;
  readonly #tell: (event: GuardEvent) => void;
  readonly #log: MemoryLog | undefined;
  readonly #doubts = new Map<string, GuardDoubt>();
  #skipped: ReadonlySet<string> = new Set();
  #decision: Decision = { mayGrow: true, skipped: [], fired: [] };
  #steps = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Throws `BAD_INPUT` for rules that cannot be parsed, contradict each other, or could never fire here. */
  constructor(options: MemoryGuardOptions) {
    const { rules, numbers = {}, onStop = "throw", sampleMs = DEFAULT_SAMPLE_MS } = options;
    if (!(sampleMs >= 0 && sampleMs < 2 ** 31))
      throw new BytesperError("USAGE", `sampleMs must be milliseconds from 0, not ${sampleMs}.`);
    this.#now = options.now ?? (() => performance.now());
    this.#throws = onStop === "throw";
    this.#tell = options.onEvent ?? defaultListener;
    this.#log = options.log;
    this.#clock = new SampleClock(sampleMs, options.mostSamplingShare);
    const assembled = assemble(rules, numbers, options.sources ?? ownSources(options));
    this.#rules = assembled.rules;
    this.#readings = assembled.readings;
    this.#setPlaces = assembled.setPlaces;
    this.#branches = new Set(assembled.rules.flatMap(({ branches }) => branches));
    const doubt = (doubt: GuardDoubt): void => {
      this.#doubt(doubt);
    };
    this.#engine = new RuleEngine({
      rules: this.#rules,
      readings: this.#readings,
      now: this.#now,
      tell: this.#tell,
      doubt,
      onCleaned: () => {
        this.#clock.makeDue();
        // If a cleanup ends during an evaluation, the next evaluation measures it.
        if (!this.#engine.isRunning) this.sample();
      },
    });
    assembled.doubts.forEach(doubt);
  }

  /** Starts a timer for samples. It works while the event loop runs, and does not keep the process alive. */
  start(): this {
    this.#timer ??= this.#nextTimer();
    return this;
  }

  /** Stops the timer. Reports rules that did nothing at the end because a reading was absent. */
  close(): void {
    this.#engine.tellAbsent();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /**
   * Sets one of the program's own numbers. A number that is not finite counts as absent. Throws `USAGE` for an
   * unknown name.
   */
  set(name: string, value: number): void {
    const place = this.#setPlaces.get(name);
    if (place === undefined) throw unknown("number", name, this.#setPlaces.keys());
    this.#readings.set(place, value);
  }

  /**
   * Begins an iteration. The returned decision, `allows` and `mayGrow` stay the same until the next call. If a rule
   * stops the program, throws `GuardStop`, or returns the reason if `onStop` is "return".
   */
  step(): Decision {
    this.#steps++;
    const now = this.#now();
    if (this.#clock.isDue(now)) this.sample();
    else if (this.#readings.anyFresh) this.#engine.evaluate(now, false);
    if (this.#engine.takeChanged()) {
      this.#decision = decide(this.#rules);
      this.#skipped = new Set(this.#decision.skipped);
    }
    const { stop } = this.#decision;
    if (stop !== undefined && this.#throws) throw new GuardStop(stop);
    return this.#decision;
  }

  /** Whether a branch may run in this iteration. Throws `USAGE` for a branch that no rule names. */
  allows(branch: string): boolean {
    if (this.#skipped.has(branch)) return false;
    if (this.#branches.has(branch)) return true;
    throw unknown("branch", branch, this.#branches);
  }

  /** Whether the program may take more memory in this iteration. */
  mayGrow(): boolean {
    return this.#decision.mayGrow;
  }

  /** Samples and evaluates the rules now. The next `step` returns the result. */
  sample(): void {
    if (this.#engine.isRunning) return;
    const begin = this.#now();
    this.#readings.sample();
    const now = this.#now();
    if (this.#clock.took(begin, now)) this.#doubt(this.#clock.slowedDoubt());
    this.#engine.evaluate(now, true);
  }

  /** The last sample of a reading, or one of the program's own numbers. */
  reading(name: string): Reading {
    return this.#readings.get(name);
  }

  /** Readings and numbers that occur in rules. */
  get readingNames(): string[] {
    return [...new Set(this.#rules.flatMap(({ names }) => [...names]))];
  }

  /** The latest doubt of each kind and rule. */
  get doubts(): readonly GuardDoubt[] {
    return [...this.#doubts.values()];
  }

  get sampling(): SamplingCost {
    return this.#clock.cost;
  }

  get steps(): number {
    return this.#steps;
  }

  get branches(): string[] {
    return [...this.#branches];
  }

  get rules(): RuleStanding[] {
    return this.#rules.map(({ rule, action, state, firings, cleanup }) => ({
      name: rule.name,
      action,
      fired: state.fired,
      firings,
      cleanups: cleanup?.calls ?? 0,
    }));
  }

  /** Rules, readings and, if given, the log's statistics in the text format of Prometheus. */
  async metrics(): Promise<string> {
    const { guardMetrics } = await loadMetrics(() => import("./log/guard-metrics.js"));
    return guardMetrics(this, this.#log);
  }

  #nextTimer(): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.sample();
      if (this.#timer !== undefined) this.#timer = this.#nextTimer();
    }, this.#clock.intervalMs);
    return timer.unref();
  }

  #doubt(doubt: GuardDoubt): void {
    this.#doubts.set(`${doubt.name} ${doubt.rule ?? ""}`, doubt);
    this.#tell({ event: "doubt", doubt, message: doubt.message });
  }
}

function ownSources({ pool, device }: MemoryGuardOptions): ReadingSource[] {
  return [processSource(), hostSource(), poolSource(pool), deviceSource({ device })];
}

function unknown(kind: "number" | "branch", name: string, known: Iterable<string>): BytesperError {
  const names = [...known];
  const what = kind === "number" ? `takes no number "${name}"` : `has no rule that skips "${name}"`;
  const have = names.length === 0 ? "; it has none" : `; it has ${names.join(", ")}`;
  return new BytesperError("USAGE", `The guard ${what}${suggestion(name, names) || have}.`);
}

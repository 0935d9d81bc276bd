import { BytesperError } from "../base/errors.js";
import type { Reading } from "../system/probe/reading.js";
import type { ActiveRule } from "./active-rule.js";
import { assemble } from "./assemble.js";
import { decide } from "./decide.js";
import { defaultListener } from "./listener.js";
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
 * Call `step()` at the start of each iteration: it fixes what holds in the iteration, and costs well under 2 us while
 * the readings are fresh. Readings are sampled when they are older than `sampleMs`, by a timer after `start()` where
 * the event loop turns, else by `step()` itself. Rules over numbers of `set` alone are evaluated in every step that
 * follows a `set`, the others with every sample.
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

  /** Throws `BAD_INPUT` for rules that cannot be read, contradict each other, or could never fire here. */
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
        // A cleanup that ended within an evaluation is measured by the next one.
        if (!this.#engine.isRunning) this.sample();
      },
    });
    assembled.doubts.forEach(doubt);
  }

  /** Samples by a timer too, where the event loop turns; the timer does not keep the process alive. */
  start(): this {
    this.#timer ??= this.#nextTimer();
    return this;
  }

  /** Ends the timer, and says which rules did nothing at the last look for want of a reading. */
  close(): void {
    this.#engine.tellAbsent();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Sets a number of the program's own; what is not finite counts as absent. Throws `USAGE` for another name. */
  set(name: string, value: number): void {
    const place = this.#setPlaces.get(name);
    if (place === undefined) throw unknown("number", name, this.#setPlaces.keys());
    this.#readings.set(place, value);
  }

  /**
   * Begins an iteration: what it answers, `allows` and `mayGrow` hold until the next call. Throws `GuardStop` while a
   * rule stops the program, or answers with the reason where `onStop` is "return".
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

  /** Whether the branch may run in this step. Throws `USAGE` for a branch that no rule names. */
  allows(branch: string): boolean {
    if (this.#skipped.has(branch)) return false;
    if (this.#branches.has(branch)) return true;
    throw unknown("branch", branch, this.#branches);
  }

  /** Whether the program may take more memory in this step. */
  mayGrow(): boolean {
    return this.#decision.mayGrow;
  }

  /** Takes all readings now and evaluates the rules; the next `step` shows the result. */
  sample(): void {
    if (this.#engine.isRunning) return;
    const begin = this.#now();
    this.#readings.sample();
    const now = this.#now();
    if (this.#clock.took(begin, now)) this.#doubt(this.#clock.slowedDoubt());
    this.#engine.evaluate(now, true);
  }

  /** A reading that a rule names, as it was sampled, or a number of the program's own. */
  reading(name: string): Reading {
    return this.#readings.get(name);
  }

  /** Readings and numbers that rules name. */
  get readingNames(): string[] {
    return [...new Set(this.#rules.flatMap(({ names }) => [...names]))];
  }

  /** The latest of each kind and rule. */
  get doubts(): readonly GuardDoubt[] {
    return [...this.#doubts.values()];
  }

  get sampling(): SamplingCost {
    return this.#clock.cost;
  }

  get steps(): number {
    return this.#steps;
  }

  /** Every branch that a rule can skip. */
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

  /** All of it in the text format of Prometheus, with the log's where one was given. */
  async metrics(): Promise<string> {
    const { guardMetrics } = await import("./log/guard-metrics.js");
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

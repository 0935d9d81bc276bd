import type { Absent } from "../system/probe/reading.js";
import { isAbsent } from "../system/probe/reading.js";
import type { ActiveRule } from "./active-rule.js";
import { absentDoubt } from "./assemble.js";
import { FRUITLESS_CLEANUPS } from "./cleanup.js";
import { LIMIT_READINGS } from "./reading-names.js";
import type { Readings } from "./readings.js";
import { amount } from "./rules/amount.js";
import type { GuardDoubt, GuardEvent } from "./types.js";

export interface EngineOptions {
  rules: readonly ActiveRule[];
  readings: Readings;
  now: () => number;
  tell: (event: GuardEvent) => void;
  doubt: (doubt: GuardDoubt) => void;
  /** Called when a cleanup has ended, so that new readings can be taken. */
  onCleaned: () => void;
}

/** Evaluates the rules and runs the actions of those that fired. Evaluations are never nested. */
export class RuleEngine {
  readonly #options: EngineOptions;
  #running = false;
  /** Some rule fired or was released since the last `takeChanged`. */
  #changed = false;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  takeChanged(): boolean {
    const was = this.#changed;
    this.#changed = false;
    return was;
  }

  /**
   * After a sample, evaluates every rule, otherwise only rules with a number that was set since the last evaluation.
   * For a rule that uses only `set` numbers, a sample does not count as an evaluation.
   */
  evaluate(now: number, afterSample: boolean): void {
    if (this.#running) return;
    this.#running = true;
    try {
      const { rules, readings } = this.#options;
      const wasSet = rules.map(({ setPlaces }) => readings.anyOf(setPlaces));
      // This comes before the rules: a number that a cleanup sets belongs to the next evaluation.
      readings.clearFresh();
      rules.forEach((active, index) => {
        const isSet = wasSet[index] === true;
        if (isSet) active.setSinceCleanup = true;
        if (afterSample || isSet) this.#look(active, now, isSet || !active.onlySet);
      });
    } finally {
      this.#running = false;
    }
  }

  get isRunning(): boolean {
    return this.#running;
  }

  #look(active: ActiveRule, now: number, isNew: boolean): void {
    const { rule, state, action } = active;
    const transition = state.evaluate(this.#options.readings.values, now, isNew);
    this.#noteAbsent(active);
    this.#measureCleanup(active);
    if (transition !== "none") this.#changed = true;
    if (transition === "released") {
      const why = state.inert
        ? "a reading is absent"
        : `${rule.left.text} is ${amount(state.value, rule.left.unit)}`;
      const value = state.inert ? {} : { value: state.value };
      const message = `${rule.name} is released: ${why}.`;
      this.#options.tell({ event: "released", rule: rule.name, action, ...value, message });
    }
    if (transition === "fired") {
      active.firings++;
      const { value, threshold } = state;
      const message = `${active.sentence}: ${action}.`;
      this.#options.tell({ event: "fired", rule: rule.name, action, value, threshold, message });
    }
    if (active.cleanup?.isForgotten(now) === true)
      this.#doubt(active, "cleanup-unanswered", "was called and has not come to its end");
    if (state.fired && now - active.lastActMs >= rule.cooldownMs) this.#act(active, now);
  }

  #act(active: ActiveRule, now: number): void {
    const { rule, cleanup } = active;
    const { value, threshold } = active.state;
    if (rule.action === "warn") {
      active.lastActMs = now;
      const message = `${active.sentence}.`;
      this.#options.tell({ event: "warned", rule: rule.name, value, threshold, message });
    }
    if (cleanup === undefined || cleanup.busy) return;
    active.lastActMs = now;
    active.setSinceCleanup = false;
    const message = `${active.sentence}: its cleanup begins.`;
    this.#options.tell({ event: "cleanup-started", rule: rule.name, value, message });
    const before = { startedMs: now, value, bytes: this.#memory() };
    cleanup.start(before, this.#options.now, (failure: Absent | undefined) => {
      if (failure !== undefined) this.#doubt(active, "cleanup-failed", `failed: ${failure.absent}`);
      this.#options.onCleaned();
    });
  }

  /** Measures a cleanup that has ended, with readings taken after its end. */
  #measureCleanup(active: ActiveRule): void {
    const { rule, state, cleanup } = active;
    if (cleanup?.ended !== true || state.inert) return;
    if (active.setPlaces.length > 0 && !active.setSinceCleanup) return;
    const effect = cleanup.measure(
      state.value,
      (name) => this.#options.readings.get(name),
      (after, before) => active.isBetter(after, before),
    );
    if (effect === undefined) return;
    const [before, after] = [effect.before, effect.after].map((value) => amount(value, rule.left.unit));
    const message = `The cleanup of "${rule.name}" took ${rule.left.text} from ${before} to ${after}.`;
    this.#options.tell({ event: "cleanup-done", rule: rule.name, effect, message });
    if (cleanup.takeFruitless())
      this.#doubt(
        active,
        "cleanup-without-effect",
        `freed nothing in its last ${FRUITLESS_CLEANUPS} calls: ${active.sentence}`,
      );
  }

  /** The readings of memory that are present. */
  #memory(): Map<string, number> {
    const { rules, readings } = this.#options;
    const names = new Set(rules.flatMap((active) => [...active.names]));
    return new Map(
      [...names].flatMap((name): [string, number][] => {
        const value = readings.get(name);
        const counts = name.endsWith("Bytes") && !LIMIT_READINGS.has(name);
        return isAbsent(value) || !counts ? [] : [[name, value]];
      }),
    );
  }

  /** Reports rules that do nothing because a reading is absent, even if its source has not started. */
  tellAbsent(): void {
    for (const active of this.#options.rules) {
      const missing = [...active.names].some((name) => isAbsent(this.#options.readings.get(name)));
      if (missing) this.#tellOnce(active);
    }
  }

  #noteAbsent(active: ActiveRule): void {
    const { readings } = this.#options;
    if (!active.state.inert) active.toldAbsent = false;
    else if (!active.toldAbsent && !readings.isAwaitedBySource(active.names)) this.#tellOnce(active);
  }

  #tellOnce(active: ActiveRule): void {
    if (active.toldAbsent) return;
    active.toldAbsent = true;
    this.#options.doubt(absentDoubt(active, this.#options.readings));
  }

  #doubt({ rule }: ActiveRule, name: GuardDoubt["name"], what: string): void {
    this.#options.doubt({ name, rule: rule.name, message: `The cleanup of "${rule.name}" ${what}.` });
  }
}

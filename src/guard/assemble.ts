import { BytesperError } from "../base/errors.js";
import type { Reading } from "../system/probe/reading.js";
import { isAbsent } from "../system/probe/reading.js";
import { ActiveRule } from "./active-rule.js";
import { READING_NAMES, knownReadings } from "./reading-names.js";
import { Readings } from "./readings.js";
import { checkCapacity } from "./rules/capacity-check.js";
import { checkTogether } from "./rules/contradictions.js";
import type { Rule } from "./rules/rule.js";
import { ruleError } from "./rules/rule-error.js";
import { readRule, readingsOfRule } from "./rules/rule.js";
import type { ReadingSource } from "./sources/source.js";
import type { GuardDoubt, OwnNumber, RuleOptions } from "./types.js";

export interface Assembled {
  readings: Readings;
  rules: ActiveRule[];
  /** Index of each number that the program sets. */
  setPlaces: ReadonlyMap<string, number>;
  /** Doubts that are known before the program runs. */
  doubts: GuardDoubt[];
}

const OWN_NAME = /^[A-Za-z_]\w{0,99}$/;

/** Parses the rules, checks them against the capacities, and takes a first sample. Throws `BAD_INPUT`. */
export function assemble(
  given: readonly (string | RuleOptions)[],
  numbers: Readonly<Record<string, OwnNumber>>,
  sources: readonly ReadingSource[],
): Assembled {
  checkNumbers(numbers);
  const known = knownReadings([...sources.flatMap(({ names }) => names), ...Object.keys(numbers)]);
  const rules = given.map((rule) => readRule(rule, known));
  checkTogether(rules);
  const capacityOf = (name: string): Reading | undefined =>
    sources.find(({ names }) => names.includes(name))?.capacityOf(name);
  for (const rule of rules) requireSources(rule, sources);
  const fixed = new Map(
    Object.entries(numbers).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );
  const doubts = rules.flatMap((rule) => checkCapacity(rule, capacityOf, fixed));

  const used = new Set(rules.flatMap(readingsOfRule));
  const readings = new Readings(sources, numbers, used);
  const setNames = Object.keys(numbers).filter((name) => typeof numbers[name] !== "function");
  const active = rules.map((rule) => new ActiveRule(rule, readings, new Set(setNames)));
  readings.sample();
  return {
    readings,
    rules: active,
    setPlaces: new Map(setNames.map((name) => [name, readings.placeOf(name)])),
    doubts: [
      ...doubts,
      ...[...used].flatMap((name) => sources.flatMap((source) => source.doubtOf?.(name) ?? [])),
      ...active.flatMap((rule) => restDoubts(rule, readings)),
    ],
  };
}

/** Throws `BAD_INPUT` for a rule that would do nothing for ever, because what it reads does not exist here. */
function requireSources(rule: Rule, sources: readonly ReadingSource[]): void {
  for (const name of readingsOfRule(rule)) {
    const why = sources.find(({ names }) => names.includes(name))?.neverReads?.(name);
    if (why === undefined) continue;
    throw ruleError(
      rule.text,
      `could never fire: ${name} cannot be read here (${why}); remove the rule, or run where there is a device`,
    );
  }
}

/** Throws `BAD_INPUT` for an invalid name or value. */
export function checkNumbers(numbers: Readonly<Record<string, OwnNumber>>): void {
  for (const [name, number] of Object.entries(numbers)) {
    if (!OWN_NAME.test(name))
      throw new BytesperError(
        "BAD_INPUT",
        `A number of the program's own is named "${name}"; give it a name of letters, digits and _ that begins with a letter.`,
      );
    if (Object.hasOwn(READING_NAMES, name))
      throw new BytesperError(
        "BAD_INPUT",
        `A number of the program's own is named "${name}", which is a reading already; give it another name.`,
      );
    if (number !== null && typeof number !== "function" && !Number.isFinite(number))
      throw new BytesperError(
        "BAD_INPUT",
        `The number "${name}" must be a finite number, a function, or null where it is set later, not ${String(number)}.`,
      );
  }
}

/** If a rule holds before the program has started, its threshold is probably wrong. */
function restDoubts(active: ActiveRule, readings: Readings): GuardDoubt[] {
  const { rule } = active;
  if (active.peek(readings.values))
    return [
      {
        name: "fires-at-rest",
        rule: rule.name,
        message: `The rule "${rule.text}" holds already at the start: ${active.sentence}.`,
      },
    ];
  // A number that the program sets later is no doubt at the start.
  const missing = [...active.names].filter((name) => isAbsent(readings.get(name)));
  // The same holds for a reading whose source has not started.
  if (missing.every((name) => readings.isAwaited(name))) return [];
  active.toldAbsent = true;
  return [absentDoubt(active, readings)];
}

export function absentDoubt({ rule, names }: ActiveRule, readings: Readings): GuardDoubt {
  const reasons = [...names].flatMap((name) => {
    const reading = readings.get(name);
    return isAbsent(reading) ? [`${name} is absent (${reading.absent})`] : [];
  });
  const why = reasons.length > 0 ? reasons.join("; ") : "its sides cannot be computed";
  return {
    name: "reading-absent",
    rule: rule.name,
    message: `The rule "${rule.text}" does nothing at present: ${why}.`,
  };
}

import { bytesWithBinaryUnit, fixed, percent } from "../base/format.js";
import { ownValue } from "../base/own-value.js";
import { sentence } from "../base/sentence.js";
import type { Answer, AnswerRow, AnswerTables, AnswerWords } from "../experiment/answer.js";
import type { Factors } from "../experiment/define.js";
import type { Result, ResultRow } from "../record/schema.js";
import { isAbsent } from "../system/probe/reading.js";

/** Why an answer is unknown: a number that it needs is not there. */
class Unknown extends Error {}

const WORDS: AnswerWords = {
  bytes: bytesWithBinaryUnit,
  count: (value) => fixed(value, 0),
  percent: (share) =>
    percent(share, share === 0 ? 0 : Math.max(0, 1 - Math.floor(Math.log10(100 * Math.abs(share))))),
  times: (ratio) => `${fixed(ratio, ratio < 10 ? 1 : 0)} times`,
};

/** The sentence that answers the question of a result, or why there is none. */
export function answerFrom(result: Result, answer: Answer): string | { absent: string } {
  try {
    return answer(tablesOf(result), WORDS);
  } catch (error) {
    return {
      absent: error instanceof Unknown ? error.message : `its answer could not be made: ${sentence(error)}`,
    };
  }
}

function tablesOf(result: Result): AnswerTables {
  const { settings, rollout } = result;
  const rows: AnswerTables["rows"] = (where = {}, part) => {
    const all =
      part === undefined ? result.rows : (result.followUps?.find(({ name }) => name === part)?.rows ?? []);
    return all
      .filter(({ factors }) => Object.entries(where).every(([name, level]) => factors[name] === level))
      .map(rowOf);
  };
  return {
    settings,
    rows,
    row: (where = {}, part) => {
      const [first] = rows(where, part);
      if (first === undefined) throw new Unknown(`the run has no row with ${levels(where)}`);
      return first;
    },
    ...(rollout === undefined ? {} : { rollout: rolloutOf(rollout) }),
  };
}

function levels(where: Factors): string {
  const named = Object.entries(where).map(([name, level]) => `${name} ${String(level)}`);
  return named.length === 0 ? "a result" : named.join(", ");
}

function rolloutOf({
  stages,
  degradation,
  decided,
}: NonNullable<Result["rollout"]>): NonNullable<AnswerTables["rollout"]> {
  const passed = stages.filter(({ verdict }) => verdict === "passed").length;
  if (degradation === undefined) return { decided, stages: passed };
  const flags = degradation.flags.map(({ flag, to }) => `${flag}=${String(to)}`);
  return { decided, stages: passed, failed: { stage: degradation.stage, flags, how: degradation.how } };
}

type Found = { value: number; low: number; high: number } | { above: number };

function rowOf(row: ResultRow): AnswerRow {
  const { factors, outcome } = row;
  const text = (name: string, shown: (value: number) => string): string => {
    const found = foundIn(row, name);
    if ("above" in found) return `more than ${shown(found.above)}`;
    const [value, low, high] = [found.value, found.low, found.high].map(shown);
    return low === high ? `${value}` : `${value} (${low} to ${high})`;
  };
  return {
    factors,
    outcome,
    has: (name) => {
      try {
        return !("above" in foundIn(row, name));
      } catch {
        return false;
      }
    },
    number: (name) => {
      const found = foundIn(row, name);
      if ("above" in found) throw new Unknown(`of ${levels(factors)} only a bound of ${name} is known`);
      return found.value;
    },
    bytes: (name) => text(name, WORDS.bytes),
    count: (name) => text(name, WORDS.count),
  };
}

/** The mean over the runs of the row with its interval, where there are several; else the reading. */
function foundIn({ readings, statistics, factors, outcome, cause }: ResultRow, name: string): Found {
  const repeated = ownValue(statistics ?? {}, name);
  if (repeated !== undefined) {
    const { mean, interval } = repeated;
    return isAbsent(interval)
      ? { value: mean, low: mean, high: mean }
      : { value: mean, low: interval.low, high: interval.high };
  }
  const reading = ownValue(readings, name);
  if (reading === undefined)
    throw new Unknown(`the row with ${levels(factors)} has no ${name} (${cause ?? outcome})`);
  if (isAbsent(reading)) throw new Unknown(reading.absent);
  return reading;
}

import { isAbsent } from "../system/probe/reading.js";
import { largestOf } from "../base/stats/extremes.js";
import { firstSentence } from "../base/sentence.js";
import { kindOf } from "../record/kind.js";
import type { Result } from "../record/schema.js";
import { gridAnswer } from "./grid-answer.js";
import { headline } from "./sections.js";

/** What answers the experiment's question; where nothing does, why, and what the rows say. */
export function answerOf(result: Result): string {
  const { answer, findings = [], fit } = result;
  if (typeof answer === "string") return answer;
  if (findings.length > 0) return findings.join(" ");
  if (kindOf(result) === "population" || !isAbsent(fit)) return headline(result);
  const why = answer === undefined ? "" : `The answer is unknown: ${answer.absent}. `;
  return `${why}${gridAnswer(result)}`;
}

/** The first sentence of the answer, for a table of several. */
export function shortAnswer(result: Result): string {
  return firstSentence(answerOf(result));
}

/** The names of all doubts, each once. */
export function doubtNames({ warnings, missing, complete }: Result): string[] {
  return [
    ...new Set([
      ...(complete ? [] : ["incomplete"]),
      ...warnings.map(({ name }) => name),
      ...(missing.length === 0 ? [] : ["cells-missing"]),
    ]),
  ];
}

/** What stands behind an answer: a quick run, its doubts, and how often it was measured. */
export function standing(result: Result): string[] {
  const names = doubtNames(result);
  const trials = largestOf([0, ...result.rows.map((row) => row.runs?.length ?? row.trials)]);
  return [
    ...(result.settings.quick === true ? ["quick"] : []),
    names.length === 0 ? "no doubts" : `${names.length === 1 ? "doubt" : "doubts"}: ${names.join(", ")}`,
    trials === 1 ? "one run of each row" : `${trials} runs of each row`,
  ];
}

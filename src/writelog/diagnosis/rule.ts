import { largestOf, smallestOf } from "../../base/stats/extremes.js";
import { fixed } from "../../base/format.js";
import type { Gate } from "../analysis/gates.js";
import type { Finding, WriteReport } from "../analysis/report.js";
import type { SummaryReport } from "../summary/join.js";

/** Returns undefined if the log says nothing about the subject of the rule. */
export type Rule = (report: WriteReport, summary: SummaryReport | undefined) => Finding | undefined;

/** From this share on, a sentence says "most". */
export const MOST = 0.5;
/** A gate that stops a smaller share is called almost without effect. */
export const HARDLY_EVER = 0.1;
export const MOST_RUNS = 8;

/** First and last line of the rows that a gate stopped. */
export function span({ reasons }: Gate): string {
  const first = smallestOf(reasons.map(({ firstLine }) => firstLine));
  const last = largestOf(reasons.map(({ lastLine }) => lastLine));
  return first === last ? fixed(first, 0) : `${fixed(first, 0)} to ${fixed(last, 0)}`;
}

export function runNames(runs: readonly { run: number }[]): string {
  const names = runs.slice(0, MOST_RUNS).map(({ run }) => String(run));
  return `${names.length === 1 ? "run" : "runs"} ${names.join(", ")}${runs.length > names.length ? " and more" : ""}`;
}

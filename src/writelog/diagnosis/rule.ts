import { fixed } from "../../base/format.js";
import type { Gate } from "../analysis/gates.js";
import type { Finding, WriteReport } from "../analysis/report.js";
import type { SummaryReport } from "../summary/join.js";

/** Undefined where the log does not show what the rule is about. */
export type Rule = (report: WriteReport, summary: SummaryReport | undefined) => Finding | undefined;

/** A share from which on one thing is said to rule. */
export const MOST = 0.5;
/** Below it a gate stops so few that it decides nothing. */
export const HARDLY_EVER = 0.1;
/** Runs that one sentence names. */
export const MOST_RUNS = 8;

/** First and last line of what a gate stopped. */
export function span({ reasons }: Gate): string {
  const first = Math.min(...reasons.map(({ firstLine }) => firstLine));
  const last = Math.max(...reasons.map(({ lastLine }) => lastLine));
  return first === last ? fixed(first, 0) : `${fixed(first, 0)} to ${fixed(last, 0)}`;
}

export function runNames(runs: readonly { run: number }[]): string {
  const names = runs.slice(0, MOST_RUNS).map(({ run }) => String(run));
  return `${names.length === 1 ? "run" : "runs"} ${names.join(", ")}${runs.length > names.length ? " and more" : ""}`;
}

import type { Finding, WriteReport } from "../analysis/report.js";
import type { SummaryReport } from "../summary/join.js";
import { gateByRun, gates, merges, rateLimit, threshold } from "./gates.js";
import { commitsDieOut, coverage, frozen, growth, quota, stages } from "./growth.js";
import type { Rule } from "./rule.js";

const RULES: Rule[] = [
  gates,
  gateByRun,
  merges,
  stages,
  quota,
  rateLimit,
  commitsDieOut,
  frozen,
  growth,
  threshold,
  coverage,
];

export function diagnose(report: WriteReport, summary?: SummaryReport): Finding[] {
  return RULES.flatMap((rule) => rule(report, summary) ?? []);
}

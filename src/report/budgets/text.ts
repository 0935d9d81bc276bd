import type { Answer } from "../../base/answer.js";
import type { Confirmed } from "./confirm.js";

/** What a report of the budgets needs beside the verdicts. */
export interface ReportContext {
  /** The name of the config, and a function that gives the line of a budget in it. */
  config: string;
  line: (experiment: string, key: string) => number;
  /** The command that measures this experiment again. */
  reproduce: (experiment: string) => string;
}

/** How many budgets hold, and which do not; with `--verbose` each, and what to do about it. */
export function budgetAnswer(confirmed: readonly Confirmed[], context: ReportContext): Answer {
  const failed = confirmed.filter(({ verdict }) => verdict === "over");
  const unknown = confirmed.filter(({ verdict }) => verdict === "unknown");
  return {
    tone: failed.length > 0 ? "bad" : unknown.length > 0 ? "doubt" : "good",
    sentences: [
      closing(confirmed),
      ...failed.flatMap((each) => [
        headline(each).replace(/^OVER +/, ""),
        ...(each.cause === undefined ? [] : [`Why: ${each.cause}`]),
      ]),
    ],
    doubts: unknown.map(({ first, second }) => ({
      name: `${first.experiment}.${first.key}`,
      message: second?.reason ?? first.reason ?? "it could not be judged",
    })),
    next: [
      failed.length === 0
        ? "Each budget: --verbose."
        : "What to do, for each: --verbose. To accept it: --update --allow-raise REASON.",
    ],
    details: budgetText(confirmed, context),
  };
}

/**
 * One line for each budget. For a failed one also: by how much, why, where to change it, and how to measure
 * it again.
 */
function budgetText(confirmed: readonly Confirmed[], context: ReportContext): string {
  const blocks = confirmed.map((each) => {
    const head = headline(each);
    return each.verdict === "over"
      ? [head, ...explanation(each, context).map((line) => `  ${line}`)]
      : [head];
  });
  return `${[...blocks.flat(), closing(confirmed)].join("\n")}\n`;
}

/** The verdict in one line. */
export function headline({ first, second, verdict }: Confirmed): string {
  const { experiment, key, limit, measured, over, reason } = first;
  const name = `${experiment}.${key}`;
  switch (verdict) {
    case "over":
      return `OVER     ${name}: ${measured}; the budget is ${limit}, missed by ${over ?? "an unknown amount"}`;
    case "unknown":
      return `UNKNOWN  ${name}: ${second?.reason ?? reason ?? "it could not be judged"}`;
    case "within":
      return second === undefined
        ? `ok       ${name}: ${measured}; the budget is ${limit}`
        : `ok       ${name}: ${measured} at first and ${second.measured} when measured again; the budget is ${limit}`;
  }
}

export function explanation({ first, second, cause }: Confirmed, context: ReportContext): string[] {
  const { experiment, key } = first;
  return [
    second === undefined
      ? "measured once (no measurement in fresh processes confirmed it)"
      : `measured again in fresh processes: ${second.measured}, missed by ${second.over ?? "an unknown amount"}`,
    `why: ${cause ?? "not known"}`,
    `budget: ${context.config}:${context.line(experiment, key)}, key ${experiment}.${key}; or bytesper check --update --allow-raise "reason"`,
    `reproduce: ${context.reproduce(experiment)}`,
  ];
}

export function closing(confirmed: readonly Confirmed[]): string {
  const count = (verdict: Confirmed["verdict"]): number =>
    confirmed.filter((each) => each.verdict === verdict).length;
  const [over, unknown] = [count("over"), count("unknown")];
  const budgets = (number: number): string => `${number} ${number === 1 ? "budget" : "budgets"}`;
  const parts = [
    ...(over === 0 ? [] : [`${budgets(over)} exceeded`]),
    ...(unknown === 0 ? [] : [`${budgets(unknown)} could not be judged`]),
    ...(count("within") === 0 ? [] : [`${budgets(count("within"))} kept`]),
  ];
  return `${parts.join(", ")}.`;
}

import type { Answer } from "../../base/answer.js";
import { counted } from "../../base/format.js";
import { isAbsent } from "../../system/probe/reading.js";
import { markdownTable, markdownText } from "../../base/table/markdown.js";
import type { Table } from "../../base/table/table.js";
import { terminalTable } from "../../base/table/terminal.js";
import { visible } from "../../base/table/visible.js";
import type { Comparison } from "./compare.js";
import { comparisonTables } from "./tables.js";

/** Everything that `compare` says. */
export interface ComparisonReport {
  base: string;
  new: string;
  comparisons: Comparison[];
  onlyInBase: string[];
  onlyInNew: string[];
}

const MOST_NAMED = 3;

/** How many experiments got heavier, and by how much and why those that did. */
export function comparisonAnswer(report: ComparisonReport): Answer {
  const { comparisons } = report;
  const of = (verdict: Comparison["verdict"]): Comparison[] =>
    comparisons.filter((each) => each.comparable && each.verdict === verdict);
  const heavier = of("heavier");
  const lighter = of("lighter");
  const not = comparisons.filter(({ comparable }) => !comparable);
  const same = of("within noise");
  const unknown = of("unknown");
  const judged = comparisons.length - not.length - unknown.length;
  const names = (some: readonly Comparison[]): string => some.map(({ experiment }) => experiment).join(", ");
  const first =
    heavier.length === 0
      ? judged === 0
        ? "Nothing could be compared."
        : `Nothing got heavier in ${counted(judged, "experiment")}.`
      : `${counted(heavier.length, "experiment")} got heavier: ${names(heavier)}.`;
  return {
    tone: heavier.length > 0 ? "bad" : judged === 0 ? "doubt" : "good",
    sentences: [
      first,
      ...heavier
        .slice(0, MOST_NAMED)
        .flatMap(({ experiment, cause }) => (cause === undefined ? [] : [`${experiment}: ${cause}`])),
      ...(lighter.length === 0 ? [] : [`Lighter: ${names(lighter)}.`]),
      ...(same.length === 0 ? [] : [`Without a change that can be seen: ${names(same)}.`]),
    ],
    doubts: [
      ...not.map(({ experiment, obstacles }) => ({
        name: experiment,
        message: `Not comparable: ${obstacles.join("; ")}.`,
      })),
      ...unknown.map(({ experiment }) => ({
        name: experiment,
        message: "it cannot be told whether it changed.",
      })),
      ...comparisons.flatMap(({ experiment, doubts }) =>
        doubts.map(({ name, message }) => ({ name: `${experiment}, ${name}`, message })),
      ),
      ...lonely(report).map((message) => ({ message })),
    ],
    next: ["By how much and in which part: --verbose. For a pull request: --markdown."],
    details: terminalReport(report),
  };
}

function terminalReport(report: ComparisonReport): string {
  return `${[...report.comparisons.flatMap((each) => ["", ...sections(each, (table) => `\n${terminalTable(table)}\n`, visible)]), ...lonely(report)].join("\n").trimStart()}\n`;
}

/**
 * Text for a pull request: a heading and a verdict for each experiment. Its tables are folded if nothing got
 * heavier.
 */
export function markdownReport(report: ComparisonReport): string {
  const heavier = report.comparisons.filter(({ verdict }) => verdict === "heavier").length;
  const title =
    heavier === 0
      ? "## Memory: nothing got heavier"
      : `## Memory: ${heavier} ${heavier === 1 ? "experiment" : "experiments"} got heavier`;
  const bodies = report.comparisons.flatMap((each) => {
    const [head = "", ...rest] = sections(each, markdownTable, cautious);
    const body = rest.join("\n\n");
    return each.verdict === "heavier" || body === ""
      ? [`### ${head}`, body]
      : [`### ${head}`, `<details><summary>Figures</summary>\n\n${body}\n\n</details>`];
  });
  return `${[title, ...bodies, ...lonely(report).map(cautious)].filter((part) => part !== "").join("\n\n")}\n`;
}

/** Keeps code marks around names and escapes all other marks. */
function cautious(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((piece, place) => (place % 2 === 1 ? piece : markdownText(piece)))
    .join("");
}

function sections(
  comparison: Comparison,
  table: (table: Table) => string,
  escape: (text: string) => string,
): string[] {
  const { experiment, verdict, obstacles, doubts, cause, parts, onlyInBase, onlyInNew } = comparison;
  const lines = [escape(`${experiment}: ${verdict}`)];
  if (obstacles.length > 0) lines.push(...obstacles.map((each) => escape(`Not comparable: ${each}.`)));
  if (cause !== undefined) lines.push(escape(cause));
  else if (verdict === "heavier" && isAbsent(parts))
    lines.push(escape(`Which part it is cannot be told: ${parts.absent}.`));
  lines.push(...comparisonTables(comparison).map(table));
  lines.push(...doubts.map(({ name, message }) => escape(`Doubt (${name}): ${message}`)));
  if (onlyInBase.length > 0) lines.push(escape(`Rows only in BASE: ${onlyInBase.join("; ")}.`));
  if (onlyInNew.length > 0) lines.push(escape(`Rows only in NEW: ${onlyInNew.join("; ")}.`));
  return lines;
}

function lonely({ onlyInBase, onlyInNew, base, new: next }: ComparisonReport): string[] {
  return [
    ...(onlyInBase.length === 0 ? [] : [`Only in ${base}: ${onlyInBase.join(", ")}.`]),
    ...(onlyInNew.length === 0 ? [] : [`Only in ${next}: ${onlyInNew.join(", ")}.`]),
  ];
}

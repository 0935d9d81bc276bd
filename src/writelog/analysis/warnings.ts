import { isAbsent } from "../../system/probe/reading.js";
import { counted, fixed } from "../../base/format.js";
import type { WriteLogAnalysis } from "./analysis.js";
import type { WriteReport } from "./report.js";

export function warningsOf(
  report: WriteReport,
  { splitter }: WriteLogAnalysis,
  omittedEvents: number,
): WriteReport["warnings"] {
  const warnings: WriteReport["warnings"] = [];
  const warn = (name: string, message: string): void => {
    warnings.push({ name, message });
  };
  const { file, header } = report;
  if (isAbsent(header)) warn("no-header", "The log has no header; its columns were found by their content.");
  else if (header.misread.length > 0) warn("stale-header", staleHeader(report));
  if (file.headers.length > 1)
    warn(
      "repeated-header",
      `The header occurs ${fixed(file.headers.length, 0)} times; the second is in line ${fixed(file.headers[1]?.line ?? 0, 0)}.`,
    );
  if (report.unplacedCount > 0) warn("unplaced-lines", unplaced(report));
  if (file.lastLineCut)
    warn(
      "no-line-end",
      `The last line, ${fixed(file.lines, 0)}, does not end in a line end. If the file was cut there, the last field is wrong.`,
    );
  const inferred = report.layouts.filter(({ source }) => source === "inferred");
  for (const { name, rows, firstLine, columns } of inferred)
    warn(
      "inferred-layout",
      `${fixed(rows, 0)} rows from line ${fixed(firstLine, 0)} on are read with a layout that was inferred from their content (${name}: ${columns.join(", ")}); check it, or give it with --layout.`,
    );
  if (splitter.returns > 0)
    warn(
      "mixed-runs",
      `Rows of several runs are mixed: after a row of another run, an earlier run goes on at ${counted(splitter.returns, "place")}, first in line ${fixed(splitter.firstReturnLine ?? 0, 0)}. The run of such a row is found from step and mem_size only, so it may be wrong where two runs agree in both.`,
    );
  if (splitter.stepFalls > 0)
    warn(
      "steps-fall",
      `At ${counted(splitter.stepFalls, "row")}, not counting promotions, the step is lower than before in the same run, first in line ${fixed(splitter.firstStepFallLine ?? 0, 0)}. A new run may begin there that mem_size does not show.`,
    );
  if (report.omittedRuns > 0)
    warn(
      "many-runs",
      `${counted(report.omittedRuns, "run")} after the first ${fixed(report.runs.length, 0)} count in the totals only.`,
    );
  if (omittedEvents > 0)
    warn(
      "scattered-steps",
      `The buckets lack ${counted(omittedEvents, "event")}, because the steps are too far apart.`,
    );
  return warnings;
}

function staleHeader({ header, file }: WriteReport): string {
  if (isAbsent(header)) return "";
  const parts = header.misread.map(({ column, readAs, rows, differing, example, right, read }) => {
    const others = Object.keys(readAs).join(", ");
    const wrong =
      example === undefined
        ? ""
        : ` (line ${fixed(example.line, 0)}: ${shown(example.read)} in place of ${shown(example.right)})`;
    const totals =
      right === undefined || read === undefined || right.rows === 0
        ? ""
        : `; its mean would be ${mean(read)} in place of ${mean(right)}, its last value ${String(read.last ?? "none")} in place of ${String(right.last ?? "none")}`;
    return `${others} as ${column} in ${fixed(rows, 0)} rows, with another value in ${fixed(differing, 0)}${wrong}${totals}`;
  });
  return `The header in line ${fixed(file.headers[0]?.line ?? 0, 0)} does not match the rows. A reader that trusts it reads ${parts.join("; ")}.`;
}

function mean({ sum, rows }: { sum: number; rows: number }): string {
  return rows === 0 ? "none" : fixed(sum / rows, 2);
}

function shown(text: string): string {
  return text === "" ? "nothing" : text;
}

function unplaced({ unplacedCount, unplacedLines }: WriteReport): string {
  const first = unplacedLines.slice(0, 3).map(({ line, why }) => `line ${fixed(line, 0)} (${why})`);
  const more = unplacedCount - first.length;
  return `${fixed(unplacedCount, 0)} ${unplacedCount === 1 ? "line fits" : "lines fit"} no layout and ${unplacedCount === 1 ? "was" : "were"} not counted: ${first.join(", ")}${more > 0 ? ` and ${fixed(more, 0)} more` : ""}.`;
}

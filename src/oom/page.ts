import { bytesWithBinaryUnit as size, fixed } from "../base/format.js";
import type { Cell, Table } from "../base/table/table.js";
import { terminalTable } from "../base/table/terminal.js";
import type { ExplainedReport, Explanation, ModelUsed } from "./explain.js";
import type { Hypothesis, Plausibility } from "./hypotheses.js";
import type { FigureName } from "./record.js";

/** Most reports that are printed in full; a job that fails in a loop has thousands of equal ones. */
const MOST_REPORTS = 10;
const MOST_HYPOTHESES = 8;

const LABELS: [key: FigureName, label: string][] = [
  ["requestedBytes", "requested"],
  ["totalBytes", "whole memory"],
  ["freeBytes", "free"],
  ["processInUseBytes", "in use by the process"],
  ["allocatedBytes", "allocated"],
  ["reservedBytes", "reserved"],
];

const KINDS: Record<string, string> = {
  total: "allocated included",
  unallocated: "not in use",
  cached_unused: "cached, not in use",
  v8_committed: "committed by V8",
  allocator_stat: "by the allocator's statistics",
};

const MEANING: Record<Plausibility, string> = {
  "as-logged": "as logged",
  growth: "above the log's",
  possible: "possible",
  shorter: "below the log's",
  far: "far from the log's",
  "beyond-model": "above the limit",
};

/** The explanation as plain text for a terminal. */
export function explanationPage(explanation: Explanation): string {
  const { reports, model, inputTokens } = explanation;
  const distinct = withoutRepeats(reports);
  const shown = distinct.slice(0, MOST_REPORTS);
  const parts = shown.map(({ report, lines }) => reportPage(report, lines, model));
  const notes: string[] = [];
  if (inputTokens !== null)
    notes.push(
      `Input tokens in the log: ${fixed(inputTokens.count, 0)} counts, the last ${fixed(inputTokens.last, 0)} (line ${fixed(inputTokens.line, 0)}), the largest ${fixed(inputTokens.largest, 0)}.`,
    );
  const hidden = distinct.length - shown.length;
  if (hidden > 0) notes.push(`${fixed(hidden, 0)} further reports are not shown; --json lists them.`);
  if (explanation.omittedReports > 0)
    notes.push(
      `The log holds ${fixed(explanation.omittedReports, 0)} more, which are in neither: split it to see them.`,
    );
  if (model === null && reports.some(({ requestedBytes }) => requestedBytes !== null))
    notes.push("With --model CONFIG.json: which tensors of the model have the size that was asked for.");
  notes.push("KiB, MiB and GiB are powers of 1024. A range holds what the printed digits allow.");
  return [...parts, notes.join("\n")].join("\n\n");
}

/** Groups equal reports, so that each is printed once with all its lines. */
function withoutRepeats(reports: readonly ExplainedReport[]): { report: ExplainedReport; lines: number[] }[] {
  const groups = new Map<string, { report: ExplainedReport; lines: number[] }>();
  for (const report of reports) {
    const { line } = report;
    const key = JSON.stringify({ ...report, line: 0, textRanges: {} });
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { report, lines: [line] });
    else group.lines.push(line);
  }
  return [...groups.values()];
}

function reportPage(report: ExplainedReport, lines: readonly number[], model: ModelUsed | null): string {
  const { framework, gpuIndex, requestedBytes, diagnosis, hypotheses, changes } = report;
  const where = gpuIndex === null ? "" : `, GPU ${gpuIndex}`;
  const what = requestedBytes === null ? "" : `: ${size(requestedBytes)} could not be had`;
  const again = lines.slice(1, 6).map((line) => fixed(line, 0));
  const repeats =
    again.length === 0
      ? []
      : [
          `The same on ${lines.length - 1} more lines: ${again.join(", ")}${lines.length > 6 ? ", ..." : ""}.`,
        ];
  const figures = figureTable(report);
  return [
    `Line ${fixed(report.line, 0)}, ${framework}${where}${what}`,
    ...repeats,
    ...(figures.rows.length === 0 ? [] : ["", terminalTable(figures)]),
    "",
    ...diagnosis.map(({ name, message }) => `${name}: ${message}`),
    ...(hypotheses.length === 0 ? [] : ["", terminalTable(hypothesisTable(hypotheses, model))]),
    ...(changes.length === 0
      ? []
      : [
          "",
          "What to change:",
          ...changes.map(
            ({ change, savesBytes }) =>
              `- ${change}${savesBytes === null ? "" : ` Saves ${size(savesBytes)}.`}`,
          ),
        ]),
  ].join("\n");
}

function figureTable(report: ExplainedReport): Table {
  const rows: Cell[][] = [];
  for (const [key, label] of LABELS) {
    const bytes = report[key];
    if (bytes === null) continue;
    const kind = key === "reservedBytes" ? KINDS[report.reservedKind ?? ""] : undefined;
    const [low, high] = report.ranges[key] ?? [bytes, bytes];
    rows.push([
      kind === undefined ? label : `${label} (${kind})`,
      size(bytes),
      low === high ? "exact" : `${fixed(low, 0)} to ${fixed(high, 0)} B`,
    ]);
  }
  return {
    caption: "",
    columns: [
      { title: "figure", align: "left" },
      { title: "value", align: "right" },
      { title: "bytes", align: "right" },
    ],
    rows,
    notes: [],
  };
}

function hypothesisTable(hypotheses: readonly Hypothesis[], model: ModelUsed | null): Table {
  const whose =
    model === null
      ? ""
      : ` of ${model.name}${model.from === "log" ? ` (guessed by its name in line ${model.line ?? 0}; give --model CONFIG.json to be sure)` : ""}`;
  const shown = hypotheses.slice(0, MOST_HYPOTHESES);
  const logged = shown.some(({ bytesAtLogged }) => bytesAtLogged !== null);
  const left = (title: string): Table["columns"][number] => ({ title, align: "left" });
  const right = (title: string): Table["columns"][number] => ({ title, align: "right" });
  return {
    caption: `Tensors${whose} that have this size, each at its number of tokens N`,
    columns: [
      left("tensor"),
      right("N"),
      right("rounding allows"),
      left("by log and model"),
      ...(logged ? [right("at the logged N")] : []),
      left("bytes"),
    ],
    rows: shown.map(
      ({ tensor, tokens, tokensRange, allowedByRounding, plausibility, bytesAtLogged, formula }) => [
        tensor,
        tokens === null ? "any" : fixed(tokens, 0),
        tokensRange === null
          ? allowedByRounding
            ? "yes"
            : "none"
          : `${fixed(tokensRange[0], 0)} to ${fixed(tokensRange[1], 0)}`,
        MEANING[plausibility],
        ...(logged ? [bytesAtLogged === null ? "" : size(bytesAtLogged)] : []),
        formula,
      ],
    ),
    notes: [
      "N of linear tensors counts all sequences of the batch together, N of scores one sequence.",
      ...(hypotheses.length > shown.length
        ? [`${hypotheses.length - shown.length} less likely ones are in --json.`]
        : []),
    ],
  };
}

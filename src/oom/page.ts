import type { Answer } from "../base/answer.js";
import { bytesWithBinaryUnit as size, counted, fixed } from "../base/format.js";
import type { Cell, Table } from "../base/table/table.js";
import { terminalTable } from "../base/table/terminal.js";
import type { Change } from "./advice.js";
import type { ExplainedReport, Explanation, ModelUsed } from "./explain.js";
import { victimOf } from "./fill.js";
import { frameworkOf } from "./frameworks.js";
import type { Hypothesis, Plausibility } from "./hypotheses.js";
import type { FigureName } from "./record.js";
import { wrapped } from "../base/wrap.js";

/** Most causes that are printed in full; a job that fails in a loop has thousands of equal ones. */
const MOST_GROUPS = 10;
const QUOTED =
  "No run that died here: documentation or source code quotes what follows (exit code 1). If it is your own crash, give the lines of the log alone.";
const MOST_HYPOTHESES = 5;
const MOST_ROWS = 16;

export interface PageOptions {
  /** Characters of a line at most; 80 if absent. */
  width?: number;
  /** Also the ranges that the printed digits allow, and hypotheses that are hardly possible. */
  verbose?: boolean;
}

type Layout = Required<PageOptions>;

const LABELS: [key: FigureName, label: string][] = [
  ["requestedBytes", "requested"],
  ["freeBytes", "free"],
  ["totalBytes", "whole memory"],
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
  "beyond-model": "above the model's limit",
};

/** The cause that is certain, or first, with what to try; the others by their heading. */
export function explanationAnswer(explanation: Explanation, details: string): Answer {
  const isQuoted = explanation.reports.length === 0;
  const [group = [], ...others] = sortedGroups(isQuoted ? explanation.quoted : explanation.reports);
  const [report] = group;
  const [verdict] = report?.diagnosis ?? [];
  const [first, ...then] = report?.changes ?? [];
  const likely = report?.certainty === "likely" ? "Likely: " : "";
  const more = [
    // How many of them are shown depends on the lines that the answer may have.
    ...(then.length === 0 ? [] : [`all ${then.length + 1} changes`]),
    ...(others.length === 0 ? [] : [counted(others.length, "further cause")]),
    "figures",
  ];
  const tryFirst = first === undefined ? [] : briefChange(first, "Try first: ");
  return {
    sentences: [
      ...(isQuoted ? [QUOTED] : []),
      `${heading(group)}. ${likely}${verdict?.message ?? ""}`,
      ...tryFirst,
      ...others.map((each) => `Also: ${heading(each)}.`),
      ...then.flatMap((change) => briefChange(change, "Then: ")),
    ],
    kept: 1 + (isQuoted ? 1 : tryFirst.length),
    tone: "verdict",
    next: [`${sentenceCase(more.join(", "))}: --verbose.${hint(explanation)}`],
    details,
  };
}

function hint({ model, reports }: Explanation): string {
  return model === null && reports.some((report) => report.requestedBytes !== null && isTensor(report))
    ? " Which tensor it was: --model NAME."
    : "";
}

function sentenceCase(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** What to do and what to paste; remarks in brackets are for the whole page. */
function briefChange({ change, paste, savesBytes }: Change, start: string): string[] {
  const saves = savesBytes === null || savesBytes <= 0 ? "" : ` Frees up to ${size(savesBytes)}.`;
  if (paste === null) return [`${start}${change}${saves}`];
  const action = change.slice(0, -paste.length - 2).replace(/ \([^()]*\)(?=:?$)/, "");
  const [command = ""] = (paste.split("\n")[0] ?? "").split(/ {3,}(?=\()/);
  return [`${start}${action.replace(/:$/, "")}.${saves}`, `    ${command}`];
}

/** The explanation as plain text for a terminal: the verdict, what to try first, then the rest. */
export function explanationPage(explanation: Explanation, options: PageOptions = {}): string {
  const { quoted, model, inputTokens } = explanation;
  const isQuoted = explanation.reports.length === 0;
  const reports = isQuoted ? quoted : explanation.reports;
  const layout: Layout = { width: Math.max(40, options.width ?? 80), verbose: options.verbose === true };
  const sorted = sortedGroups(reports);
  const parts = sorted.slice(0, MOST_GROUPS).map((group) => groupPage(group, model, layout));
  if (isQuoted) parts.unshift(wrapped(QUOTED, layout.width));
  const notes: string[] = [];
  if (!isQuoted && quoted.length > 0)
    notes.push(
      `${quoted.length === 1 ? "1 more is" : `${fixed(quoted.length, 0)} more are`} quoted in documentation or source code (line ${fixed(quoted[0]?.line ?? 0, 0)}); --json lists them.`,
    );
  if (inputTokens !== null)
    notes.push(
      `Input tokens in the log: ${fixed(inputTokens.count, 0)} counts, the last ${fixed(inputTokens.last, 0)} (line ${fixed(inputTokens.line, 0)}), the largest ${fixed(inputTokens.largest, 0)}.`,
    );
  const hidden = sorted.slice(MOST_GROUPS).reduce((sum, group) => sum + group.length, 0);
  if (hidden > 0) notes.push(`${fixed(hidden, 0)} further reports are not shown; --json lists them.`);
  if (explanation.omittedReports > 0)
    notes.push(
      `The log holds ${fixed(explanation.omittedReports, 0)} more, which are in neither: split it to see them.`,
    );
  if (model === null && reports.some((report) => report.requestedBytes !== null && isTensor(report)))
    notes.push(
      "With --model NAME (or a config.json): which tensors of the model have the size that was asked for.",
    );
  if (layout.verbose)
    notes.push("KiB, MiB and GiB are powers of 1024. A range holds what the printed digits allow.");
  return [
    ...parts,
    ...(notes.length === 0 ? [] : [notes.map((note) => wrapped(note, layout.width)).join("\n")]),
  ].join("\n\n");
}

/** What is certain comes before what is only likely. */
function sortedGroups(reports: readonly ExplainedReport[]): ExplainedReport[][] {
  const isLikely = ([first]: readonly ExplainedReport[]): number => (first?.certainty === "likely" ? 1 : 0);
  return groupsIn(reports)
    .map((group, order) => ({ group, order }))
    .sort((one, other) => isLikely(one.group) - isLikely(other.group) || one.order - other.order)
    .map(({ group }) => group);
}

function groupsIn(reports: readonly ExplainedReport[]): ExplainedReport[][] {
  const groups = new Map<number, ExplainedReport[]>();
  for (const report of reports) {
    const group = groups.get(report.group);
    if (group === undefined) groups.set(report.group, [report]);
    else group.push(report);
  }
  // What is certain leads; otherwise the order of the log.
  return [...groups.values()].map((group) => [
    ...group.filter(({ certainty }) => certainty === "certain"),
    ...group.filter(({ certainty }) => certainty !== "certain"),
  ]);
}

const isTensor = ({ framework, certainty }: ExplainedReport): boolean =>
  certainty === "certain" && /^(?:pytorch|vllm|sglang|jax|tensorflow|onnxruntime)/.test(framework);

function groupPage(group: readonly ExplainedReport[], model: ModelUsed | null, layout: Layout): string {
  const [report] = group;
  if (report === undefined) return "";
  const { diagnosis, changes, hypotheses } = report;
  const { width } = layout;
  const [verdict, ...beside] = diagnosis;
  const [first, ...others] = changes;
  const figures = figureTable(report, layout);
  const cards = cardTable(group);
  const list = (items: readonly string[]): string =>
    items.map((item) => wrapped(item, width, "  ", "- ")).join("\n");
  const parts = [
    wrapped(heading(group), width),
    wrapped(`${report.certainty === "likely" ? "Likely: " : ""}${verdict?.message ?? ""}`, width),
    first === undefined ? "" : changePage(first, width, "Try first: "),
    cards !== undefined ? terminalTable(cards) : figures.rows.length === 0 ? "" : terminalTable(figures),
    hypothesisPart(hypotheses, model, layout),
    report.calibration === undefined ? "" : wrapped(report.calibration.message, width),
    beside.length === 0 ? "" : list(beside.map(({ message }) => message)),
    others.length === 0 ? "" : `Then:\n${others.map((change) => changePage(change, width, "- ")).join("\n")}`,
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** Which program, where, and how often. */
function heading(group: readonly ExplainedReport[]): string {
  const [report] = group;
  if (report === undefined) return "";
  const { title } = frameworkOf(report.framework);
  const lines = group.map(({ line }) => line);
  const gpus = [...new Set(group.flatMap(({ gpuIndex }) => (gpuIndex === null ? [] : [gpuIndex])))].sort(
    (one, other) => one - other,
  );
  const where = gpus.length === 0 ? "" : `, ${gpuList(gpus)}`;
  const what = report.requestedBytes === null ? "" : `: ${size(report.requestedBytes)} could not be had`;
  const head = `Line ${fixed(report.line, 0)}, ${title}${where}${what}`;
  if (lines.length === 1) return head;
  const again = lines
    .slice(1, 6)
    .map((line) => fixed(line, 0))
    .join(", ");
  const more = lines.length > 6 ? ", ..." : "";
  const others = lines.length === 2 ? "the other in line" : "the others in lines";
  return `${head} (${fixed(lines.length, 0)} reports, one cause; ${others} ${again}${more})`;
}

function gpuList(gpus: readonly number[]): string {
  const [low = 0] = gpus;
  const high = gpus.at(-1) ?? low;
  if (gpus.length === 1) return `GPU ${low}`;
  return high - low + 1 === gpus.length ? `GPUs ${low} to ${high}` : `GPUs ${gpus.join(", ")}`;
}

function changePage(change: Change, width: number, start: string): string {
  const { paste, savesBytes, why } = change;
  const action = paste === null ? change.change : `${change.change.slice(0, -paste.length - 2)}:`;
  const saves = savesBytes === null || savesBytes <= 0 ? "" : ` Frees ${size(savesBytes)}.`;
  const lines = [wrapped(paste === null ? `${action}${saves}` : action, width, "  ", start)];
  if (paste !== null)
    for (const line of paste.split("\n")) {
      // A remark stands behind three blanks; it is no part of what is pasted.
      const [command = "", ...remarks] = line.split(/ {3,}(?=\()/);
      lines.push(wrapped(command, width, "      ", "    "));
      for (const remark of remarks) lines.push(wrapped(remark, width, "    "));
    }
  const reason = [why ?? "", paste === null ? "" : saves.trim()].filter(Boolean).join(" ");
  if (reason !== "") lines.push(wrapped(reason, width, "  "));
  return lines.join("\n");
}

const left = (title: string): Table["columns"][number] => ({ title, align: "left" });
const right = (title: string): Table["columns"][number] => ({ title, align: "right" });
const plainTable = (columns: Table["columns"], rows: Cell[][], caption = ""): Table => ({
  caption,
  columns,
  rows,
  notes: [],
});

function figureTable(report: ExplainedReport, { verbose, width }: Layout): Table {
  const rows: Cell[][] = [];
  const add = (label: string, value: string, key: string): void => {
    const [low, high] = report.ranges[key] ?? [0, 0];
    const range = low === high ? "exact" : `${fixed(low, 0)} to ${fixed(high, 0)} B`;
    rows.push(verbose ? [label, value, key in report.ranges ? range : ""] : [label, value]);
  };
  for (const [key, label] of LABELS) {
    const bytes = report[key];
    if (bytes === null) continue;
    const kind = key === "reservedBytes" ? KINDS[report.reservedKind ?? ""] : undefined;
    add(kind === undefined ? label : `${label} (${kind})`, size(bytes), key);
  }
  const { details } = report;
  if (details.cardBytes !== undefined && report.totalBytes === null)
    add("memory of the card", size(details.cardBytes), "");
  if (details.totalVmBytes !== undefined && details.reason === "virtual")
    add("address space", size(details.totalVmBytes), "totalVmBytes");
  if (details.limitBytes !== undefined) add("limit", size(details.limitBytes), "limitBytes");
  if (details.allowedBytes !== undefined) add("allowed", size(details.allowedBytes), "allowedBytes");
  if (details.programBytes !== undefined)
    add("needed by the program", size(details.programBytes), "programBytes");
  if (details.derivedRequestedBytes !== undefined && report.requestedBytes === null)
    add("requested, by the shape", size(details.derivedRequestedBytes), "");
  if (details.neededTokens !== undefined) add("tokens", fixed(details.neededTokens, 0), "");
  if (details.tries !== undefined) add("tries", fixed(details.tries, 0), "");
  const victim = victimOf(report);
  const room = width - 28;
  const name = (label: string, text: string): void => {
    add(label, text.length > room ? `...${text.slice(3 - room)}` : text, "");
  };
  if (victim !== undefined) name("process", victim);
  for (const key of ["pod", "container", "step", "task", "unit", "node", "controlGroup"] as const) {
    const text = details[key];
    if (text !== undefined) name(key === "controlGroup" ? "control group" : key, text);
  }
  return plainTable([left("figure"), right("value"), ...(verbose ? [right("bytes")] : [])], rows);
}

/** One row a card, where reports of several cards have one cause. */
function cardTable(group: readonly ExplainedReport[]): Table | undefined {
  const cards = new Map<number, ExplainedReport>();
  for (const report of group)
    if (report.gpuIndex !== null && !cards.has(report.gpuIndex)) cards.set(report.gpuIndex, report);
  if (cards.size < 2) return undefined;
  const cell = (bytes: number | null): string => (bytes === null ? "" : size(bytes));
  const rows = [...cards.values()]
    .sort((one, other) => (one.gpuIndex ?? 0) - (other.gpuIndex ?? 0))
    .slice(0, MOST_ROWS)
    .map(({ gpuIndex, line, requestedBytes, freeBytes, processInUseBytes, allocatedBytes }): Cell[] => [
      fixed(gpuIndex ?? 0, 0),
      fixed(line, 0),
      cell(requestedBytes),
      cell(freeBytes),
      cell(processInUseBytes ?? allocatedBytes),
    ]);
  return plainTable([right("GPU"), right("line"), right("requested"), right("free"), right("held")], rows);
}

function hypothesisPart(hypotheses: readonly Hypothesis[], model: ModelUsed | null, layout: Layout): string {
  const { verbose, width } = layout;
  const possible = verbose
    ? hypotheses
    : hypotheses.filter(
        ({ allowedByRounding, plausibility }) =>
          allowedByRounding && plausibility !== "beyond-model" && plausibility !== "far",
      );
  if (possible.length === 0) return "";
  const whose =
    model === null
      ? ""
      : ` of ${model.name}${model.from === "log" ? ` (guessed by its name in line ${model.line ?? 0}; --model to be sure)` : ""}`;
  // The names of the longest tensors and the verdict on each need some 76 columns.
  const isNarrow = width < 76;
  const rows = possible
    .slice(0, verbose ? possible.length : MOST_HYPOTHESES)
    .map(({ tensor, tokens, tokensRange, allowedByRounding, plausibility, formula }): Cell[] => [
      isNarrow ? tensor.slice(0, width - 12) : tensor,
      tokens === null ? "any" : fixed(tokens, 0),
      ...(verbose
        ? [
            tokensRange === null
              ? allowedByRounding
                ? "yes"
                : "none"
              : `${fixed(tokensRange[0], 0)} to ${fixed(tokensRange[1], 0)}`,
          ]
        : []),
      ...(isNarrow ? [] : [MEANING[plausibility]]),
      ...(verbose ? [formula] : []),
    ]);
  const columns = [
    left("tensor"),
    right("tokens"),
    ...(verbose ? [right("rounding allows")] : []),
    ...(isNarrow ? [] : [left("by log and model")]),
    ...(verbose ? [left("bytes")] : []),
  ];
  const caption = wrapped(`Tensors${whose} that have this size at a number of tokens:`, width);
  return `${caption}\n${terminalTable(plainTable(columns, rows))}`;
}

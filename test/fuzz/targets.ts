import { isUtf8 } from "node:buffer";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { csvTable } from "../../src/base/table/csv.js";
import { latexTable } from "../../src/base/table/latex.js";
import { readTranscripts, ROUGH_TOKENIZER, simulateContext } from "../../src/context/index.js";
import { fileCorpus } from "../../src/corpus/index.js";
import { estimate, parameterCount, readModel } from "../../src/model/index.js";
import { parseResult } from "../../src/record/schema.js";
import type { Result } from "../../src/record/schema.js";
import { compareResults } from "../../src/report/compare/compare.js";
import { htmlPage } from "../../src/report/html/page.js";
import { resultPage } from "../../src/report/page.js";
import { fillPaper } from "../../src/report/paper/paper.js";
import { readPaper } from "../../src/report/paper/paper-file.js";
import { Results } from "../../src/report/paper/results.js";
import { tablesOf } from "../../src/report/result-tables.js";
import { summarise } from "../../src/report/summary.js";
import { JsonLines } from "../../src/runner/cell/command.js";
import { parseJournal } from "../../src/runner/journal/read.js";
import type { JournalRecord } from "../../src/runner/journal/records.js";
import { analyseWriteLog, diagnose, writePage } from "../../src/writelog/index.js";
import { TINY, TINY_HYBRID, TINY_LATENT } from "../unit/model/configs.js";
import { sampleResult } from "../unit/report/sample.js";
import { cellAt, endOf } from "../unit/runner/engine/sample.js";
import { commit, HEADER, merge, other, promote, stage, warmUp } from "../unit/writelog/support.js";
import { commandLine, commandWords } from "./command-lines.js";
import { commandRecords, FOLDER, JOURNALS, journalOf, RESULTS, resultsIn } from "./documents.js";
import type { Json } from "./mutate.js";
import { damagedText, editedJson, hostileText, textOf } from "./mutate.js";
import {
  Finding,
  requireEqual,
  requireFinite,
  requireNumbers,
  unlessRefused,
  unlessRefusedLater,
} from "./oracle.js";

export interface Target {
  name: string;
  /** Share of all cases, in thousandths. */
  share: number;
  property: () => fc.IRawProperty<unknown>;
}

function target<T>(
  name: string,
  share: number,
  inputs: () => fc.Arbitrary<T>,
  check: (input: T) => void | Promise<void>,
): Target {
  // `unknown`, because a list of targets has inputs of every type.
  return {
    name,
    share,
    property: () => fc.asyncProperty(inputs(), async (input) => check(input)),
  };
}

function saved(name: string, content: string | Buffer): string {
  const path = join(FOLDER, name);
  writeFileSync(path, content);
  return path;
}

/** Everything that is made of a result must be made, and hold numbers where numbers stand. */
function checkResult(result: Result): void {
  requireFinite(result, "the result");
  const read = parseResult(JSON.stringify(result), "result.json");
  checkPages(read);
}

function checkPages(result: Result): void {
  requireNumbers(resultPage(result), "the page");
  for (const { name, table } of tablesOf(result)) {
    requireNumbers(csvTable(table), `the CSV table ${name}`);
    requireNumbers(latexTable(table), `the LaTeX table ${name}`);
  }
  requireNumbers(JSON.stringify(summarise([result])), "the summary");
}

const values = fc.oneof(
  fc.double().map((value) => (Number.isFinite(value) ? JSON.stringify(value) : "1e999")),
  fc.constantFrom(
    ...["1", "-1", "1e999", "-1e999", "null", "true", '"5"', '{"absent":"no"}', '{"above":5,"reason":"r"}'],
    ...[
      '{"above":1e999,"reason":"r"}',
      '{"absent":5}',
      "[]",
      "{}",
      "NaN",
      "5e-324",
      "0.1",
      "9007199254740993",
    ],
  ),
);
const names = fc.oneof(
  hostileText,
  fc.constantFrom("a", "aBytes", "__proto__", "constructor", "hasOwnProperty", "peakBytes", "durationMs"),
);
/** A line that a cell prints, and whether it is nested too deeply to be read. */
const outputLine = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .array(fc.tuple(names, values), { maxLength: 4 })
      .map((entries) =>
        Buffer.from(`{${entries.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`),
      ),
  },
  { weight: 1, arbitrary: hostileText.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc
      .integer({ min: 1, max: 4000 })
      .map((depth) => Buffer.from(`{"deep":${"[".repeat(depth)}${"]".repeat(depth)},"v":1}`)),
  },
  { weight: 1, arbitrary: fc.constant(Buffer.from('{"caf\u00e9":1}', "latin1")) },
);

/** The last reading of each name, by a second and plain way of reading. */
function readingsOf(output: Buffer): Record<string, unknown> {
  const readings = new Map<string, unknown>();
  for (const line of output.toString("latin1").split("\n")) {
    const bytes = Buffer.from(line, "latin1");
    if (!isUtf8(bytes)) continue;
    let value: unknown;
    try {
      value = JSON.parse(bytes.toString().trim());
    } catch {
      continue;
    }
    if (typeof value !== "object" || value === null || Array.isArray(value) || depthOf(value) > 200) continue;
    for (const [name, own] of Object.entries(value)) {
      const { absent, above, reason } = (own ?? {}) as Record<string, unknown>;
      const isBound = Number.isFinite(above) && typeof reason === "string";
      if (Number.isFinite(own) || typeof absent === "string" || isBound)
        if (name.length <= 200) readings.set(name, own);
    }
  }
  return Object.fromEntries([...readings].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Levels of objects and lists within one another. */
function depthOf(value: unknown): number {
  let depth = 0;
  for (let level = [value]; ; depth++) {
    const nested = level.filter((each) => typeof each === "object" && each !== null);
    if (nested.length === 0) return depth;
    level = nested.flatMap((each): unknown[] => Object.values(each));
  }
}

const cellOutput = target(
  "output of cells",
  220,
  () => fc.tuple(fc.array(outputLine, { maxLength: 6 }), fc.nat(), fc.boolean()),
  ([lines, cut, ends]) => {
    const output = Buffer.concat(lines.flatMap((line) => [line, Buffer.from("\n")]));
    const bytes = ends ? output : output.subarray(0, -1);
    const reader = new JsonLines(() => undefined);
    const middle = cut % (bytes.length + 1);
    reader.push(bytes.subarray(0, middle));
    reader.push(bytes.subarray(middle));
    const { readings, refused } = reader.end();
    const sorted = Object.fromEntries(Object.entries(readings).sort(([a], [b]) => (a < b ? -1 : 1)));
    requireEqual(sorted, readingsOf(bytes), "what was read");
    const cell = cellAt(1);
    const end = endOf("ok", { data: { readings, ...(refused === undefined ? {} : { refused }) } });
    const [whole] = resultsIn(
      commandRecords().map((record) =>
        record.type === "finished" && record.cell === cell.cell ? { ...record, end } : record,
      ),
    );
    if (whole !== undefined) checkResult(whole);
  },
);

const JOURNAL_TEXTS = JOURNALS.map((records) => journalOf(records).toString());
const JOURNAL_LINES = JOURNAL_TEXTS.map((text) => text.split("\n"));

const damagedJournals = target(
  "damaged journals",
  170,
  () => damagedText(JOURNAL_TEXTS),
  (bytes) => {
    for (const turns of ["kept", "counted"] as const) {
      const read = unlessRefused(() => parseJournal(bytes, "j.jsonl", turns));
      if (read === undefined) continue;
      const lines = bytes.subarray(0, read.length).toString().split("\n").slice(0, -1);
      if (!JOURNAL_LINES.some((known) => lines.every((line, index) => line === known[index])))
        throw new Finding("a damaged journal was read as another one");
      requireEqual(read.count, lines.length, "the number of records");
    }
  },
);

const editedJournals = target(
  "edited journals",
  160,
  () => editedJson(JOURNALS as unknown as Json[]),
  (records) => {
    const list: unknown[] = Array.isArray(records) ? records : [records];
    const bytes = journalOf(list);
    const read = unlessRefused(() => parseJournal(bytes, "j.jsonl", "counted"));
    if (read === undefined) return;
    const results = unlessRefused(() => resultsIn(read.records as JournalRecord[])) ?? [];
    for (const result of results)
      unlessRefused(() => {
        checkResult(result);
      });
  },
);

const results = target(
  "results",
  150,
  () => editedJson(RESULTS),
  (document) => {
    const result = unlessRefused(() => parseResult(textOf(document), "result.json"));
    if (result === undefined) return;
    unlessRefused(() => {
      checkPages(result);
      requireNumbers(htmlPage([result], ""), "the page of all results");
      const compared = compareResults(sampleResult(), result);
      requireFinite(compared, "the comparison");
    });
  },
);

const configs = target(
  "configs of models",
  120,
  () => editedJson([TINY, TINY_LATENT, TINY_HYBRID] as Json[]),
  (document) => {
    const model = unlessRefused(() => readModel(textOf(document)));
    if (model === undefined) return;
    const found = unlessRefused(() => estimate(model, { tokens: 1000, batch: 2, capacityBytes: 2 ** 34 }));
    if (found === undefined) return;
    requireFinite(found, "the estimate");
    requireFinite(parameterCount(model), "the number of parameters");
    for (const { name, bytes } of [...found.terms, ...found.decodeTerms])
      if (bytes < 0) throw new Finding(`the term ${name} is ${bytes} bytes`);
    const sum = found.terms.reduce((total, { bytes, atPeak }) => total + (atPeak ? bytes : 0), 0);
    if (Math.abs(sum - found.prefillPeakBytes) > 1e-9 * sum)
      throw new Finding(`the terms at the peak add up to ${sum} and not to ${found.prefillPeakBytes}`);
  },
);

const LOG = [
  ...[HEADER, warmUp(50), commit(210, 1), commit(215, 2), stage(220, 2), promote(230, 3), merge(240, 3)],
  ...[other(250, "defer", 3), merge(260, 3, 0.9), warmUp(40), commit(205, 1)],
];
const LOGS = [`${LOG.join("\n")}\n`, `${LOG.slice(1).join("\r\n")}\r\n`];

const csvs = target(
  "CSV logs",
  70,
  () => damagedText(LOGS),
  async (bytes) => {
    const path = saved("log.csv", bytes);
    const analysed = await unlessRefusedLater(() => analyseWriteLog(path));
    if (analysed === undefined) return;
    const { report } = analysed;
    requireFinite(report, "the report");
    const placed =
      report.file.events + report.unplacedCount + report.file.blankLines + report.file.headers.length;
    requireEqual(placed, report.file.lines, "rows, headers, blank and unplaced lines together");
    requireNumbers(writePage(report, diagnose(report, undefined), undefined, "markdown"), "the page");
  },
);

const CONVERSATION: Json = {
  conversation_id: "a",
  messages: [
    { role: "system", content: "Be brief." },
    { role: "user", content: "What is the weather?" },
    {
      role: "assistant",
      content: "",
      tool_calls: [
        { id: "c1", type: "function", function: { name: "weather", arguments: '{"city":"Rome"}' } },
      ],
    },
    { role: "tool", tool_call_id: "c1", content: "Sunny. ".repeat(30) },
    { role: "assistant", content: "It is sunny." },
  ],
};
const MODEL = readModel(JSON.stringify(TINY));

const transcripts = target(
  "transcripts",
  60,
  () => fc.array(editedJson([CONVERSATION]), { minLength: 1, maxLength: 3 }),
  async (documents) => {
    const path = saved("conversations.jsonl", documents.map(textOf).join("\n"));
    const corpus = unlessRefused(() => fileCorpus(path));
    if (corpus !== undefined) {
      const wanted = documents.flatMap((document) =>
        ((document as { messages: Json[] }).messages as { role: string; content: string }[]).map(
          ({ role, content }) => ({ role, content }),
        ),
      );
      requireEqual(corpus.messages(0, wanted.length), wanted, "the messages");
    }
    const read = await unlessRefusedLater(() => readTranscripts(path));
    if (read === undefined) return;
    const simulation = await unlessRefusedLater(() =>
      simulateContext({
        ...{ transcripts: read, tokenizer: ROUGH_TOKENIZER, model: MODEL, modelName: "tiny" },
        ...{ policies: ["none", "1/4/300", "budget", "summaries"], capacityBytes: 2 ** 30 },
        ...{ attention: "flash", logits: "last" },
      }),
    );
    requireFinite(simulation, "the simulation");
  },
);

const PAPERS = [
  "# A paper\n\nIt costs <!-- bytesper:value session-scaling.fit.perUnitBytes unit=kB -->?<!-- /bytesper --> a session.\n\n<!-- bytesper:table session-scaling -->\nold\n<!-- /bytesper -->\n\n> <!-- bytesper:table session-scaling/fit -->\n> <!-- /bytesper -->\n\n```\n<!-- bytesper:table none -->\n```\n",
  "\\section{A}\n% bytesper:begin table session-scaling\nold\n% bytesper:end\nIt costs \\bytesper{session-scaling.fit.perUnitBytes} bytes.\n\\begin{verbatim}\n% bytesper:begin table x\n\\end{verbatim}\n",
];
let folderOfResults: Results | undefined;
function resultsFolder(): Results {
  if (folderOfResults !== undefined) return folderOfResults;
  const name = join(FOLDER, "results/session-scaling");
  mkdirSync(name, { recursive: true });
  saved(
    "results/session-scaling/result.json",
    JSON.stringify({ ...sampleResult(), complete: true, missing: [] }),
  );
  return (folderOfResults = new Results(join(FOLDER, "results")));
}

const papers = target(
  "markers of papers",
  40,
  () => fc.tuple(damagedText(PAPERS), fc.constantFrom("md", "tex")),
  ([bytes, ending]) => {
    const path = saved(`paper.${ending}`, bytes);
    const filled = unlessRefused(() => fillPaper(readPaper(path), resultsFolder()));
    if (filled === undefined || filled.broken.length > 0) return;
    requireNumbers(filled.after.toString(), "the paper");
    saved(`paper.${ending}`, filled.after);
    const again = fillPaper(readPaper(path), resultsFolder());
    if (!again.after.equals(filled.after))
      throw new Finding("a filled paper is filled otherwise when it is filled again");
  },
);

const commandLines = target(
  "command lines",
  10,
  () => commandWords,
  async (words) => {
    await commandLine(words);
  },
);

export const TARGETS: readonly Target[] = [
  ...[cellOutput, damagedJournals, editedJournals, results, configs, csvs, transcripts, papers, commandLines],
];

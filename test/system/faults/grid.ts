import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Result } from "../../../src/record/schema.js";
import { parseResult } from "../../../src/record/schema.js";
import { readJournal } from "../../../src/runner/journal/read.js";
import type { WrittenRecord } from "../../../src/runner/journal/read.js";

export interface GridOptions {
  name?: string;
  /** Levels of `x`; 5 unless given. */
  x?: number;
  /** Levels of `y`; 2 unless given. */
  y?: number;
  repetitions?: number;
  /** How long each cell takes, s. */
  seconds?: number;
  /** Whether a cell whose runner is gone stays, so that only its supervisor can end it. */
  clings?: boolean;
  /** Further keys of the experiment. */
  more?: Record<string, unknown>;
}

/** The parent of the supervisor, which is the parent of a cell's shell. */
const RUNNER = "$(sed -n 's/^PPid:\\t//p' /proc/$PPID/status 2>/dev/null)";

/**
 * A grid whose cells print numbers computed from their levels and nothing else, and its folder. Each cell notes its
 * start in the file "starts" beside the experiment. The table shows what is the same in each run.
 */
export class Grid {
  readonly folder: string;
  readonly file: string;
  readonly name: string;

  constructor(folder: string, options: GridOptions = {}) {
    this.folder = folder;
    this.name = options.name ?? "grid";
    this.file = join(folder, `${this.name}.experiment.mjs`);
    this.write(options);
  }

  /** Writes the experiment file, anew after an edit. */
  write({ x = 5, y = 2, repetitions = 1, seconds = 0, clings = false, more = {} }: GridOptions): void {
    mkdirSync(this.folder, { recursive: true });
    const levels = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
    const pause = seconds === 0 ? "" : `sleep ${seconds}; `;
    const [before, after] = clings
      ? [`runner=${RUNNER}; `, `[ "${RUNNER}" = "$runner" ] || sleep 600; `]
      : ["", ""];
    const factors = more.factors ?? { x: levels(x), y: levels(y) };
    const experiment = {
      name: this.name,
      unit: "cell",
      factors,
      repetitions,
      requires: ["product"],
      command: [
        "sh",
        "-c",
        `echo "x={x} y={y}" >> starts; ${before}${pause}${after}echo '{"product": '$(({x} * 10 * {y}))', "sum": '$(({x} + {y}))'}'`,
      ],
      table: {
        title: "Products",
        columns: [
          ...Object.keys(factors).map((factor) => `factors.${factor}`),
          ...["outcome", "readings.product", "readings.sum"],
        ].map((from) => ({ title: from, from })),
      },
      ...more,
    };
    writeFileSync(this.file, `export default ${JSON.stringify(experiment, null, 2)};\n`);
  }

  /** How often each cell was started, by its levels; the count begins again. */
  takeStarts(): Map<string, number> {
    const file = join(this.folder, "starts");
    if (!existsSync(file)) return new Map();
    const counts = new Map<string, number>();
    for (const line of readFileSync(file, "utf8").trim().split("\n"))
      counts.set(line, (counts.get(line) ?? 0) + 1);
    rmSync(file);
    return counts;
  }
}

export function resultOf(out: string, name = "grid"): Result {
  const file = join(out, name, "result.json");
  return parseResult(readFileSync(file, "utf8"), file);
}

export function recordsOf(out: string): WrittenRecord[] {
  return readJournal(join(out, "journal.jsonl")).records;
}

/** Readings that the kernel and the clock give, and no run gives twice; and what the page calls them. */
const MEASURED = ["peakBytes", "pssBytes", "mainPssBytes", "durationMs"];
const MEASURED_ROW = /^\|.*\| (?:peak|duration|PSS of the process|PSS of the tree) \(/;
/** Numbers of footnotes, and what is said of intervals, depend on what was measured; the result has the reasons. */
const NOTE = /^(?:\[\d+\] |After ± |Ends that no value)/;

/**
 * The result and the page of an experiment as text, without what names the run and what was measured: two runs of
 * the same grid must agree on the rest, byte for byte.
 */
export function tablesOf(out: string, name = "grid"): string {
  const result = resultOf(out, name);
  const identity = [result.runId, result.startedAt, result.finishedAt, result.journalSha256].filter(
    (text) => text !== undefined,
  );
  const anonymous = (text: string): string =>
    identity.reduce((rest, each) => rest.replaceAll(each, "*"), text);
  for (const row of result.rows) {
    const own = Object.entries(row.readings).filter(([reading]) => !MEASURED.includes(reading));
    row.readings = Object.fromEntries(own);
    for (const reading of MEASURED) delete row.statistics?.[reading];
  }
  const page = readFileSync(join(out, name, "result.md"), "utf8")
    .split("\n")
    .filter((line) => !MEASURED_ROW.test(line) && !NOTE.test(line))
    // Columns are as wide as their widest cell.
    .map((line) =>
      line.startsWith("|")
        ? line
            .replace(/ \[\d+\]/g, "")
            .replace(/ +/g, " ")
            .replace(/-+/g, "-")
        : line,
    )
    .join("\n");
  return anonymous(`${page}\n${JSON.stringify(result, null, 2)}`)
    .split("\n")
    .filter((line) => !line.includes("timings-beside-others") && !line.includes("Cells ran at the same time"))
    .join("\n");
}

/** Cells that the journal says were started although they had a result, by label. */
export function startedAgain(records: readonly WrittenRecord[]): string[] {
  const finished = new Set<string>();
  return records.flatMap((record) => {
    if (record.type !== "started" && record.type !== "finished") return [];
    const key = `${record.experiment} ${record.cell} ${record.trial}`;
    if (record.type === "finished") finished.add(key);
    return record.type === "started" && finished.has(key) ? [key] : [];
  });
}

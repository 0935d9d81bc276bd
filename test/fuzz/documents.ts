import { hash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { JournalRecord } from "../../src/runner/journal/records.js";
import { JOURNAL_VERSION } from "../../src/runner/journal/line.js";
import { stateOf } from "../../src/runner/engine/state.js";
import { deriveResult } from "../../src/runner/engine/results.js";
import { cellAt, ended, endOf, planned, RUN, started, turn } from "../unit/runner/engine/sample.js";
import { sampleResult } from "../unit/report/sample.js";
import type { Json } from "./mutate.js";
import { textOf } from "./mutate.js";

/** A folder for the files of this process. */
export const FOLDER = mkdtempSync(join(tmpdir(), "bytesper-fuzz-"));
process.on("exit", () => {
  rmSync(FOLDER, { recursive: true, force: true });
});

const RUNS = fileURLToPath(new URL("../../results/runs/", import.meta.url));

/** A grid of a command over three populations, whose readings lie on a line; one cell ran out of memory. */
export function commandRecords(): JournalRecord[] {
  const cells = [1, 2, 4].map((x) => cellAt(x));
  const grid = cells.map(({ factors }) => ({ factors, instances: Number(factors.x), units: 1 }));
  const figures = [{ title: "Bytes", x: "factors.x", y: ["readings.usedBytes"] }];
  const experiment = { experiment: "grid", kind: "command", title: "A grid", unit: "session", grid, figures };
  const data = (x: number): object => ({
    readings: { usedBytes: 1000 * x, durationMs: 5, n: { absent: "no" } },
  });
  return [
    RUN,
    {
      type: "runner",
      owner: { pid: 1, startTicks: 1, bootId: "b", host: "h" },
      command: "run",
      moreMemory: 1,
    },
    {
      ...{ type: "experiment", ...experiment, population: "x", hasUnits: false, ownSlope: false },
      ...{ parts: [], estimates: [{ bytes: 1000, formula: "1000 x" }] },
    } as unknown as JournalRecord,
    ...cells.map(planned),
    ...cells.flatMap((cell, index) => [
      started(cell),
      turn(cell, 1, { step: 1, loss: 0.5 }),
      index === 2
        ? ended(cell, endOf("oom-cap", { cause: "the kernel killed it", aboveBytes: 2 ** 20, data: data(4) }))
        : ended(cell, endOf("ok", { data: data(Number(cell.factors.x)) })),
    ]),
  ];
}

/** The records of one experiment of a journal in `results/runs`, with the first trials alone. */
function shippedRecords(experiment: string): JournalRecord[] {
  for (const file of readdirSync(RUNS)) {
    const records = readFileSync(join(RUNS, file), "utf8")
      .trim()
      .split("\n")
      .map(
        (line) => JSON.parse(line) as JournalRecord & { trial?: number; experiment?: string; sum?: string },
      );
    if (!records.some((record) => record.experiment === experiment)) continue;
    return records
      .filter((record) => record.experiment === undefined || record.experiment === experiment)
      .filter(({ trial, type }) => (trial === undefined || trial < 2) && type !== "turn")
      .map((record) => {
        const own = { ...record };
        delete own.sum;
        return own;
      });
  }
  throw new Error(`no journal of results/runs has ${experiment}`);
}

/** Journals of a command, of populations and of programs. */
export const JOURNALS: readonly JournalRecord[][] = [
  commandRecords(),
  shippedRecords("instance-overhead"),
  shippedRecords("pruning-policy"),
];

/** The bytes of a journal with right numbers and checksums, whatever its records are. */
export function journalOf(records: readonly unknown[]): Buffer {
  return Buffer.concat(
    records.map((record, seq) => {
      const own = typeof record === "object" && record !== null ? record : { type: record };
      const whole = { at: "2026-01-31T12:00:00.000Z", type: "", ...own, v: JOURNAL_VERSION, seq };
      const body = textOf(whole).slice(0, -1);
      return Buffer.from(`${body},"sum":"${hash("sha256", body).slice(0, 16)}"}\n`);
    }),
  );
}

export function resultsIn(records: readonly JournalRecord[]): ReturnType<typeof sampleResult>[] {
  const state = stateOf(records);
  if (state === undefined) return [];
  return [...state.experiments.keys()].flatMap(
    (name) => deriveResult(state, name, "runs/run.jsonl", {}).result ?? [],
  );
}

/** One result of each kind. */
export const RESULTS: readonly Json[] = [sampleResult(), ...JOURNALS.flatMap(resultsIn)].map(
  (result) => JSON.parse(JSON.stringify(result)) as Json,
);

import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Bench } from "tinybench";
import { Journal } from "../../dist/runner/journal/journal.js";
import { markdownTable } from "../markdown.mjs";
import { endedRecord } from "./records.mjs";
import { milliseconds, quantile } from "./samples.mjs";

const RECORDS_A_ROUND = 200;
/** A runner that keeps one file writes all of it again for each cell; this many cells are in it here. */
const CELLS_IN_FILE = 1000;

const OURS = "bytesper: a record in the journal, synced";
const BARE = "a line appended, not synced";

/** What one record costs, against writing less safely and against writing a whole file each time. */
export async function journalCost(rounds) {
  const folder = mkdtempSync(join(tmpdir(), "bytesper-bench-"));
  const journal = Journal.create(folder, "bench");
  const appended = openSync(join(folder, "appended"), "a");
  const synced = openSync(join(folder, "synced"), "a");
  const line = Buffer.from(`${JSON.stringify(endedRecord(1))}\n`);
  const whole = Buffer.concat(Array.from({ length: CELLS_IN_FILE }, () => line));
  let number = 0;
  const tasks = [
    [BARE, () => writeSync(appended, line)],
    [
      "a line appended and synced",
      () => {
        writeSync(synced, line);
        fdatasyncSync(synced);
      },
    ],
    [OURS, () => journal.append(endedRecord(number++))],
    [`a file of ${CELLS_IN_FILE} lines written, synced and renamed`, () => replaceWhole(folder, whole)],
  ];
  const samples = new Map(tasks.map(([name]) => [name, []]));
  try {
    // A bench for each round: the tasks take turns, so that a slow minute of the disk meets all of them.
    for (let round = 1; round <= rounds; round += 1) {
      process.stderr.write(`bench: cost of a record, round ${round} of ${rounds}\n`);
      const bench = new Bench({
        iterations: RECORDS_A_ROUND,
        time: 0,
        warmupIterations: 10,
        warmupTime: 0,
        retainSamples: true,
      });
      for (const [name, run] of tasks) bench.add(name, run);
      await bench.run();
      for (const { name, result } of bench.tasks) {
        if (result.error !== undefined) throw result.error;
        samples.get(name).push(...result.latency.samples);
      }
    }
  } finally {
    journal.close();
    closeSync(appended);
    closeSync(synced);
    rmSync(folder, { recursive: true, force: true });
  }
  const bare = quantile(samples.get(BARE), 0.5);
  const rows = [...samples].map(([name, times]) => {
    const median = quantile(times, 0.5);
    return [name, milliseconds(median), milliseconds(quantile(times, 0.99)), (median / bare).toFixed(1)];
  });
  return [
    "### A record in the journal",
    `${rounds * RECORDS_A_ROUND} records of ${line.length} bytes, each with a checksum and on disk when the call returns.`,
    markdownTable(["route", "median, ms", "99th percentile, ms", "over a bare append"], rows),
  ].join("\n\n");
}

function replaceWhole(folder, bytes) {
  const temporary = join(folder, "whole.tmp");
  const descriptor = openSync(temporary, "w");
  try {
    writeSync(descriptor, bytes);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, join(folder, "whole"));
}

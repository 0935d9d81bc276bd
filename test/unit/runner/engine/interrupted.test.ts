import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { closeInterrupted, turnsFileOf } from "../../../../src/runner/engine/interrupted.js";
import { RunLog } from "../../../../src/runner/engine/log.js";
import { unitKey } from "../../../../src/runner/engine/state.js";
import { Journal } from "../../../../src/runner/journal/journal.js";
import type { JournalRecord } from "../../../../src/runner/journal/records.js";
import { readJournal } from "../../../../src/runner/journal/read.js";
import { temporaryFolder } from "../journal/sample.js";
import { cellAt, ended, planned, RUN, started, turn } from "./sample.js";

const folder = temporaryFolder();
const one = cellAt(1);
let runs = 0;

/** A run whose runner was killed after these records. */
function killedAfter(...records: JournalRecord[]): { log: RunLog; out: string; journal: Journal } {
  const out = join(folder, `${++runs}`);
  const journal = Journal.create(out, "run");
  journal.append(RUN, planned(one), ...records);
  const log = new RunLog(journal, readJournal(journal.path).records, (message) => {
    throw new Error(message);
  });
  return { log, out, journal };
}

function streamed(out: string, attempt: number, records: unknown[]): string {
  const file = turnsFileOf(out, "run", { ...one, attempt });
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  return file;
}

function turnsIn({ path }: Journal): unknown[] {
  return readJournal(path).records.flatMap((record) =>
    record.type === "turn" ? [[record.attempt, record.record]] : [],
  );
}

test("an attempt that was open is interrupted, and can be told from one that ended", () => {
  const { log, out, journal } = killedAfter(started(one));
  closeInterrupted(log, out);
  journal.close();
  expect(log.state.units.get(unitKey(one))).toMatchObject({
    open: undefined,
    last: { type: "interrupted", attempt: 1, end: { outcome: "interrupted" } },
  });
  expect(readJournal(journal.path).records.at(-1)).toMatchObject({
    type: "interrupted",
    end: { cause: "the runner was killed while the cell ran" },
  });
});

test("where nothing was open nothing is written", () => {
  const { log, out, journal } = killedAfter(started(one), ended(one, "ok"));
  closeInterrupted(log, out);
  journal.close();
  expect(readJournal(journal.path).records).toHaveLength(4);
});

describe("what the cell had streamed", () => {
  test("is taken into the journal, and its file goes", () => {
    const { log, out, journal } = killedAfter(started(one));
    const file = streamed(out, 1, [{ n: 1 }, { n: 2 }]);
    closeInterrupted(log, out);
    journal.close();
    expect(turnsIn(journal)).toEqual([1, 2].map((n) => [1, { n }]));
    expect(existsSync(dirname(file))).toBe(false);
  });

  test("is taken from where the runner had come to", () => {
    const { log, out, journal } = killedAfter(started(one), turn(one, 1, { n: 1 }));
    streamed(out, 1, [{ n: 1 }, { n: 2 }]);
    closeInterrupted(log, out);
    journal.close();
    expect(turnsIn(journal)).toEqual([1, 2].map((n) => [1, { n }]));
  });

  test("in a second attempt is whole, however much the first had streamed", () => {
    const first = [
      started(one, 1),
      ...[1, 2, 3].map((n) => turn(one, 1, { n })),
      ended(one, "interrupted", 1),
    ];
    const { log, out, journal } = killedAfter(...first, started(one, 2));
    streamed(out, 2, [{ n: 4 }, { n: 5 }]);
    closeInterrupted(log, out);
    journal.close();
    expect(turnsIn(journal)).toEqual([...[1, 2, 3].map((n) => [1, { n }]), ...[4, 5].map((n) => [2, { n }])]);
  });

  test("may be more than a call takes arguments", () => {
    const { log, out, journal } = killedAfter(started(one));
    const count = 200_000;
    streamed(
      out,
      1,
      Array.from({ length: count }, (_, n) => n),
    );
    closeInterrupted(log, out);
    journal.close();
    expect(turnsIn(journal)).toHaveLength(count);
  });

  test("stays in its file where the journal cannot be written", () => {
    const { log, out, journal } = killedAfter(started(one));
    const file = streamed(out, 1, [{ n: 1 }]);
    journal.close();
    const told: string[] = [];
    const broken = new RunLog(journal, readJournal(journal.path).records, (message) => told.push(message));
    closeInterrupted(broken, out);
    expect(told).toEqual([
      expect.stringMatching(/cannot be written: .* The tables are printed at the end\.$/),
    ]);
    expect(readdirSync(dirname(file))).toHaveLength(1);
    expect(log.writeError).toBeUndefined();
  });
});

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ResultRow } from "../../../src/record/schema.js";
import { parseResult } from "../../../src/record/schema.js";
import { readJournal } from "../../../src/runner/journal/read.js";
import type { EndedRecord, JournalRecord } from "../../../src/runner/journal/records.js";
import { inFolder } from "../cli.js";
import { expectNoneLeft, run } from "./runner.js";

const ANSWER = `echo '{"answer": 42}'`;
const MIB = 2 ** 20;

/** Scripts of cells that behave badly, each with what becomes of it. */
const SCRIPTS: Record<string, string> = {
  leaks: `exec "$NODE" -e 'const kept = []; for (;;) kept.push(Buffer.alloc(${8 * MIB}, 1));'`,
  spins: "while :; do :; done",
  deaf: "trap '' TERM INT HUP; while :; do sleep 1; done",
  // Forked twice, in a session of its own, deaf to SIGTERM, and with no pipe of its parents.
  detached: `(setsid sh -c 'trap "" TERM HUP; while :; do sleep 1; done' </dev/null >/dev/null 2>&1 3>&- &); ${ANSWER}`,
  // The same, and it holds the output open.
  clinging: `(setsid sh -c 'trap "" TERM HUP; while :; do sleep 1; done' &); ${ANSWER}`,
  garbage: `head -c 3000000 /dev/urandom; echo; ${ANSWER}`,
  silent: "exit 0",
  "half-line": `printf 'half a line {"answer": 1}\\n'; ${ANSWER}`,
  "no-newline": `printf '{"answer": 42}'`,
  "cut-json": `${ANSWER}; printf '{"answer": 4'`,
  "closes-stdout": `${ANSWER}; exec >&-; sleep 0.2; exit 0`,
  "writes-fd-3": `echo 'null' >&3; echo '{"type":"answer","data":{}}' >&3; head -c 100000 /dev/urandom >&3; ${ANSWER}`,
  "writes-fd-4": `(echo '{"event":"end"}' >&4) 2>/dev/null && exit 3; (echo K >&5) 2>/dev/null && exit 3; ${ANSWER}`,
  "kills-itself": "kill -SEGV $$",
  fails: "echo before; echo 'the reason' >&2; exit 9",
};

const MARK = `BYTESPER_TEST_CELL=cells-${process.pid}`;

function endsIn(records: readonly JournalRecord[]): EndedRecord[] {
  return records.flatMap((record) =>
    record.type === "finished" || record.type === "failed" ? [record] : [],
  );
}

async function hostileGrid(
  folder: string,
): Promise<{ code: number | null; rows: Map<string, ResultRow>; ends: Map<string, EndedRecord> }> {
  for (const [kind, script] of Object.entries(SCRIPTS))
    writeFileSync(join(folder, `${kind}.sh`), `${script}\n`);
  const [name = "", value] = MARK.split("=");
  const experiment = {
    name: "hostile",
    unit: "cell",
    factors: { kind: Object.keys(SCRIPTS) },
    requires: ["answer"],
    caps: { memory: "256 MiB", time: "3 s" },
    env: { [name]: value, NODE: process.execPath },
    command: ["sh", "{kind}.sh"],
  };
  const file = join(folder, "hostile.experiment.mjs");
  writeFileSync(file, `export default ${JSON.stringify(experiment)};\n`);
  const out = join(folder, "out");
  const { code } = await run(["run", file, "--out", out]);
  const text = readFileSync(join(out, "hostile/partial.json"), "utf8");
  const rows = parseResult(text, "partial.json").rows.map((row) => [String(row.factors.kind), row] as const);
  const { records } = readJournal(join(out, "journal.jsonl"));
  const labels = new Map(
    records.flatMap((each) => (each.type === "planned" ? [[each.cell, String(each.factors.kind)]] : [])),
  );
  const ends = endsIn(records).map((record) => [labels.get(record.cell) ?? "", record] as const);
  return { code, rows: new Map(rows), ends: new Map(ends) };
}

describe.skipIf(process.platform !== "linux")("cells that behave badly", async () => {
  const { code, rows, ends } = await inFolder(hostileGrid);
  const row = (kind: string): ResultRow => {
    const found = rows.get(kind);
    if (found === undefined) throw new Error(`there is no row ${kind}`);
    return found;
  };

  test("are told by the exit code of the run, and the others have their results", () => {
    expect(code).toBe(1);
    expect(rows.size).toBe(Object.keys(SCRIPTS).length);
  });

  test("leave no process behind", async () => {
    await expectNoneLeft(MARK);
  });

  test.each([
    ["leaks", "oom-cap", undefined],
    ["spins", "timeout", "did not finish within 3 s"],
    ["deaf", "timeout", "did not finish within 3 s"],
    [
      "silent",
      "crash",
      'exited with code 0 without the reading answer; print a line of JSON such as {"answer": 1}',
    ],
    ["kills-itself", "crash", "the process was killed by SIGSEGV without an answer"],
    ["fails", "crash", "the process exited with code 9 without an answer; its last line was: the reason"],
  ])("%s is %s", (kind, outcome, cause) => {
    expect(row(kind)).toMatchObject({ outcome, ...(cause === undefined ? {} : { cause }) });
  });

  test.each([
    "detached",
    "clinging",
    "garbage",
    "half-line",
    "no-newline",
    "cut-json",
    "closes-stdout",
    "writes-fd-3",
    "writes-fd-4",
  ])("%s has its answer", (kind) => {
    expect(row(kind)).toMatchObject({ outcome: "ok", readings: { answer: { value: 42 } } });
  });

  test("one that leaks is a bound in the table, and above its cap", () => {
    expect(row("leaks").readings.peakBytes).toMatchObject({ above: 256 * MIB });
  });

  test.each(["detached", "clinging"])("one that leaves a process behind (%s) has it counted", (kind) => {
    expect(Number(ends.get(kind)?.end.evidence.survivors)).toBeGreaterThan(0);
  });
});

/** Writes to the descriptor of the cell's own records, and is measured all the same. */
const INTERFERING = `
import { writeSync } from "node:fs";
const lines = ["null", "5", "[]", "\\"x\\"", '{"type":5}', '{"type":"answer"}', '{"type":"error"}', '{"type":"turn"}', "{"];
export function create(index) {
  if (index === 0) for (const line of lines) writeSync(3, line + "\\n");
  writeSync(3, "half a line");
  return { index, text: "x".repeat(8) + index };
}
`;

async function measuredSubject(
  folder: string,
  source: string,
): Promise<{ code: number | null; stderr: string; ends: EndedRecord[] }> {
  writeFileSync(join(folder, "subject.mjs"), source);
  const file = join(folder, "subject.experiment.mjs");
  const experiment = { name: "subject", unit: "x", factors: {}, instances: 50, subject: "./subject.mjs" };
  writeFileSync(file, `export default ${JSON.stringify(experiment)};\n`);
  const out = join(folder, "out");
  const { code, stderr } = await run(["run", file, "--out", out, "--trials", "1"]);
  const { records } = readJournal(join(out, "journal.jsonl"));
  return { code, stderr, ends: endsIn(records) };
}

describe("subjects that behave badly", () => {
  test("one that ends its process with code 0 has not answered", async () => {
    await inFolder(async (folder) => {
      const { code, stderr, ends } = await measuredSubject(
        folder,
        "export const create = () => process.exit(0);\n",
      );
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /subject could not be measured: the process exited with code 0 without an answer/,
      );
      const outcomes = ends.map(({ end }) => end.outcome);
      expect(outcomes.filter((outcome) => outcome === "crash").length).toBeGreaterThanOrEqual(2);
    });
  });

  test("one that writes to the descriptor of the cell's records does not come into their way", async () => {
    await inFolder(async (folder) => {
      const { code, stderr, ends } = await measuredSubject(folder, INTERFERING);
      expect(code, stderr).toBe(0);
      expect(ends.every(({ end }) => end.outcome === "ok")).toBe(true);
    });
  });
});

// Node takes 60 to 80 MiB of data before it loads anything of a user, and dies of a refusal by SIGABRT without a word.
test.skipIf(process.platform !== "linux")(
  "a cap in which no measuring process starts is out of memory, and no crash of the subject",
  async () => {
    await inFolder(async (folder) => {
      const experiment = {
        ...{ name: "tiny", unit: "thing", factors: { instances: [10] }, population: "instances" },
        ...{ subject: "./thing.mjs", caps: { memory: "56 MiB" } },
      };
      const file = join(folder, "tiny.experiment.mjs");
      writeFileSync(file, `export default ${JSON.stringify(experiment)};\n`);
      writeFileSync(join(folder, "thing.mjs"), "export const create = (i) => ({ i });\n");
      const out = join(folder, "out");
      await run(["run", file, "--trials", "1", "--enforcement", "rlimit-data", "--out", out]);
      const ends = endsIn(readJournal(join(out, "journal.jsonl")).records);
      expect(ends.length).toBeGreaterThan(0);
      for (const { end } of ends) {
        expect(end).toMatchObject({ outcome: "oom-cap", aboveBytes: 56 * MIB });
        expect(end.cause).toContain("does not start within the data limit of 56.00 MiB");
      }
    });
  },
);

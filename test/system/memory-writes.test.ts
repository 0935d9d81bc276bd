import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { COLUMNS } from "../../experiments/subjects/gated-memory/write-log.js";
import type { Result } from "../../src/record/schema.js";
import { parseResult } from "../../src/record/schema.js";
import { bytesper, fitOf, inFolder, measured } from "./cli.js";

interface Row {
  factors: Record<string, unknown>;
  outcome: string;
  readings: Result["rows"][number]["readings"];
}

function valueOf({ readings }: Row, name: string): number {
  const reading = readings[name];
  if (reading === undefined || !("value" in reading)) throw new Error(`${name}: ${JSON.stringify(reading)}`);
  return reading.value;
}

function rowsOf({ followUps = [] }: Result, name: string): readonly Row[] {
  return followUps.find((part) => part.name === name)?.rows ?? [];
}

let result: Result;

function rowAt(threshold: number): Row {
  const row = result.rows.find(({ factors }) => factors.near_merge_thr === threshold);
  if (row === undefined) throw new Error(`no row of ${threshold}`);
  return row;
}

let page: string;
const logs = new Map<string, string>();
/** What `bytesper writes --json` says of each log; absent where this build has no such command. */
const reports = new Map<string, Record<string, unknown>>();

beforeAll(async () => {
  await inFolder(async (folder) => {
    const written = join(folder, "logs");
    const args = ["profile", "memory-writes", "--quick", "--device", "cpu", "--out", folder];
    const { code, stderr } = await bytesper(args, { env: { BYTESPER_WRITES_LOGS: written } });
    expect(code, stderr).toBe(0);
    const file = join(folder, "memory-writes", "result.json");
    result = parseResult(readFileSync(file, "utf8"), file);
    page = readFileSync(join(folder, "memory-writes", "result.md"), "utf8");
    for (const name of readdirSync(written)) {
      logs.set(name, readFileSync(join(written, name), "latin1"));
      const { stdout, stderr: said } = await bytesper(["writes", join(written, name), "--json"]);
      if (/unknown command|too many arguments/.test(said)) continue;
      expect(stdout, said).not.toBe("");
      reports.set(name, JSON.parse(stdout) as Record<string, unknown>);
    }
  });
});

describe("a quick profile", () => {
  test("has all rows, and the memory is larger at each higher threshold", () => {
    expect(result.complete).toBe(true);
    const sizes = result.rows.map((row) => [
      row.factors.near_merge_thr,
      row.outcome,
      valueOf(row, "memSize"),
    ]);
    expect(sizes.map(([threshold, outcome]) => [threshold, outcome])).toEqual([
      [0.1, "ok"],
      [0.4, "ok"],
      [0.95, "ok"],
    ]);
    const [low, middle, high] = result.rows.map((row) => valueOf(row, "memSize")) as [number, number, number];
    expect(low).toBeLessThanOrEqual(6);
    expect(middle).toBeGreaterThan(low);
    expect(high).toBeGreaterThan(middle);
    // 6 writes in 100 steps from step 200 to 600.
    expect(high).toBe(24);
  });

  test("merges are what the low threshold makes of events, and stages and promotions the high one", () => {
    const [low, high] = [rowAt(0.1), rowAt(0.95)];
    expect(valueOf(low, "mergeShare")).toBeGreaterThan(0.5);
    expect(valueOf(high, "mergeShare")).toBe(0);
    expect(valueOf(high, "stages")).toBeGreaterThan(100);
    expect(valueOf(high, "promotions")).toBeGreaterThan(0);
    expect(valueOf(high, "promotePerStage")).toBeCloseTo(
      valueOf(high, "promotions") / valueOf(high, "stages"),
      12,
    );
  });

  test("bytes per item are more than its numbers and less than three times them", () => {
    for (const row of result.rows) {
      expect(valueOf(row, "measuredOverEstimate")).toBeGreaterThan(1);
      expect(valueOf(row, "measuredOverEstimate")).toBeLessThan(3);
    }
  });

  test("the size over steps is in the result", () => {
    for (const row of result.rows) {
      const [series] = row.series ?? [];
      expect(series).toMatchObject({ reading: "memSize", over: "step" });
      expect(series?.points).toHaveLength(40);
      expect(series?.points.at(-1)).toEqual([600, valueOf(row, "memSize")]);
    }
  });

  test("the page says the verdict with the numbers of its table", () => {
    const [gates] = rowsOf(result, "gates") as [Row];
    expect(valueOf(gates, "nearMergeOff")).toBeGreaterThan(2 * valueOf(gates, "allOn"));
    expect(valueOf(gates, "aboveShare")).toBeGreaterThan(0.9);
    const verdict = result.findings?.[0] ?? "";
    expect(verdict).toMatch(valueOf(gates, "confirmed") === 1 ? /^Confirmed, / : /^Refuted, /);
    expect(verdict).toContain(`Without near merge it has ${valueOf(gates, "nearMergeOff").toFixed(1)},`);
    expect(page).toContain(verdict);
    const [stream] = rowsOf(result, "streams") as [Row];
    expect(valueOf(stream, "predictedOverMeasured")).toBeGreaterThan(0);
  });
});

describe("the logs that it wrote", () => {
  test("have a row for each decision and the size of the result in the last one", () => {
    expect([...logs.keys()].sort()).toEqual([
      "near-merge-0.1.csv",
      "near-merge-0.4.csv",
      "near-merge-0.95.csv",
    ]);
    for (const row of result.rows) {
      const text = logs.get(`near-merge-${String(row.factors.near_merge_thr)}.csv`) ?? "";
      const last = text.trimEnd().split("\n").at(-1)?.split(",") ?? [];
      expect(Number(last[COLUMNS.indexOf("mem_size")])).toBe(valueOf(row, "memSize"));
    }
  });

  test("are read by bytesper writes whole, by their own header", () => {
    for (const row of result.rows) {
      const name = `near-merge-${String(row.factors.near_merge_thr)}.csv`;
      const lines = (logs.get(name) ?? "").trimEnd().split("\n");
      const report = reports.get(name);
      const merges = lines.filter((line) => line.includes(",merge,near_merge_k3,")).length;
      expect(report).toMatchObject({
        events: lines.length - 1,
        memSize: { last: valueOf(row, "memSize") },
        layouts: [{ columns: [...COLUMNS], rows: lines.length - 1 }],
        unplacedLines: [],
      });
      expect((report?.actions as Record<string, number>).merge ?? 0).toBe(merges);
      expect(report?.runs).toHaveLength(1);
    }
  });
});

test("the measuring core finds as many bytes per item: a memory of 128", { timeout: 180_000 }, async () => {
  const whole = await measured(["experiments/subjects/gated-memory/subject.ts"]);
  const perItem = fitOf(whole).perUnitBytes.value / 128;
  // 256 for the value, 256 for the row of keys, and objects; what the memory has beside its items is 50 bytes an item.
  expect(perItem).toBeGreaterThan(700);
  expect(perItem).toBeLessThan(900);
  const high = rowAt(0.95);
  const spare = valueOf(high, "estimateBytes") - 512;
  expect(Math.abs(valueOf(high, "bytesPerItemBytes") - spare - perItem)).toBeLessThan(0.1 * perItem);
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Result, ResultRow } from "../../src/record/schema.js";
import { parseResult } from "../../src/record/schema.js";
import { bytesper, inFolder } from "./cli.js";
import { bytesperInOneProcess } from "./one-process.js";

const inOneProcess = bytesperInOneProcess();

const MIB = 2 ** 20;

interface Record {
  device: string;
  outcome: string;
  estimatedScoreBytes: number;
  inputOutputBytes: number;
  usedHighWaterBytes: number;
  reservedHighWaterBytes: number;
  durationMs: number;
  capBytes: number;
  refused?: { requestedBytes: number };
}

async function attention(...args: string[]): Promise<Record> {
  const { code, stdout, stderr } = await bytesper(["attention", "--device", "cpu", "--json", ...args]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Record;
}

test("the naive kernel takes what n x n x heads x bytes says", async () => {
  const record = await attention("--tokens", "2500", "--kernel", "naive");
  expect(record.estimatedScoreBytes).toBe(2500 * 2500 * 16 * 4);
  expect(record.inputOutputBytes).toBe(4 * 16 * 2500 * 128 * 4);
  const ratio = (record.usedHighWaterBytes - record.inputOutputBytes) / record.estimatedScoreBytes;
  expect(ratio).toBeGreaterThanOrEqual(1);
  expect(ratio).toBeLessThan(1.05);
  expect(record.reservedHighWaterBytes).toBeGreaterThanOrEqual(record.usedHighWaterBytes);
  expect(record.durationMs).toBeGreaterThan(0);
});

test("flash at 12,000 tokens takes less than 1 % of the scores beside inputs and output", async () => {
  // Four heads, for the time that sixteen take.
  const record = await attention("--tokens", "12000", "--heads", "4");
  const extra = record.usedHighWaterBytes - record.inputOutputBytes;
  expect(extra).toBeGreaterThan(0);
  expect(extra).toBeLessThan(0.01 * record.estimatedScoreBytes);
});

test("over the cap is a result with the refused request, not a failure", async () => {
  const record = await attention("--tokens", "3000", "--kernel", "naive", "--device-cap", "200MiB");
  expect(record).toMatchObject({ outcome: "oom-device", capBytes: 200 * MIB });
  expect(record.refused?.requestedBytes).toBe(3000 * 3000 * 16 * 4);
  expect(record.usedHighWaterBytes).toHaveProperty("absent");
});

test("--check compares every kernel with double precision", { timeout: 120_000 }, async () => {
  const { code, stdout } = await bytesper(["attention", "--check", "--device", "cpu", "--json"]);
  expect(code).toBe(0);
  const { checks } = JSON.parse(stdout) as {
    checks: { kernel: string; dtype: string; combinations: number; ok: boolean; worst: { error: number } }[];
  };
  expect(checks).toHaveLength(9);
  for (const { combinations, ok, worst } of checks) {
    expect(combinations).toBe(104);
    expect(ok).toBe(true);
    // Never exactly 0: then nothing would have been compared.
    expect(worst.error).toBeGreaterThan(0);
  }
});

const MISTAKES: [string[], number, RegExp][] = [
  [["--tokens", "0"], 2, /whole number from 1/],
  [[], 2, /length of the sequence is missing; give --tokens N/],
  [["--tokens", "8", "--heads", "3", "--kv-heads", "2"], 2, /kvHeads must divide heads/],
  [["--tokens", "8", "--head-dim", "20"], 2, /headDim must be a multiple of 16/],
  [["--tokens", "9007199254740991"], 2, /more than 2\^53 bytes/],
  [["--tokens", "8", "--dtype", "int8"], 2, /Allowed choices are fp32, fp16, bf16/],
  [["--tokens", "8", "--device", "tpu"], 2, /not a device; give auto, cpu, cuda or cuda:N/],
  [["--tokens", "8", "--device-cap", "much"], 2, /not a size/],
  [["--tokens", "8", "--score-dtype", "bf16"], 2, /Scores are kept in fp32 or in the type of the inputs/],
];

test.each(MISTAKES)("attention %j is a mistake of one sentence", async (args, expected, sentence) => {
  const { code, stdout, stderr } = await inOneProcess(["attention", ...args]);
  expect(stderr).toMatch(sentence);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(stdout).toBe("");
  expect(code).toBe(expected);
});

test("a GPU that is not there is exit 3 with the reason; auto takes the CPU and says so once", async ({
  skip,
}) => {
  const devices = await bytesper(["devices", "--json"]);
  skip(
    (JSON.parse(devices.stdout) as { devices: unknown[] }).devices.length > 0,
    "needs a box without a GPU",
  );
  const refused = await bytesper(["attention", "--tokens", "8", "--device", "cuda:0"]);
  expect(refused).toMatchObject({ code: 3, stdout: "" });
  expect(refused.stderr).toMatch(/^There is no device cuda:0 here: .+\.\n$/);
  const auto = await bytesper(["attention", "--tokens", "8"]);
  expect(auto.code).toBe(0);
  expect(auto.stderr.match(/Running on the CPU: /g)).toHaveLength(1);
});

function value(row: ResultRow, name: string): number {
  const reading = row.readings[name];
  if (reading === undefined || !("value" in reading))
    throw new Error(`${name} has no value: ${JSON.stringify(reading)}`);
  return reading.value;
}

async function resultOf(folder: string, experiment: string): Promise<Result> {
  const file = join(folder, experiment, "result.json");
  return Promise.resolve(parseResult(readFileSync(file, "utf8"), file));
}

test(
  "a quick profile of the experiments on a device agrees with the kernel's count",
  { timeout: 180_000 },
  async () => {
    await inFolder(async (folder) => {
      const experiments = ["attention-memory", "device-sessions", "session-decode"];
      const args = [...experiments, "--verbose", "--quick", "--device", "cpu", "--out", folder];
      const { code, stdout, stderr } = await bytesper(["profile", ...args, "--device-cap", "600MiB"]);
      expect(code, stderr).toBe(0);
      expect(stdout).toContain("Attention of 16 heads of dimension 128");

      const attentionResult = await resultOf(folder, "attention-memory");
      expect(attentionResult.complete).toBe(true);
      expect(attentionResult.warnings).toEqual([]);
      for (const row of attentionResult.rows) {
        for (const kernel of ["naive", "flash"]) {
          const second = value(row, `${kernel}SecondRouteBytes`);
          const reserved = value(row, `${kernel}ReservedHighWaterBytes`);
          expect(Math.abs(reserved / second - 1), kernel).toBeLessThan(0.02);
          expect(value(row, `${kernel}UsedHighWaterBytes`), kernel).toBeLessThanOrEqual(reserved);
        }
        if (Number(row.factors.tokens) < 2000) continue;
        expect(value(row, "naiveScoresOverEstimate")).toBeGreaterThanOrEqual(1);
        expect(value(row, "naiveScoresOverEstimate")).toBeLessThan(1.05);
      }
      const frontier = attentionResult.followUps?.find(({ name }) => name === "frontier")
        ?.rows[0] as ResultRow;
      // 600 MiB = 64 n^2 + 32,768 n by the formula.
      expect(value(frontier, "predictedTokens")).toBe(2889);
      expect(Math.abs(value(frontier, "largestTokens") - 2889)).toBeLessThan(10);
      expect(value(frontier, "usedHighWaterBytes")).toBeLessThanOrEqual(600 * MIB);

      const sessions = await resultOf(folder, "device-sessions");
      expect(sessions.complete).toBe(true);
      for (const row of sessions.rows) {
        const second = value(row, "secondRouteBytes");
        for (const counter of ["usedBytes", "reservedBytes"])
          expect(Math.abs(value(row, counter) / second - 1), JSON.stringify(row.factors)).toBeLessThan(0.02);
        expect(value(row, "formulaPerSessionBytes")).toBe(36_864 * 1000);
        expect(value(row, "allClosedReservedBytes")).toBe(0);
      }
      const capacity = sessions.followUps?.find(({ name }) => name === "capacity")?.rows ?? [];
      // 600 MiB hold 17 caches of 36,864,000 bytes.
      expect(capacity.map((row) => value(row, "openedSessions"))).toEqual([17, 17, 16]);

      const decode = await resultOf(folder, "session-decode");
      expect(decode.complete).toBe(true);
      expect(decode.rows.map(({ factors }) => factors.tokens)).toEqual([
        500, 1000, 500, 1000, 500, 1000, 500, 1000,
      ]);
      for (const row of decode.rows) {
        const [kind, type] = String(row.factors.cache).split(" ");
        const tokens = Number(row.factors.tokens);
        // 2 x 36 layers x 2 heads x 128; 8-bit caches have 36 x 2 x 2 scales of 4 bytes besides.
        const perToken = type === "fp8" ? 18_432 : 36_864;
        const scales = type === "fp8" ? 576 : 0;
        const kept = kind === "paged" ? Math.ceil(tokens / 16) * 16 : tokens;
        const of = JSON.stringify(row.factors);
        expect(value(row, "estimatedPerSessionBytes"), of).toBe(perToken * tokens);
        expect(value(row, "usedPerSessionBytes"), of).toBe(perToken * kept + scales);
        expect(value(row, "roundingPerSessionBytes"), of).toBe(perToken * (kept - tokens) + scales);
        expect(value(row, "readPerTokenBytes"), of).toBe(perToken * tokens);
        if (kind === "dense") expect(value(row, "poolUsedBytes"), of).toBe(4 * (perToken * tokens + scales));
        const reserved = value(row, "poolReservedBytes");
        expect(Math.abs(reserved / value(row, "secondRouteBytes") - 1), of).toBeLessThan(0.02);
      }
      const summary = JSON.parse(readFileSync(join(folder, "summary.json"), "utf8")) as {
        device_bytes_per_session: number;
      };
      // Four slabs of 64 pages of 16 tokens hold four sessions of 63 pages.
      expect(summary.device_bytes_per_session).toBe(64 * 16 * 36_864);
    });
  },
);

test(
  "what does not fit under the cap is a censored row of a complete result",
  { timeout: 120_000 },
  async () => {
    await inFolder(async (folder) => {
      const args = [
        "attention-memory",
        "--verbose",
        "--quick",
        "--device",
        "cpu",
        "--device-cap",
        "200MiB",
        "--out",
        folder,
      ];
      const { code, stdout, stderr } = await bytesper(["profile", ...args]);
      expect(code, stderr).toBe(0);
      expect(stdout).toContain("> 200.00 [1]");
      const result = await resultOf(folder, "attention-memory");
      const row = result.rows.find(({ factors }) => factors.tokens === 2000) as ResultRow;
      expect(row).toMatchObject({ outcome: "oom-device" });
      expect(row.readings.naiveUsedHighWaterBytes).toMatchObject({ above: 200 * MIB });
      expect(value(row, "flashUsedHighWaterBytes")).toBeGreaterThan(0);
      expect(result.complete).toBe(true);
    });
  },
);

import { describe, expect, test } from "vitest";
import { scanLog } from "../../../src/oom/scan.js";
import { seededRandom } from "../../../src/base/stats/random.js";
import { MESSAGES } from "./messages.js";
import { MIB, figures, figuresOf, pieces, scanText } from "./support.js";

const REPORT =
  "RuntimeError: CUDA out of memory. Tried to allocate 8.00 MiB (GPU 0; 16.00 MiB total capacity; 4.00 MiB already allocated; 2.00 MiB free; 6.00 MiB reserved in total by PyTorch)";
const RECORD = figures("pytorch", {
  requestedBytes: 8 * MIB,
  gpuIndex: 0,
  totalBytes: 16 * MIB,
  allocatedBytes: 4 * MIB,
  freeBytes: 2 * MIB,
  reservedBytes: 6 * MIB,
  reservedKind: "total",
});

test("pieces of any size give the same records", async () => {
  const random = seededRandom(3);
  const log = Object.values(MESSAGES)
    .map((make) => `${make(random).text}\n\n`)
    .join("filler\n");
  const whole = await scanText(log);
  expect(whole.reports).toHaveLength(Object.keys(MESSAGES).length);
  for (const size of [1, 2, 7, 64, 1000, 4097]) expect(await scanText(log, size)).toEqual(whole);
});

test("where the window ends makes no difference", async () => {
  const random = seededRandom(4);
  const filler = Array.from(
    { length: 12 },
    (_, line) => `step ${line} of a thousand, loss 0.5, all is well\n`,
  ).join("");
  const log = Array.from({ length: 12 }, () =>
    Object.values(MESSAGES)
      .map((make) => `${make(random).text}\n${filler}`)
      .join(""),
  ).join("");
  const whole = await scanText(log);
  expect(whole.reports).toHaveLength(12 * Object.keys(MESSAGES).length);
  // The window holds some 60 KiB beyond what is searched at once; its ends come to lie everywhere.
  for (let chunk = 1; chunk < 20_000; chunk += 613) expect(await scanLog(pieces(log), chunk)).toEqual(whole);
});

test("a report across the end of a piece is read once, at every offset in it", async () => {
  const before = "all is well\n".repeat(3);
  const log = Buffer.from(`${before}${REPORT}\nall is well\n`);
  for (let at = before.length - 1; at <= before.length + REPORT.length + 1; at += 1) {
    const parts = async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(log.subarray(0, at));
      yield log.subarray(at);
    };
    const { reports } = await scanLog(parts(), 1);
    expect(reports.map(({ record }) => figuresOf(record))).toEqual([{ ...RECORD, line: 4 }]);
  }
});

test("a line of megabytes is searched to its end", async () => {
  const { reports } = await scanText(
    `first\n${"y".repeat(5 * MIB)} ${REPORT} ${"z".repeat(3 * MIB)}\n${REPORT}`,
  );
  expect(reports.map(({ record }) => figuresOf(record))).toEqual([
    { ...RECORD, line: 2 },
    { ...RECORD, line: 3 },
  ]);
});

test("bytes that are no text hide nothing", async () => {
  const random = seededRandom(9);
  const noise = Buffer.from(Array.from({ length: 300_000 }, () => Math.floor(random() * 256)));
  const { reports } = await scanText(Buffer.concat([noise, Buffer.from(`\n${REPORT}\n`), noise]));
  const lines = noise.filter((byte) => byte === 10).length;
  expect(reports.map(({ record }) => figuresOf(record))).toEqual([{ ...RECORD, line: lines + 2 }]);
});

test("a log without a report, and an empty one, have none", async () => {
  expect((await scanText("")).reports).toEqual([]);
  expect((await scanText("all is well\n".repeat(1000))).reports).toEqual([]);
});

test("a message that is repeated is a report each time", async () => {
  const { reports } = await scanText(`${REPORT}\n${REPORT}\n${REPORT}\n`);
  expect(reports.map(({ record }) => record.line)).toEqual([1, 2, 3]);
});

test("reports beyond the most that are kept are counted", async () => {
  const { reports, omittedReports } = await scanText(`${REPORT}\n`.repeat(10_007));
  expect([reports.length, omittedReports]).toEqual([10_000, 7]);
});

describe("facts", () => {
  test("are those of the lines before a report", async () => {
    const { reports, facts } = await scanText(
      `Input tokens: 1,200\nloading Qwen/Qwen2.5-3B-Instruct\nInput tokens: 900\n${REPORT}\nInput tokens: 7000\n`,
    );
    expect(reports[0]?.facts).toEqual({
      inputTokens: { count: 2, last: 900, line: 3, largest: 1200 },
      models: [{ name: "Qwen2.5-3B-Instruct", line: 2 }],
      expandableSegments: false,
    });
    expect(facts.inputTokens).toMatchObject({ count: 3, last: 7000, line: 5 });
  });

  test.each(['"prompt_tokens": 42', "input_tokens=42", "INPUT TOKENS: 42", "Prompt tokens : 42"])(
    "%s is a count of input tokens",
    async (line) => {
      expect((await scanText(`${line}\n`)).facts.inputTokens?.last).toBe(42);
    },
  );

  test.each(["input tokens per second: 42", "Input tokens: many", "prompt tokens: 42.5/s"])(
    "%s is none",
    async (line) => {
      expect((await scanText(`${line}\n`)).facts.inputTokens).toBeUndefined();
    },
  );

  test("expandable segments are set by an environment, not by advice", async () => {
    const advice = "try setting PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True to avoid fragmentation";
    expect((await scanText(advice)).facts.expandableSegments).toBe(false);
    expect(
      (await scanText(`export PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True\n${advice}`)).facts,
    ).toMatchObject({
      expandableSegments: true,
    });
  });
});

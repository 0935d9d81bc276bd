import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { openLog, unpacked } from "../../../src/base/byte-source.js";
import { scanLog } from "../../../src/oom/scan.js";
import { MIB, pieces } from "./support.js";

const folder = mkdtempSync(join(tmpdir(), "bytesper-oom-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const REPORT =
  "RuntimeError: CUDA out of memory. Tried to allocate 8.00 MiB (GPU 0; 16.00 MiB total capacity)\n";
const LOG = `${"all is well\n".repeat(20_000)}${REPORT}${"all is well\n".repeat(20_000)}`;

async function requested(bytes: Buffer, size?: number): Promise<{ found: unknown[]; warnings: string[] }> {
  const warnings: string[] = [];
  const { reports } = await scanLog(
    unpacked(pieces(bytes, size), "job.log", (message) => {
      warnings.push(message);
    }),
  );
  return { found: reports.map(({ record: { line, requestedBytes } }) => [line, requestedBytes]), warnings };
}

const FOUND = { found: [[20_001, 8 * MIB]], warnings: [] };

test("plain text is read as it is", async () => {
  expect(await requested(Buffer.from(LOG))).toEqual(FOUND);
});

describe("gzip", () => {
  test.each([1, 5, 1000, 1 << 16])("is unpacked from pieces of %d bytes", async (size) => {
    expect(await requested(gzipSync(LOG), size)).toEqual(FOUND);
  });

  test("in several members, as logs are rotated and joined, is read to its end", async () => {
    const half = LOG.length >> 1;
    const joined = Buffer.concat([gzipSync(LOG.slice(0, half)), gzipSync(LOG.slice(half))]);
    expect(await requested(joined)).toEqual(FOUND);
  });

  test("that is cut short is read as far as it goes, with a warning", async () => {
    // Stored, so that it is known what stands before the cut.
    const whole = gzipSync(LOG, { level: 0 });
    const { found, warnings } = await requested(whole.subarray(0, whole.length - 1000));
    expect(found).toEqual(FOUND.found);
    expect(warnings).toEqual([
      "job.log is damaged gzip (unexpected end of file); what was unpacked up to there has been read.",
    ]);
  });

  test.each([
    ["text", Buffer.from("garbage at the end\n"), "incorrect header check"],
    ["zeros, as tar pads", Buffer.alloc(512), "incorrect header check"],
    [
      "what begins like gzip",
      Buffer.from([0x1f, 0x8b, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7]),
      "incorrect header check",
    ],
    ["a cut header", Buffer.from([0x1f, 0x8b, 8]), "incorrect header check"],
  ])("with %s behind its end is read to its end, with a warning", async (_, garbage, why) => {
    expect(await requested(Buffer.concat([gzipSync(LOG), garbage]))).toEqual({
      found: FOUND.found,
      warnings: [
        `job.log has bytes behind its end that are no gzip (${why}); all before them has been read.`,
      ],
    });
  });

  test("with a name, a comment, a further field and a sum in its header is unpacked", async () => {
    const whole = gzipSync(LOG);
    const header = Buffer.from([...whole.subarray(0, 3), 2 + 4 + 8 + 16, ...whole.subarray(4, 10)]);
    const extra = Buffer.concat([
      Buffer.from([3, 0, 1, 2, 3]),
      Buffer.from("job.log\0a comment\0"),
      Buffer.from([1, 2]),
    ]);
    expect(await requested(Buffer.concat([header, extra, whole.subarray(10)]))).toEqual(FOUND);
  });

  test("whose sum is wrong is read, with a warning", async () => {
    const whole = gzipSync(LOG);
    whole.writeUInt8(whole.readUInt8(whole.length - 8) ^ 1, whole.length - 8);
    expect(await requested(whole)).toEqual({
      found: FOUND.found,
      warnings: [
        "job.log is damaged gzip (incorrect data check); what was unpacked up to there has been read.",
      ],
    });
  });

  test("with damage at its beginning is a warning and holds nothing", async () => {
    const { found, warnings } = await requested(Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    expect(found).toEqual([]);
    expect(warnings).toHaveLength(1);
  });
});

test.each([
  ["low byte first", (bytes: Buffer) => bytes],
  ["high byte first", (bytes: Buffer) => bytes.swap16()],
])("UTF-16 as PowerShell writes it, %s", async (_, order) => {
  for (const size of [3, 4096])
    expect(await requested(order(Buffer.from(`\ufeff${LOG}`, "utf16le")), size)).toEqual(FOUND);
});

test("what is packed in another way is refused with what to do", async () => {
  await expect(requested(Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0]))).rejects.toThrow(
    "job.log is packed with zstd, and only plain text and gzip are read; unpack it into bytesper explain-oom -.",
  );
});

test("an empty log has no report", async () => {
  expect(await requested(Buffer.alloc(0))).toEqual({ found: [], warnings: [] });
});

test("a folder and a missing file are refused with what to do", async () => {
  const warn = (): void => undefined;
  await expect(openLog(folder, warn)).rejects.toThrow("is a folder; give the path of a log.");
  await expect(openLog(join(folder, "none.log"), warn)).rejects.toThrow("does not exist");
});

test("a file of several buffers is read whole", async () => {
  const path = join(folder, "large.log");
  writeFileSync(path, `${"x".repeat(99)}\n`.repeat(30_000) + REPORT);
  const { reports, bytes } = await scanLog(await openLog(path, () => undefined));
  expect(bytes).toBe(3_000_000 + REPORT.length);
  expect(reports.map(({ record }) => record.line)).toEqual([30_001]);
});

test.each([
  ["the low byte first", (text: string) => Buffer.from(text, "utf16le")],
  ["the low byte last", (text: string) => Buffer.from(text, "utf16le").swap16()],
])("UTF-16 without a mark is told by its zeros: %s", async (_, write) => {
  expect(await requested(write(LOG))).toEqual(FOUND);
});

import { expect, test } from "vitest";
import { decodeLine, encodeLine } from "../../../../src/runner/journal/line.js";

const HEAD = { v: 1, seq: 7, at: "2026-01-31T12:00:00.000Z", type: "turn" };

function lineOf(extra: Record<string, unknown> = {}): Buffer {
  const bytes = encodeLine({ ...HEAD, ...extra });
  expect(bytes.at(-1)).toBe(10);
  return bytes.subarray(0, -1);
}

test("a line is JSON that anybody can read, with the checksum as its last key", () => {
  const text = lineOf({ record: { n: 1 } }).toString();
  expect(Object.keys(JSON.parse(text) as object)).toEqual([...Object.keys(HEAD), "record", "sum"]);
});

test("what was written is read back without the checksum", () => {
  const record = { ...HEAD, text: 'ä\u{1f600}\ufffd\n"\\', nothing: null };
  expect(decodeLine(lineOf(record))).toEqual({ ok: true, record });
});

test("a record may have a key of the checksum's name", () => {
  expect(decodeLine(lineOf({ sum: "0123456789abcdef" }))).toMatchObject({
    ok: true,
    record: { sum: "0123456789abcdef" },
  });
});

test("a record with no keys of its own is a record", () => {
  expect(decodeLine(lineOf())).toEqual({ ok: true, record: HEAD });
});

test.each(["", "{}", "garbage", '{"v":1}', '{"sum":"0123456789abcdef"}'])("%j is not a record", (text) => {
  expect(decodeLine(Buffer.from(text))).toEqual({ ok: false, problem: "not a record" });
});

test("each bit of the line counts", () => {
  const line = lineOf({ text: "ä\u{1f600}\ufffd" });
  for (let bit = 0; bit < 8 * line.length; bit++) {
    const damaged = Buffer.from(line);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(decodeLine(damaged).ok, `bit ${bit & 7} of byte ${bit >> 3}`).toBe(false);
  }
});

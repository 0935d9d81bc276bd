import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tearTail } from "../../../../src/runner/chaos/tear.js";
import { parseJournal } from "../../../../src/runner/journal/read.js";
import { bytesOf, RECORDS, temporaryFolder } from "../journal/sample.js";

const folder = temporaryFolder();
const whole = bytesOf(RECORDS);

function torn(bytes: Buffer, random: number): Buffer {
  const path = join(folder, "journal.jsonl");
  writeFileSync(path, bytes);
  tearTail(path, random);
  return readFileSync(path);
}

test("the last record goes, at any place in it, and none before it", () => {
  for (const random of [0, 0.001, 0.5, 0.999, 1 - 2 ** -32]) {
    const bytes = torn(whole, random);
    expect(bytes.length).toBeLessThan(whole.length);
    expect(parseJournal(bytes, "j").records).toHaveLength(RECORDS.length - 1);
  }
});

test("a journal that is torn already loses the record before", () => {
  expect(parseJournal(torn(whole.subarray(0, -5), 0.5), "j").records).toHaveLength(RECORDS.length - 2);
});

test("the only record goes as well", () => {
  expect(parseJournal(torn(bytesOf(RECORDS.slice(0, 1)), 0.5), "j").records).toEqual([]);
});

test.each(["", "half a record"])("%j without a record is left as it is", (text) => {
  expect(torn(Buffer.from(text), 0.5).toString()).toBe(text);
});

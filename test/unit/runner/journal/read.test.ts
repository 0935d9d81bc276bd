import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { encodeLine } from "../../../../src/runner/journal/line.js";
import { parseJournal, readJournal } from "../../../../src/runner/journal/read.js";
import { boundariesOf, bytesOf, RECORDS, temporaryFolder } from "./sample.js";

const folder = temporaryFolder();
const whole = bytesOf(RECORDS);
const boundaries = boundariesOf(whole);

test("a whole journal has all of its records and nothing torn", () => {
  const { records, length, torn } = parseJournal(whole, "j");
  expect(records).toMatchObject(RECORDS);
  expect(records.map(({ seq }) => seq)).toEqual([0, 1, 2, 3]);
  expect({ length, torn: torn.length }).toEqual({ length: whole.length, torn: 0 });
});

test("cut at any byte, a journal has exactly the records that were complete, and the rest apart", () => {
  for (let cut = 0; cut <= whole.length; cut++) {
    const bytes = whole.subarray(0, cut);
    const { records, length, torn } = parseJournal(bytes, "j");
    const complete = boundaries.filter((offset) => offset > 0 && offset <= cut).length;
    expect(records, `cut at ${cut}`).toMatchObject(RECORDS.slice(0, complete));
    expect(records).toHaveLength(complete);
    expect(length).toBe(boundaries[complete]);
    expect(Buffer.concat([bytes.subarray(0, length), torn]).equals(bytes)).toBe(true);
  }
});

describe("damage before the end", () => {
  const lastBegin = boundaries.at(-2) ?? 0;

  test("a flipped bit in any byte before the last line is refused with the number of its line", () => {
    for (let at = 0; at < lastBegin; at++) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at & 7));
      const line = boundaries.filter((offset) => offset <= at).length;
      expect(() => parseJournal(damaged, "a.jsonl"), `byte ${at}`).toThrow(
        new RegExp(`^a\\.jsonl is damaged in line ${line} \\((not a record|wrong checksum)\\)`),
      );
    }
  });

  test("a flipped bit in the last line never gives another record", () => {
    for (let at = lastBegin; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at & 7));
      let read: ReturnType<typeof parseJournal> | undefined;
      try {
        read = parseJournal(damaged, "a.jsonl");
      } catch (error) {
        expect(String(error)).toContain("damaged in line 4");
      }
      // What cannot be told from a write that was cut off is left out.
      if (read !== undefined) expect(read.records).toHaveLength(RECORDS.length - 1);
    }
  });

  test("a line that is missing is noticed by the number of the next", () => {
    const [, second = 0, third = 0] = boundaries;
    const bytes = Buffer.concat([whole.subarray(0, second), whole.subarray(third)]);
    expect(() => parseJournal(bytes, "a.jsonl")).toThrow("in line 2 (record 2 stands where 1 should)");
  });

  test("a line that stands twice is noticed", () => {
    const [, second = 0] = boundaries;
    const bytes = Buffer.concat([whole.subarray(0, second), whole]);
    expect(() => parseJournal(bytes, "a.jsonl")).toThrow("in line 2 (record 0 stands where 1 should)");
  });

  test("a record that was appended to half of another is refused", () => {
    const [, , third = 0, fourth = 0] = boundaries;
    const bytes = Buffer.concat([whole.subarray(0, third - 20), whole.subarray(third, fourth)]);
    expect(() => parseJournal(bytes, "a.jsonl")).toThrow("damaged in line 2 (wrong checksum)");
  });
});

test("a record of a newer version is refused, whatever it holds", () => {
  const newer = encodeLine({ v: 2, seq: 4, at: "2027-01-31T12:00:00.000Z", type: "unheard-of" });
  expect(() => parseJournal(Buffer.concat([whole, newer]), "a.jsonl")).toThrow(
    "a.jsonl, line 5 has version 2 and this version of bytesper reads up to 1; use a newer bytesper.",
  );
});

test("a journal that is not there, or is a folder, is told in one sentence", () => {
  const missing = join(folder, "missing.jsonl");
  expect(() => readJournal(missing)).toThrow(`${missing} does not exist; give the folder of a run`);
  const directory = join(folder, "directory.jsonl");
  mkdirSync(directory);
  expect(() => readJournal(directory)).toThrow(/directory\.jsonl cannot be read: EISDIR.*\.$/);
});

test("a file that is no journal is refused at its first line", () => {
  const file = join(folder, "other.jsonl");
  writeFileSync(file, '{"a":1}\n{"a":2}\n');
  expect(() => readJournal(file)).toThrow("is damaged in line 1 (not a record)");
});

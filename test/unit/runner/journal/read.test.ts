import { execFileSync } from "node:child_process";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { encodeLine } from "../../../../src/runner/journal/line.js";
import type { JournalRecord } from "../../../../src/runner/journal/records.js";
import { parseJournal, readJournal } from "../../../../src/runner/journal/read.js";
import { cellAt, ended, endOf, planned } from "../engine/sample.js";
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

test("a device and a pipe are no journals, and nothing waits for them", () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  for (const path of ["/dev/zero", pipe])
    expect(() => readJournal(path)).toThrow(
      `${path} cannot be read: it is a device or a pipe and not a file.`,
    );
});

test("a file above 2 GiB is read in pieces, up to the first line that no record has", () => {
  const path = join(folder, "large.jsonl");
  writeFileSync(path, bytesOf(RECORDS));
  // The rest is a hole, which takes no place on the disk.
  truncateSync(path, 2 ** 31 + 1);
  expect(() => readJournal(path)).toThrow(
    `is damaged in line ${RECORDS.length + 1} (longer than 268,435,456 bytes)`,
  );
});

test("counted records of a cell need no memory for their content, and are as many", () => {
  const unit = { experiment: "fits", cell: "0123456789abcdef0123", trial: 0, attempt: 1 };
  const turn = (more: object): JournalRecord => ({ type: "turn", ...unit, record: { n: 1 }, ...more });
  const bytes = bytesOf([...RECORDS, turn({}), turn({}), turn({ attempt: 2 }), turn({ experiment: "b" })]);
  const { records, count, length } = parseJournal(bytes, "j", "counted");
  expect({ count, length }).toEqual({ count: 8, length: bytes.length });
  expect(
    records.slice(3).map((record) => (record.type === "turn" ? [record.attempt, record.count] : [])),
  ).toEqual([
    [1, 3],
    [2, 1],
    [1, 1],
  ]);
  expect(records.slice(3).every((record) => record.type === "turn" && record.record === undefined)).toBe(
    true,
  );
});

test("a flipped bit in counted records is noticed like in kept ones", () => {
  const unit = { experiment: "fits", cell: "0123", trial: 0, attempt: 1 };
  const turns = [1, 2, 3, 4].map((n): JournalRecord => ({ type: "turn", ...unit, record: { n } }));
  const bytes = bytesOf([...RECORDS, ...turns]);
  const outcome = (damaged: Buffer, kept: "kept" | "counted"): unknown => {
    try {
      const { count, length } = parseJournal(damaged, "a.jsonl", kept);
      return { count, length };
    } catch (error) {
      return String(error);
    }
  };
  for (let at = whole.length; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ (1 << (at & 7));
    expect(outcome(damaged, "counted"), `byte ${at}`).toEqual(outcome(damaged, "kept"));
  }
});

test.each([
  [{ type: "unheard-of" }, 'its "type" is "unheard-of"'],
  [{ type: "pressure", what: "memory", level: "soft", message: 5 }, "message: Invalid input"],
  [{ type: "runner", owner: {}, command: "run", moreMemory: 1 }, "owner.pid: it is missing, expected number"],
  [{ type: "started", trial: 0, attempt: 1, beside: "none", experiment: "a", cell: "0" }, "beside: Invalid"],
  [
    { type: "finished", trial: 0, attempt: 1, beside: false, experiment: "a", cell: "0" },
    "end: it is missing, expected object",
  ],
])("the record %j is refused, with a right checksum too", (record, problem) => {
  const bytes = bytesOf([record as unknown as JournalRecord]);
  expect(() => parseJournal(bytes, "j")).toThrow(`j, line 1 cannot be used: ${problem}`);
});

test("the answer of a cell is refused where it is not what its role answers", () => {
  const cell = cellAt(1);
  const answers = [{ readings: { v: 1 } }, { readings: { v: "1" } }, { readings: 5 }, undefined, null];
  const tried = answers.map((data) => {
    try {
      parseJournal(bytesOf([planned(cell), ended(cell, endOf("ok", { data }))]), "j");
      return "read";
    } catch (error) {
      return String(error).replace(/^.*in the answer of its cell, (.*?): .*$/, "$1");
    }
  });
  expect(tried).toEqual(["read", "readings.v", "readings", "the whole", "the whole"]);
});

test.each([
  [{ experiment: "../x" }, "turn"],
  [{ experiment: "README.md" }, "turn"],
  [{ cell: "../../x" }, "turn"],
  [{ trial: "1/../.." }, "started"],
  [{ attempt: 1.5 }, "started"],
])("a record whose %j would be a path is refused, with a right checksum too", (more, type) => {
  const unit = { experiment: "fits", cell: "0123", trial: 0, attempt: 1, record: 1, beside: 0 };
  const bytes = bytesOf([{ type, ...unit, ...more } as unknown as JournalRecord]);
  for (const turns of ["kept", "counted"] as const)
    expect(() => parseJournal(bytes, "j", turns)).toThrow("j, line 1 cannot be used: ");
});

test("a file that is no journal is refused at its first line", () => {
  const file = join(folder, "other.jsonl");
  writeFileSync(file, '{"a":1}\n{"a":2}\n');
  expect(() => readJournal(file)).toThrow("is damaged in line 1 (not a record)");
});

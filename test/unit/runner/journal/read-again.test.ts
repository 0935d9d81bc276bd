import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Journal } from "../../../../src/runner/journal/journal.js";
import { readJournal } from "../../../../src/runner/journal/read.js";
import { RECORDS, temporaryFolder } from "./sample.js";

const folder = temporaryFolder();

function journalWith(name: string): string {
  const journal = Journal.create(join(folder, name), "run");
  journal.append(...RECORDS.slice(0, 2));
  journal.close();
  return journal.path;
}

test("a file that has not changed is not parsed a second time", () => {
  const path = journalWith("same");
  const before = readJournal(path);
  expect(readJournal(path, before)).toBe(before);
});

test("a file that has grown is read anew", () => {
  const path = journalWith("grown");
  const before = readJournal(path);
  const { journal } = Journal.open(path, before);
  journal.append(...RECORDS.slice(2));
  journal.close();
  expect(readJournal(path, before).records).toHaveLength(RECORDS.length);
  // Opened with a reading that is out of date, it goes on after the last record all the same.
  const again = Journal.open(path, before);
  expect(again.records).toHaveLength(RECORDS.length);
  expect(again.journal.append(...RECORDS.slice(0, 1))[0]?.seq).toBe(RECORDS.length);
  again.journal.close();
});

test("damage of the same length is seen", () => {
  const path = journalWith("damaged");
  const before = readJournal(path);
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
  writeFileSync(path, bytes);
  expect(() => readJournal(path, before)).toThrow("is damaged in line 1");
});

test("a torn end that came after the reading is put aside", () => {
  const path = journalWith("torn");
  const before = readJournal(path);
  appendFileSync(path, '{"v":1,"seq":2');
  const { journal, records, tornFile } = Journal.open(path, before);
  journal.close();
  expect(records).toHaveLength(2);
  expect(readFileSync(tornFile ?? "", "utf8")).toBe('{"v":1,"seq":2');
});

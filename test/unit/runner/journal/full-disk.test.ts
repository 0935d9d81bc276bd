import type * as Fs from "node:fs";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { Journal } from "../../../../src/runner/journal/journal.js";
import { readJournal } from "../../../../src/runner/journal/read.js";
import { RECORDS, temporaryFolder } from "./sample.js";

const disk = vi.hoisted(() => ({ bytesLeft: Number.POSITIVE_INFINITY, syncs: true, cuts: true }));

// A disk of our own size would need the right to mount one; test/system/faults has one where it may.
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof Fs>();
  const full = (code: string): Error => Object.assign(new Error(`${code}: refused`), { code });
  return {
    ...fs,
    writeSync: (descriptor: number, bytes: Buffer, offset = 0): number => {
      if (disk.bytesLeft === 0) throw full("ENOSPC");
      const size = Math.min(bytes.length - offset, disk.bytesLeft);
      disk.bytesLeft -= size;
      return fs.writeSync(descriptor, bytes, offset, size);
    },
    fdatasyncSync: (descriptor: number): void => {
      if (!disk.syncs) throw full("EIO");
      fs.fdatasyncSync(descriptor);
    },
    ftruncateSync: (descriptor: number, length: number): void => {
      if (!disk.cuts) throw full("EIO");
      fs.ftruncateSync(descriptor, length);
    },
  };
});

const folder = temporaryFolder();
const [first, second, third] = RECORDS as [(typeof RECORDS)[0], (typeof RECORDS)[0], (typeof RECORDS)[0]];
let journals = 0;

function journalOfOne(): Journal {
  const journal = Journal.create(join(folder, `${++journals}`), "run");
  journal.append(first);
  return journal;
}

beforeEach(() => {
  Object.assign(disk, { bytesLeft: Number.POSITIVE_INFINITY, syncs: true, cuts: true });
});

test("half a record is taken back when the disk fills up, and the file stays whole", () => {
  const journal = journalOfOne();
  const before = readFileSync(journal.path);
  disk.bytesLeft = 10;
  expect(() => journal.append(second)).toThrow(
    `${journal.path} cannot be written: the disk or quota is full; free some space or choose another folder with --out.`,
  );
  expect(disk.bytesLeft).toBe(0);
  expect(readFileSync(journal.path).equals(before)).toBe(true);
  journal.close();
});

test("several records that were appended together are there all or not at all", () => {
  const journal = journalOfOne();
  disk.bytesLeft = 400;
  expect(() => journal.append(second, third)).toThrow("the disk or quota is full");
  expect(readJournal(journal.path).records).toHaveLength(1);
  journal.close();
});

test("after a failed write nothing is appended any more, so that no record stands behind a gap", () => {
  const journal = journalOfOne();
  disk.bytesLeft = 10;
  expect(() => journal.append(second)).toThrow("the disk or quota is full");
  disk.bytesLeft = Number.POSITIVE_INFINITY;
  expect(() => journal.append(third)).toThrow("the disk or quota is full");
  expect(readJournal(journal.path).records).toMatchObject([first]);
  journal.close();
});

test("a record that could not be synced is not kept as if it were on disk", () => {
  const journal = journalOfOne();
  disk.syncs = false;
  expect(() => journal.append(second)).toThrow(`${journal.path} cannot be written: EIO: refused;`);
  expect(readJournal(journal.path).records).toHaveLength(1);
  journal.close();
});

test("where half a record cannot be taken back, the next to open the journal moves it aside", () => {
  const journal = journalOfOne();
  const { length } = readFileSync(journal.path);
  Object.assign(disk, { bytesLeft: 10, cuts: false });
  expect(() => journal.append(second)).toThrow("the disk or quota is full");
  journal.close();
  Object.assign(disk, { bytesLeft: Number.POSITIVE_INFINITY, cuts: true });
  expect(readFileSync(journal.path)).toHaveLength(length + 10);
  const again = Journal.open(journal.path);
  expect(readFileSync(again.tornFile ?? "")).toHaveLength(10);
  again.journal.append(second);
  again.journal.close();
  expect(readJournal(journal.path).records).toMatchObject([first, second]);
});

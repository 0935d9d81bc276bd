import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BytesperError } from "../../../../src/base/errors.js";
import { Journal, journalOf } from "../../../../src/runner/journal/journal.js";
import type { JournalRecord } from "../../../../src/runner/journal/records.js";
import { readJournal } from "../../../../src/runner/journal/read.js";
import { boundariesOf, bytesOf, RECORDS, temporaryFolder } from "./sample.js";

const folder = temporaryFolder();
const whole = bytesOf(RECORDS);
const more: JournalRecord = { type: "pressure", what: "disk", level: "soft", message: "wait" };

/** A journal on disk with these bytes. */
function onDisk(name: string, bytes: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

describe("a new journal", () => {
  const out = join(folder, "new/results");
  const journal = Journal.create(out, "first");

  test("lies in runs/, and the folder's link leads to it", () => {
    expect(journal.name).toBe("runs/first.jsonl");
    expect(readlinkSync(join(out, "journal.jsonl"))).toBe("runs/first.jsonl");
    expect(journalOf(out)).toEqual({ path: join(out, "runs/first.jsonl"), out });
  });

  test("has on disk what was appended, in order, when append returns", () => {
    const written = journal.append(...RECORDS);
    expect(written.map(({ seq }) => seq)).toEqual([0, 1, 2, 3]);
    journal.append(more);
    const { records, torn } = readJournal(journal.path);
    expect(records).toMatchObject([...RECORDS, more]);
    expect(torn).toHaveLength(0);
    journal.close();
  });

  test("never takes the place of another of its name", () => {
    expect(() => Journal.create(out, "first")).toThrow(BytesperError);
    expect(readJournal(join(out, "runs/first.jsonl")).records).toHaveLength(5);
  });

  test("takes the link over from the one before", () => {
    const second = Journal.create(out, "second");
    expect(readlinkSync(join(out, "journal.jsonl"))).toBe("runs/second.jsonl");
    expect(readdirSync(out).sort()).toEqual(["journal.jsonl", "runs"]);
    second.close();
  });
});

describe("a journal that is opened again", () => {
  test("recovers exactly the complete prefix from a cut at any byte, keeps the rest beside it, and goes on", () => {
    const boundaries = boundariesOf(whole);
    for (let cut = 0; cut <= whole.length; cut++) {
      const path = onDisk(`cut-${cut}.jsonl`, whole.subarray(0, cut));
      const { journal, records, tornFile } = Journal.open(path);
      const complete = boundaries.filter((offset) => offset > 0 && offset <= cut).length;
      const end = boundaries[complete] ?? 0;
      expect(records, `cut at ${cut}`).toMatchObject(RECORDS.slice(0, complete));
      expect(records).toHaveLength(complete);
      if (cut === end) expect(tornFile).toBeUndefined();
      else expect(readFileSync(tornFile ?? "").equals(whole.subarray(end, cut))).toBe(true);
      journal.append(more);
      journal.close();
      const after = readJournal(path);
      expect(after.records).toMatchObject([...RECORDS.slice(0, complete), more]);
      expect(after.torn).toHaveLength(0);
    }
  });

  test("keeps each torn end, also where the same journal was torn before", () => {
    const path = onDisk("twice.jsonl", whole.subarray(0, -5));
    const first = Journal.open(path);
    first.journal.close();
    appendFileSync(path, "half of anoth");
    const second = Journal.open(path);
    second.journal.close();
    expect([first.tornFile, second.tornFile]).toEqual([`${path}.torn.1`, `${path}.torn.2`]);
    expect(readFileSync(`${path}.torn.2`, "utf8")).toBe("half of anoth");
    expect(readJournal(path).records).toHaveLength(RECORDS.length - 1);
  });

  test("is left as it was where it is damaged", () => {
    const damaged = Buffer.from(whole);
    damaged[20] = (damaged[20] ?? 0) ^ 1;
    const path = onDisk("damaged.jsonl", damaged);
    expect(() => Journal.open(path)).toThrow("is damaged in line 1 (wrong checksum)");
    expect(readFileSync(path).equals(damaged)).toBe(true);
    expect(existsSync(`${path}.torn.1`)).toBe(false);
  });
});

describe("the journal that a user means", () => {
  test("is the file that was given", () => {
    mkdirSync(join(folder, "given/runs"), { recursive: true });
    const path = onDisk("given/runs/a.jsonl", whole);
    expect(journalOf(path)).toEqual({ path, out: join(folder, "given") });
  });

  test("is that which a link leads to", () => {
    symlinkSync("runs/a.jsonl", join(folder, "given/journal.jsonl"));
    expect(journalOf(join(folder, "given/journal.jsonl")).path).toBe(join(folder, "given/runs/a.jsonl"));
  });

  test("is no file that a link leads to outside its folder", () => {
    const away = join(folder, "away");
    mkdirSync(join(away, "runs"), { recursive: true });
    mkdirSync(join(folder, "foreign"));
    const outside = onDisk("away/runs/a.jsonl", whole);
    symlinkSync(outside, join(folder, "foreign/journal.jsonl"));
    expect(() => journalOf(join(folder, "foreign"))).toThrow(
      `${join(folder, "foreign/journal.jsonl")} is a link to ${outside}, which is no journal in the runs/ of its own folder;`,
    );
    symlinkSync(join(away, "runs"), join(folder, "foreign/runs"));
    expect(() => journalOf(join(folder, "foreign"))).toThrow("is a link to");
    symlinkSync(outside, join(folder, "given/runs/b.jsonl"));
    expect(() => journalOf(join(folder, "given/runs/b.jsonl"))).toThrow("is a link to");
  });

  test("lies beside the results where it is a file in their folder", () => {
    mkdirSync(join(folder, "plain"));
    const path = onDisk("plain/journal.jsonl", whole);
    expect(journalOf(join(folder, "plain"))).toEqual({ path, out: join(folder, "plain") });
  });

  test("is missing in a folder of something else, which is told", () => {
    expect(() => journalOf(join(folder, "given/runs"))).toThrow(
      "given/runs/journal.jsonl does not exist; give the folder of a run (its --out) or a journal in its runs/.",
    );
  });
});

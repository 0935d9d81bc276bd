import { describe, expect, test } from "vitest";
import type { Table } from "../../../src/base/table/table.js";
import { fittedTable } from "../../../src/base/table/terminal.js";
import { wrappedLines } from "../../../src/base/wrap.js";

const table: Table = {
  caption: "Bytes of a session and where they come from",
  columns: [
    { title: "sessions", align: "right" },
    { title: "heap per session (kB)", align: "right" },
    { title: "how it was read", align: "left" },
    { title: "trials", align: "right" },
  ],
  rows: [
    ["1", "14.6 (14.5 to 14.7)", "slope of five populations in fresh processes", "5"],
    ["100", "14.6", { absent: "no driver" }, "5"],
  ],
  notes: ["All in kB of 1000 bytes."],
};

const widest = (text: string): number => Math.max(...text.split("\n").map(({ length }) => length));

test("a table that fits is left as it is", () => {
  expect(fittedTable(table, Infinity).split("\n")).toEqual([
    "Bytes of a session and where they come from",
    "sessions  heap per session (kB)  how it was read                               trials",
    "--------  ---------------------  --------------------------------------------  ------",
    "       1    14.6 (14.5 to 14.7)  slope of five populations in fresh processes       5",
    "     100                   14.6  — [1]                                              5",
    "[1] no driver",
    "All in kB of 1000 bytes.",
  ]);
});

test("headings and texts are wrapped first", () => {
  expect(fittedTable(table, 60).split("\n")).toEqual([
    "Bytes of a session and where they come from",
    "sessions      heap per session  how it was read       trials",
    "                          (kB)",
    "--------  --------------------  --------------------  ------",
    "       1   14.6 (14.5 to 14.7)  slope of five              5",
    "                                populations in fresh",
    "                                processes",
    "     100                  14.6  — [1]                      5",
    "[1] no driver",
    "All in kB of 1000 bytes.",
  ]);
});

describe("where that is not enough", () => {
  test("columns of the highest rank are left out, and named", () => {
    const text = fittedTable(table, 46);
    expect(widest(text)).toBeLessThanOrEqual(46);
    expect(text).toContain("how it was read");
    expect(text).toContain("Left out at this width: trials.");
    const ranked = {
      ...table,
      columns: table.columns.map((each, at) => ({ ...each, rank: [0, 9, 2, 1][at] ?? 0 })),
    };
    expect(fittedTable(ranked, 46)).toContain("Left out at this width: heap per session (kB).");
  });

  test("a short table that would lose more than half of its columns becomes a list of its rows", () => {
    const text = fittedTable(table, 24);
    expect(widest(text)).toBeLessThanOrEqual(24);
    expect(text.split("\n").slice(2, 8)).toEqual([
      "sessions: 1",
      "  heap per session (kB):",
      "    14.6 (14.5 to 14.7)",
      "  how it was read: slope",
      "    of five populations",
      "    in fresh processes",
    ]);
  });
});

test("sentences are broken at blanks and keep their indentation; what fits is left as it is", () => {
  expect(wrappedLines("one two three\nrow  1  2", 9)).toBe("one two\nthree\nrow  1  2");
  expect(wrappedLines("  ! doubt: some words", 12)).toBe("  ! doubt:\n    some\n    words");
  expect(wrappedLines("unbreakable", 40)).toBe("unbreakable");
});

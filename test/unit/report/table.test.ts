import { expect, test } from "vitest";
import { markdownTable } from "../../../src/base/table/markdown.js";
import type { Table } from "../../../src/base/table/table.js";

const table: Table = {
  caption: "",
  columns: [
    { title: "name", align: "left" },
    { title: "bytes", align: "right" },
  ],
  rows: [
    ["a|b", "1"],
    ["c", { absent: "no driver" }],
    ["d", { absent: "no driver" }],
    ["e", { censored: "> 8 GiB", reason: "the cap of the cell" }],
  ],
  notes: ["All in bytes."],
};

test("absent and censored values have a mark and one footnote for each reason", () => {
  expect(markdownTable(table).split("\n")).toEqual([
    "| name |       bytes |",
    "| ---- | ----------: |",
    "| a\\|b |           1 |",
    "| c    |       — [1] |",
    "| d    |       — [1] |",
    "| e    | > 8 GiB [2] |",
    "",
    "[1] no driver  ",
    "[2] the cap of the cell  ",
    "All in bytes.  ",
  ]);
});

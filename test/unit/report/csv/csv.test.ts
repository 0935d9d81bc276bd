import { describe, expect, test } from "vitest";
import { csvTable } from "../../../../src/base/table/csv.js";
import type { Cell } from "../../../../src/base/table/table.js";

function fileOf(title: string, ...cells: Cell[]): string {
  const columns = [{ title, align: "left" as const }];
  return csvTable({ caption: "", columns, rows: cells.map((cell) => [cell]), notes: [] });
}

test("lines end as RFC 4180 says, and quotes are doubled within quotes", () => {
  expect(fileOf("a,b", 'say "x"', "plain")).toBe('"a,b"\r\n"say ""x"""\r\nplain\r\n');
});

test.each([
  ["=1+1", "'=1+1"],
  ["+1", "'+1"],
  ["-1 and more", "'-1 and more"],
  ["@SUM(1)", "'@SUM(1)"],
  ["\t=1+1", "' =1+1"],
  ["\r\n=1", "' =1"],
  ["＝1", "'＝1"],
  ['="a","b"', `"'=""a"",""b"""`],
  ["a=b", "a=b"],
])("%j is no formula to a spreadsheet", (text, field) => {
  expect(fileOf("x", text)).toBe(`x\r\n${field}\r\n`);
});

test("a negative number stays a number", () => {
  expect(fileOf("x", { value: -12.5, shown: "-13" })).toBe("x\r\n-12.5\r\n");
});

describe("a measured column", () => {
  test("has its ends and a status, and never a blank or a 0 for what is not known", () => {
    const lines = fileOf(
      "heap",
      { value: 5, low: 4, high: 7, shown: "5" },
      { absent: "no driver, none" },
      { censored: "> 8", reason: "the cap", above: 8192 },
    ).split("\r\n");
    expect(lines).toEqual([
      "heap,heap low,heap high,heap status",
      "5,4,7,ok",
      'NA,NA,NA,"absent: no driver, none"',
      "NA,8192,Inf,censored: the cap",
      "",
    ]);
  });

  test("is in bytes whatever unit people are shown", () => {
    const file = csvTable({
      caption: "",
      columns: [{ title: "heap", align: "right", unit: "MiB" }],
      rows: [[{ value: 1_572_864, shown: "1.50" }]],
      notes: [],
    });
    expect(file).toBe("heap (B)\r\n1572864\r\n");
  });
});

test("conditions and run stand in each row", () => {
  const file = csvTable(
    {
      caption: "",
      columns: [{ title: "n", align: "right" }],
      rows: [[{ value: 1, shown: "1" }]],
      notes: [],
      conditions: "Node 20, x64",
    },
    { run: "r1" },
  );
  expect(file).toBe('n,run,conditions\r\n1,r1,"Node 20, x64"\r\n');
});

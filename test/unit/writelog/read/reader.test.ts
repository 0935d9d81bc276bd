import { describe, expect, test } from "vitest";
import { commit, HEADER, merge, promote, read, stage, warmUp } from "../support.js";

const ROWS = [warmUp(56), commit(266, 1), stage(291, 1), merge(292, 1), promote(291, 2)];
const EVENTS = [
  { line: 2, step: 56, memSize: 0 },
  { line: 3, step: 266, memSize: 1 },
  { line: 4, step: 291, memSize: 1 },
  { line: 5, step: 292, memSize: 1 },
  { line: 6, step: 291, memSize: 2 },
];
const LOG = [HEADER, ...ROWS];

describe("lines", () => {
  test.each([
    ["LF", LOG.join("\n") + "\n"],
    ["CR LF", LOG.join("\r\n") + "\r\n"],
    ["CR", LOG.join("\r") + "\r"],
    ["all three mixed", LOG.map((line, at) => line + (["\n", "\r\n", "\r"][at % 3] as string)).join("")],
    ["a byte order mark", "\ufeff" + LOG.join("\n") + "\n"],
    [
      "quotes around every field",
      LOG.map((line) => line.replace(/[^,]+|(?<=,)(?=,)/g, '"$&"')).join("\n") + "\n",
    ],
    ["spaces behind the commas", LOG.join("\n").replaceAll(",", ", ") + "\n"],
    ["no end of the last line", LOG.join("\n")],
  ])("with %s give the same events, however the bytes come in pieces", (_, text) => {
    for (const pieceBytes of [1, 2, 7, 64, Infinity]) {
      const { events, reader } = read(text, [], pieceBytes);
      expect(events).toEqual(EVENTS);
      expect(reader.unplaced.count).toBe(0);
      expect(reader.lines).toBe(6);
    }
  });

  test("a quoted field may hold commas, quotes and line ends, which count as lines", () => {
    const { words, events } = read(`${HEADER}\n5,defer,"warm, ""up""\n",,,,,6,,0,0\n${commit(266, 1)}\n`);
    expect(words).toEqual(['defer warm, "up"\n', "commit add"]);
    expect(events.map(({ line }) => line)).toEqual([2, 4]);
  });

  test("blank lines are counted and are no rows", () => {
    const { events, reader } = read(`\n${HEADER}\n\n${ROWS.join("\n\n")}\n`);
    expect(events.map(({ line }) => line)).toEqual([4, 6, 8, 10, 12]);
    expect(reader.blankLines).toBe(6);
  });

  test("a last line without an end is read and noted", () => {
    expect(read(LOG.join("\n")).reader.lastLineCut).toBe(true);
    expect(read(LOG.join("\n") + "\n").reader.lastLineCut).toBe(false);
  });
});

describe("lines that no layout fits", () => {
  const why = (line: string): unknown => {
    const { reader, events } = read(`${LOG.join("\n")}\n${line}\n${commit(300, 3)}\n`);
    expect(events).toHaveLength(6);
    expect(reader.unplaced.count).toBe(1);
    expect(reader.unplaced.listed[0]?.line).toBe(7);
    return reader.unplaced.listed[0]?.why;
  };

  test.each([
    ["a word for mem_size", commit(299, 3).replace(/3$/, "abc"), 'mem_size is "abc", not a whole number'],
    ["a word for step", commit(299, 3).replace("299", "1e3x"), 'step is "1e3x", not a whole number'],
    ["a similarity of 2", merge(299, 2, 2), 'sim_max is "2", not a number from -1 to 1'],
    ["a number for the action", "299,5,add,0.2,0.5,,1.0,6,,0,3", 'action is "5", not a word'],
    ["too few fields", "299,commit,add", "no layout has 3 fields"],
    ["an open quote", '299,"commit,add,,,,,6,,0,3', "a quote opens in it and does not close"],
  ])("%s is reported with its reason", (_, line, reason) => {
    expect(why(line)).toBe(reason);
  });

  test("a last line that is cut short is called that", () => {
    const { reader } = read(`${LOG.join("\n")}\n299,commit,ad`);
    expect(reader.unplaced.listed).toEqual([
      {
        line: 7,
        fields: 3,
        why: "no layout has 3 fields; the last line is cut short",
        beginning: "299,commit,ad",
      },
    ]);
  });

  test("a line of 10 million columns is counted and passed over", () => {
    const { reader, events } = read(
      `${LOG.join("\n")}\n${",".repeat(9_999_999)}\r\n${commit(300, 3)}\n`,
      [],
      65_536,
    );
    expect(reader.unplaced.listed[0]).toMatchObject({ line: 7, fields: 10_000_000 });
    expect(events.at(-1)).toEqual({ line: 8, step: 300, memSize: 3 });
  });

  test("all are counted and a thousand listed", () => {
    const { reader } = read(`${LOG.join("\n")}\n${"x,y\n".repeat(2500)}`);
    expect(reader.unplaced.count).toBe(2500);
    expect(reader.unplaced.listed).toHaveLength(1000);
  });
});

describe("layouts", () => {
  test("are told apart by length, and by content where two are as long", () => {
    const { events, reader } = read(
      [
        HEADER,
        stage(10, 4),
        "20,defer,warmup,,,,,,6,,0,5,,",
        "30,commit,add,-1.0,,,1.0,1.0,6,,0,6,7.2e-05,,False",
        "40,merge,near_merge_k3,0.5,0.4,,1.0,1.0,6,0,0,7,7.2e-05,0.39,0.5578",
        "50,commit,add,0.08,0.4,1.7,1.0,1.0,6,0,0,8,7.2e-05,0.36,0.609814,False",
      ].join("\n") + "\n",
    );
    expect(events.map(({ memSize }) => memSize)).toEqual([4, 5, 6, 7, 8]);
    expect(reader.layouts.map(({ name, rows }) => [name, rows])).toEqual([
      ["base, score", 1],
      ["surprise", 1],
      ["surprise, alert", 1],
      ["surprise, k3_sim", 1],
      ["surprise, top5, alert", 1],
    ]);
  });

  test("without a header the rows say it themselves", () => {
    const { events, reader } = read(`${ROWS.join("\n")}\n`);
    expect(events.map(({ memSize }) => memSize)).toEqual([0, 1, 1, 1, 2]);
    expect(reader.headers).toEqual([]);
    expect(reader.trust).toBeUndefined();
  });

  test("a header of other columns is believed where the rows bear it out", () => {
    const { events, reader } = read("memSize,Step,action,why\n3,10,commit,new\n4,11,commit,new\n");
    expect(events.map(({ memSize, step }) => [memSize, step])).toEqual([
      [3, 10],
      [4, 11],
    ]);
    expect(reader.layouts[0]).toMatchObject({ source: "header", rows: 2 });
  });

  test("a given layout comes before all others", () => {
    const columns = ["mem_size", "action", "reason", "step"];
    const { events } = read("7,commit,add,100\n", [{ name: "given", columns }]);
    expect(events).toEqual([{ line: 1, step: 100, memSize: 7 }]);
  });

  test("a header that comes again is no row and no line out of place", () => {
    const { events, reader } = read(`${LOG.join("\n")}\n${HEADER}\n${warmUp(30)}\n`);
    expect(events).toHaveLength(6);
    expect(reader.headers.map(({ line }) => line)).toEqual([1, 7]);
    expect(reader.unplaced.count).toBe(0);
  });

  test("an unknown one is inferred from its rows, and mem_size found by where it goes on", () => {
    // Two columns more: a flag behind the reason and a note at the end.
    const unknown = (step: number, mem: number): string =>
      `${step},merge,near_merge,yes,0.5,0.4,,1.0,6,0,0,${mem},checked`;
    const rows = Array.from({ length: 40 }, (_, n) => unknown(300 + n, 2 + Math.floor(n / 20)));
    const { events, reader } = read(`${LOG.join("\n")}\n${rows.join("\n")}\n`);
    expect(events).toHaveLength(45);
    expect(events[5]).toEqual({ line: 7, step: 300, memSize: 2 });
    expect(events.at(-1)).toEqual({ line: 46, step: 339, memSize: 3 });
    const inferred = reader.layouts.find(({ source }) => source === "inferred");
    expect(inferred?.columns.indexOf("mem_size")).toBe(11);
    expect(inferred?.columns[3]).toMatch(/^unknown/);
    // With a column put in among them no score can be told from its neighbours for sure.
    expect(inferred?.columns).not.toContain("sim_max");
  });

  test("rows that are held while a layout is inferred keep their order", () => {
    const unknown = (step: number): string => `${step},merge,near_merge,yes,0.5,0.4,,1.0,6,0,0,2,checked`;
    const rows = Array.from({ length: 30 }, (_, n) => (n % 2 === 0 ? unknown(300 + n) : merge(300 + n, 2)));
    const { events } = read(`${LOG.join("\n")}\n${rows.join("\n")}\n`);
    expect(events.map(({ line }) => line)).toEqual(Array.from({ length: 35 }, (_, n) => n + 2));
  });

  test("lines without known actions are not guessed at", () => {
    const rows = Array.from({ length: 50 }, (_, n) => `${n},START,why,0.5,0.4,,1.0,6,0,0,2,x,y`);
    const { reader } = read(`${LOG.join("\n")}\n${rows.join("\n")}\n`);
    expect(reader.unplaced.count).toBe(50);
  });
});

describe("what a reader that trusts the header gets wrong", () => {
  // entropy_raw comes in before topk: topk to mem_size are read one column too early.
  const shifted = (step: number, shadow: number, mem: number): string =>
    `${step},merge,near_merge,0.5,0.4,,1.0,0.25,6,0,${shadow},${mem},7.2e-05,0.39`;

  test("is told by column, with an example and the totals", () => {
    const { reader } = read(
      [HEADER, commit(10, 1), commit(11, 2), shifted(12, 5, 2), shifted(13, 3, 3)].join("\n") + "\n",
    );
    const misread = reader.trust?.misread() ?? [];
    expect(misread.map(({ column }) => column)).toEqual(["topk", "used_key_id", "shadow_size", "mem_size"]);
    const memSize = misread.find(({ column }) => column === "mem_size");
    expect(memSize).toMatchObject({
      readAs: { shadow_size: 2 },
      rows: 2,
      // In the last row both are 3.
      differing: 1,
      example: { line: 4, right: "2", read: "5" },
      right: { rows: 4, sum: 8, max: 3, last: 3 },
      read: { rows: 4, sum: 11, max: 5, last: 3 },
    });
    expect(misread[0]).toMatchObject({ right: { sum: 24 }, read: { sum: 12.5 } });
  });

  test("is nothing where every row has the header's columns", () => {
    expect(read(LOG.join("\n") + "\n").reader.trust?.misread()).toEqual([]);
  });
});

test("reading in one pass and by fields place every row alike", () => {
  // Quotes around the first field alone send a row the other way.
  const rows = [
    ...ROWS,
    "20,merge,near_merge_k3,0.5,0.4,,1.0,1.0,6,0,0,2,7.2e-05,0.39,0.55",
    "1,merge,near_merge,9,,,,6,,0,2",
  ];
  const many = Array.from({ length: 20 }, () => rows).flat();
  const plain = read([HEADER, ...many].join("\n") + "\n");
  const quoted = read([HEADER, ...many.map((row) => row.replace(/^\d+/, '"$&"'))].join("\n") + "\n");
  expect(quoted.events).toEqual(plain.events);
  expect(quoted.words).toEqual(plain.words);
  expect(quoted.reader.unplaced.listed.map(({ line, why }) => [line, why])).toEqual(
    plain.reader.unplaced.listed.map(({ line, why }) => [line, why]),
  );
  expect(plain.reader.unplaced.count).toBe(20);
});

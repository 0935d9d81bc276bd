import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { unitsOf } from "../../../src/analysis/units.js";
import { parseSnapshotFile } from "../../../src/measure/snapshot/parse.js";
import { sharedBy } from "../../../src/measure/snapshot/refers.js";
import { setRetained } from "../../../src/measure/snapshot/retained.js";
import { countedSizes, sizesOf } from "../../../src/measure/snapshot/units.js";
import { growthBetween } from "../../../src/measure/snapshot/whole.js";
import { viewWaste } from "../../../src/measure/views.js";
import type { TinyNode } from "./tiny.js";
import { tinySnapshot } from "./tiny.js";

const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

let files = 0;
function graphOf(nodes: readonly TinyNode[]): ReturnType<typeof parseSnapshotFile> {
  const file = join(folder, `${files++}.heapsnapshot`);
  writeFileSync(file, tinySnapshot(nodes));
  return parseSnapshotFile(file);
}

/**
 * Two instances, 5 and 6, of 40 bytes. 5 alone has the string 7 (24 bytes), both have the object 8 (100), and
 * 9 (1000 bytes) is held by the registry 10 too.
 */
const population: TinyNode[] = [
  [
    "synthetic",
    "",
    0,
    [
      ["element", 1, 1],
      ["element", 2, 10],
    ],
  ],
  [
    "object",
    "BytesperPopulation",
    32,
    [
      ["property", "instances", 2],
      ["property", "witnesses", 3],
    ],
  ],
  [
    "object",
    "Array",
    32,
    [
      ["element", 0, 5],
      ["element", 1, 6],
    ],
  ],
  ["object", "Array", 32],
  ["object", "Spare", 8],
  [
    "object",
    "Thing",
    40,
    [
      ["property", "name", 7],
      ["property", "pair", 8],
      ["property", "config", 9],
    ],
  ],
  [
    "object",
    "Thing",
    40,
    [
      ["property", "pair", 8],
      ["property", "config", 9],
    ],
  ],
  ["string", "long", 24],
  ["object", "Pair", 100],
  ["object", "Config", 1000],
  ["object", "Registry", 16, [["property", "config", 9]]],
];

test("an instance has what it alone reaches, and a part of what several reach", () => {
  const graph = graphOf(population);
  const { instances, retained } = setRetained(graph);
  // 40 + 24 + 100 / 2 and 40 + 100 / 2.
  expect(sizesOf(graph, instances, retained)).toEqual([114, 90]);
  expect(sharedBy(graph, instances, retained)).toEqual({ bytes: 1000, what: "Config" });
  graph.close();
});

test("units have a mean with a range, and a spread", () => {
  expect(countedSizes([90, 114, 90])).toEqual([
    [90, 2],
    [114, 1],
  ]);
  expect(unitsOf([[100, 50]])).toEqual({
    count: 50,
    mean: 100,
    low: 100,
    high: 100,
    median: 100,
    p95: 100,
    largest: 100,
  });
  // 90 of 100 bytes and 10 of 1,100: mean 200; the standard error of the mean is 30.
  const units = unitsOf([
    [100, 90],
    [1100, 10],
  ]);
  expect(units).toMatchObject({ count: 100, mean: 200, median: 100, p95: 1100, largest: 1100 });
  if (units === undefined || "absent" in units) throw new Error("no units");
  expect(units.low).toBeGreaterThan(200 - 3 * 30);
  expect(units.low).toBeLessThan(200 - 30);
  expect(units.high).toBeLessThan(200 + 3 * 30);
  expect(units.high).toBeGreaterThan(200 + 30);
});

test("the growth of the whole heap has the table that was replaced, and names who holds the new instance", () => {
  // Node ids are 1, 3, 5, ... by place, so the places of nodes that stay are the same in both.
  const half: TinyNode[] = [
    [
      "synthetic",
      "",
      0,
      [
        ["element", 1, 1],
        ["element", 2, 4],
      ],
    ],
    [
      "object",
      "BytesperPopulation",
      32,
      [
        ["property", "instances", 2],
        ["property", "witnesses", 3],
      ],
    ],
    ["object", "Array", 32, [["element", 0, 6]]],
    ["object", "Array", 32],
    ["object", "system / Context", 24, [["context", "rooms", 5]]],
    ["object", "Map", 32, [["internal", "table", 7]]],
    ["object", "Room", 120],
    ["array", "", 500, [["internal", "1", 6]]],
  ];
  const both: TinyNode[] = half.map((node) => [...node]);
  both[2] = [
    "object",
    "Array",
    32,
    [
      ["element", 0, 6],
      ["element", 1, 8],
    ],
  ];
  both[5] = ["object", "Map", 32, [["internal", "table", 9]]];
  // V8 lists the old table no longer; here it stays as garbage that nothing reaches.
  both.push(
    ["object", "Room", 120],
    [
      "array",
      "",
      900,
      [
        ["internal", "1", 6],
        ["internal", "2", 8],
      ],
    ],
  );
  const [before, after] = [graphOf(half), graphOf(both)];
  const growth = growthBetween(before, after);
  // One more room, and a table of 900 in the place of one of 500.
  expect(growth.bytes).toBe(120 + 900 - 500);
  expect(growth.classes).toEqual([
    { type: "(array)", bytes: 400, count: 0 },
    { type: "Room", bytes: 120, count: 1 },
  ]);
  expect(growth.holder).toEqual(["Room", "[2] of (array)", "table of Map", 'variable "rooms" of a scope']);
  before.close();
  after.close();
});

test("the part of a slab that no view shows is waste", () => {
  const slab = new ArrayBuffer(8192);
  const id = new Uint8Array(slab, 0, 32);
  // Two views of one slab: bytes 0 to 32 and 16 to 48.
  const overlapping = new Uint8Array(slab, 16, 32);
  expect(viewWaste([{ id }])).toEqual({ bytes: 8160, buffers: 1 });
  // More elements than a call may have arguments.
  expect(viewWaste([{ id, list: new Array<number>(200_000).fill(0) }])).toEqual({ bytes: 8160, buffers: 1 });
  expect(viewWaste([{ id }, new Map([["key", { overlapping }]])])).toEqual({ bytes: 8144, buffers: 1 });
  expect(viewWaste([{ whole: new Uint8Array(100) }, null, 7])).toEqual({ bytes: 0, buffers: 0 });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { breakDown } from "../../../src/measure/snapshot/breakdown.js";
import { parseSnapshotFile } from "../../../src/measure/snapshot/parse.js";
import { setRetained } from "../../../src/measure/snapshot/retained.js";
import type { SnapshotSummary } from "../../../src/measure/snapshot/summary.js";
import type { TinyNode } from "./tiny.js";
import { tinySnapshot, twoInstances } from "./tiny.js";

const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
const file = join(folder, "tiny.heapsnapshot");
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function summaryOf(nodes: readonly TinyNode[]): SnapshotSummary {
  writeFileSync(file, tinySnapshot(nodes));
  const graph = parseSnapshotFile(file);
  try {
    return breakDown(graph, setRetained(graph));
  } finally {
    graph.close();
  }
}

/** The population of `twoInstances` with further edges of its first instance and further nodes. */
function withFirst(edges: NonNullable<TinyNode[3]>, nodes: TinyNode[]): TinyNode[] {
  const all = twoInstances();
  const [type, name, self, own = []] = all[4] as TinyNode;
  all[4] = [type, name, self, [...own, ...edges]];
  return [...all, ...nodes];
}

test("what the witness reaches is not charged to the population", () => {
  const summary = summaryOf(twoInstances());
  expect(summary).toMatchObject({ bytes: 128, instanceNodes: 2, duplicates: 0 });
  expect(summary.classes).toEqual([
    { type: "Thing", bytes: 80, count: 2 },
    { type: "(string)", bytes: 48, count: 2 },
  ]);
});

test("an instance that a registry also holds is counted all the same", () => {
  const nodes = twoInstances();
  nodes[0] = [
    "synthetic",
    "",
    0,
    [
      ["element", 1, 1],
      ["element", 2, 4],
    ],
  ];
  expect(summaryOf(nodes).bytes).toBe(128);
});

test("weak edges keep nothing alive", () => {
  expect(summaryOf(withFirst([["weak", "w", 10]], [["object", "Cache", 500]])).bytes).toBe(128);
});

test("shortcuts count from the root alone", () => {
  expect(summaryOf(withFirst([["shortcut", "s", 10]], [["object", "Far", 500]])).bytes).toBe(128);
});

test("an entry of a WeakMap lives by its key, not by its table", () => {
  // Node 10 is the table (id 21), reached from the witness; node 11 the value of the first instance (id 9).
  const name = "3 / part of key (Thing @9) -> value (Meta @23) pair in WeakMap (table @21)";
  const nodes = withFirst(
    [["internal", name, 11]],
    [
      ["array", "system / EphemeronHashTable", 64, [["internal", name, 11]]],
      ["object", "Meta", 300],
    ],
  );
  nodes[6] = [
    "object",
    "Thing",
    40,
    [
      ["property", "shared", 9],
      ["property", "table", 10],
    ],
  ];
  expect(summaryOf(nodes).bytes).toBe(128 + 300);
});

test("instances in a chain and in a ring are counted once each", () => {
  expect(
    summaryOf(
      withFirst(
        [
          ["property", "next", 5],
          ["property", "self", 4],
        ],
        [],
      ),
    ).bytes,
  ).toBe(128);
});

test("the same object twice is one instance and a duplicate", () => {
  const nodes = twoInstances();
  nodes[2] = [
    "object",
    "Array",
    32,
    [
      ["element", 0, 4],
      ["element", 1, 4],
    ],
  ];
  // The second instance is no longer held: 40 + 24 remain.
  expect(summaryOf(nodes)).toMatchObject({ bytes: 64, instanceNodes: 1, duplicates: 1 });
});

test("a population of small integers costs nothing", () => {
  const nodes = twoInstances();
  nodes[2] = ["object", "Array", 32, []];
  expect(summaryOf(nodes)).toMatchObject({ bytes: 0, instanceNodes: 0 });
});

test("capacity beyond the elements in use is slack", () => {
  // 16 of header and 4 places of 8; 1 in use: 24 bytes of slack.
  const nodes = withFirst(
    [["property", "list", 10]],
    [
      [
        "object",
        "Array",
        32,
        [
          ["internal", "elements", 11],
          ["element", 0, 7],
        ],
      ],
      ["array", "(object elements)", 48],
    ],
  );
  const { kinds, waste } = summaryOf(nodes);
  expect(kinds).toContainEqual({ kind: "array slack", bytes: 24, count: 1 });
  expect(kinds).toContainEqual({ kind: "array elements", bytes: 24, count: 1 });
  expect(waste).toContainEqual(expect.objectContaining({ name: "array slack", bytes: 24 }));
});

test("an array of numbers does not show its slack, and that is said", () => {
  const nodes = withFirst(
    [["property", "list", 10]],
    [
      ["object", "Array", 32, [["internal", "elements", 11]]],
      ["array", "(object elements)", 48],
    ],
  );
  const row = summaryOf(nodes).waste.find(({ name }) => name === "slack of arrays of numbers");
  expect(row).toMatchObject({ count: 1, bytes: { absent: expect.any(String) as string } });
});

test("a parent that only its slices hold is a kind of its own", () => {
  const nodes = withFirst(
    [["property", "word", 10]],
    [
      ["sliced string", "word", 32, [["internal", "parent", 11]]],
      ["string", "a whole text of which a word was cut", 2000],
    ],
  );
  const { kinds, waste } = summaryOf(nodes);
  expect(kinds).toContainEqual({ kind: "parents of sliced strings", bytes: 2000, count: 1 });
  expect(kinds).toContainEqual({ kind: "sliced strings", bytes: 32, count: 1 });
  expect(waste).toContainEqual(expect.objectContaining({ name: "parents of sliced strings", bytes: 2000 }));
});

test("a parent that is also used itself is an ordinary string", () => {
  const nodes = withFirst(
    [
      ["property", "word", 10],
      ["property", "text", 11],
    ],
    [
      ["sliced string", "word", 32, [["internal", "parent", 11]]],
      ["string", "a whole text of which a word was cut", 2000],
    ],
  );
  expect(summaryOf(nodes).kinds).toContainEqual({ kind: "strings", bytes: 2048, count: 3 });
});

test("a snapshot without a population is refused", () => {
  const nodes = twoInstances();
  nodes[1] = ["object", "Other", 40];
  expect(() => summaryOf(nodes)).toThrow(/holds no population/);
});

test("null, one node for instances and witnesses alike, costs nothing", () => {
  const nodes = twoInstances();
  nodes.push(["hidden", "system / Oddball", 24]);
  nodes[2] = ["object", "Array", 32, [["element", 0, 10]]];
  nodes[3] = ["object", "Array", 32, [["element", 0, 10]]];
  expect(summaryOf(nodes)).toMatchObject({ bytes: 0, instanceNodes: 0, duplicates: 0 });
});

test("an object that create returns every time belongs to no instance, and is reported", () => {
  const nodes = twoInstances();
  nodes[2] = [
    "object",
    "Array",
    32,
    [
      ["element", 0, 6],
      ["element", 1, 6],
    ],
  ];
  expect(summaryOf(nodes)).toMatchObject({ bytes: 0, instanceNodes: 0, duplicates: 2 });
});

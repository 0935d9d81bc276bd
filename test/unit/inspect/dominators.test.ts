import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { seededRandom } from "../../../src/base/stats/random.js";
import { dominatedBy, findDominators, retainedOf } from "../../../src/inspect/snapshot/dominators.js";
import { essentialEdges } from "../../../src/inspect/snapshot/essential.js";
import { parseSnapshotFile } from "../../../src/measure/snapshot/parse.js";
import type { TinyNode } from "../snapshot/tiny.js";
import { tinySnapshot } from "../snapshot/tiny.js";

const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
const file = join(folder, "tiny.heapsnapshot");
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function retainedBytes(nodes: readonly TinyNode[]): number[] {
  writeFileSync(file, tinySnapshot(nodes));
  const graph = parseSnapshotFile(file);
  try {
    const dominators = findDominators(graph, essentialEdges(graph));
    expect(dominatedBy(dominators).nodes).toHaveLength(nodes.length - 1);
    return [...retainedOf(dominators, graph.nodeSelfBytes)];
  } finally {
    graph.close();
  }
}

/** The definition itself: what nobody reaches any more when the way through a node is closed. */
function byRemoval(nodes: readonly TinyNode[], removed: number): number {
  const reach = (closed: number): Set<number> => {
    const seen = new Set<number>();
    const visit = (node: number): void => {
      if (node === closed || seen.has(node)) return;
      seen.add(node);
      for (const [type, , to] of nodes[node]?.[3] ?? []) if (type !== "weak") visit(to);
    };
    visit(0);
    return seen;
  };
  const without = reach(removed);
  return [...reach(-1)]
    .filter((node) => !without.has(node))
    .reduce((sum, node) => sum + (nodes[node]?.[2] ?? 0), 0);
}

test("retained sizes of random graphs are those of the definition", () => {
  const random = seededRandom(7);
  const below = (limit: number): number => Math.floor(random() * limit);
  for (let graph = 0; graph < 150; graph++) {
    const count = 3 + below(30);
    const nodes = Array.from({ length: count }, (_, node): TinyNode => {
      const edges = Array.from({ length: node === 0 ? 2 : below(5) }, (): [string, number, number] => [
        random() < 0.15 ? "weak" : "element",
        below(9),
        below(count),
      ]);
      return [
        node === 0 ? "synthetic" : "object",
        `Class ${node % 4}`,
        node === 0 ? 0 : 8 * (1 + below(50)),
        edges,
      ];
    });
    const found = retainedBytes(nodes);
    for (let node = 1; node < count; node++) {
      const expected = byRemoval(nodes, node);
      // What no strong edge reaches counts by itself, as in DevTools.
      expect(found[node], `node ${node} of graph ${graph}`).toBe(
        expected === 0 ? nodes[node]?.[2] : expected,
      );
    }
  }
});

test("a shortcut counts from the root alone, and a debugger holds nothing that the user holds", () => {
  const nodes: TinyNode[] = [
    [
      "synthetic",
      "",
      0,
      [
        ["element", 1, 1],
        ["shortcut", "2", 2],
      ],
    ],
    ["synthetic", "(GC roots)", 0, [["element", 1, 3]]],
    ["object", "global", 10, [["property", "cache", 3]]],
    ["object", "Cache", 100, [["shortcut", "x", 4]]],
    ["object", "Entry", 1000, []],
  ];
  // The root reaches Cache by two ways, but the one that is not the user's does not count.
  expect(retainedBytes(nodes)).toEqual([1110, 0, 110, 100, 1000]);
});

test("a chain of a hundred thousand objects needs no deep stack", () => {
  const count = 100_000;
  const nodes = Array.from({ length: count }, (_, node): TinyNode => [
    node === 0 ? "synthetic" : "object",
    "Link",
    1,
    node + 1 === count ? [] : [["property", "next", node + 1]],
  ]);
  const found = retainedBytes(nodes);
  expect(found[1]).toBe(count - 1);
  expect(found.at(-1)).toBe(1);
});

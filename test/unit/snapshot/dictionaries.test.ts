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
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** The first instance gets a store (node 10) with a reference to the string of node 7 or to that of node 9's name. */
function withStore(type: string, to: NonNullable<TinyNode[3]>): SnapshotSummary {
  const nodes = twoInstances();
  const [kind, name, self, own = []] = nodes[4] as TinyNode;
  nodes[4] = [kind, name, self, [...own, ["internal", "properties", 10]]];
  nodes.push([type, "(object properties)", 256, to], ["string", "name", 24]);
  const file = join(folder, "tiny.heapsnapshot");
  writeFileSync(file, tinySnapshot(nodes));
  const graph = parseSnapshotFile(file);
  try {
    return breakDown(graph, setRetained(graph));
  } finally {
    graph.close();
  }
}

test("a store that holds names besides values is the dictionary of its owner's class", () => {
  const { classes, kinds } = withStore("array", [
    ["internal", "3", 11],
    ["internal", "4", 7],
  ]);
  expect(classes).toContainEqual({ type: "(property dictionary of Thing)", bytes: 256, count: 1 });
  expect(kinds).toContainEqual({ kind: "property dictionaries", bytes: 256, count: 1 });
});

test.each(["array", "hidden"])("a store (%s) of values alone belongs to a hidden class", (type) => {
  const { classes, kinds } = withStore(type, [["hidden", 1, 7]]);
  expect(kinds).toContainEqual({ kind: "property stores", bytes: 256, count: 1 });
  expect(classes.some((row) => row.type.startsWith("(property dictionary"))).toBe(false);
});

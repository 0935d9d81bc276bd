import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseSnapshotFile } from "../../../src/measure/snapshot/parse.js";
import { setRetained } from "../../../src/measure/snapshot/retained.js";
import { tinySnapshot, twoInstances } from "./tiny.js";

const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
const file = join(folder, "tiny.heapsnapshot");
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function retainedOf(text: string, bufferBytes?: number): number {
  writeFileSync(file, text);
  const graph = parseSnapshotFile(file, { bufferBytes });
  try {
    return setRetained(graph).bytes;
  } finally {
    graph.close();
  }
}

test("names, sizes and edges are read", () => {
  writeFileSync(file, tinySnapshot(twoInstances()));
  const graph = parseSnapshotFile(file);
  expect([...graph.nodeSelfBytes]).toEqual([0, 40, 32, 32, 40, 40, 40, 24, 24, 1000]);
  expect([...graph.firstEdge]).toEqual([0, 1, 3, 5, 6, 8, 10, 11, 11, 11, 11]);
  expect(graph.strings.at(graph.nodeName[8] ?? -1)).toBe('quoted "é€" \\ {');
  graph.close();
});

test("the order of the fields is taken from the file", () => {
  const nodeFields = ["id", "self_size", "name", "detachedness", "edge_count", "type"];
  const edgeFields = ["to_node", "type", "name_or_index"];
  expect(retainedOf(tinySnapshot(twoInstances(), { nodeFields, edgeFields }))).toBe(128);
});

test("a chunk may end anywhere: in a number, a key, an escape or a character of three bytes", () => {
  const text = tinySnapshot(twoInstances());
  for (let bytes = 1; bytes <= 97; bytes++) expect(retainedOf(text, bytes), `${bytes} bytes`).toBe(128);
});

describe("a damaged file is one sentence with the byte", () => {
  const text = tinySnapshot(twoInstances());

  test("cut anywhere", () => {
    for (let length = 0; length < Buffer.byteLength(text); length += 7) {
      writeFileSync(file, Buffer.from(text).subarray(0, length));
      expect(() => parseSnapshotFile(file), `cut at ${length}`).toThrow(
        /cut short at byte \d+: expected .*; take the snapshot again\.|not a V8 heap snapshot/,
      );
    }
  });

  test("a letter among the numbers", () => {
    writeFileSync(file, text.replace('"nodes":[9', '"nodes":[x'));
    expect(() => parseSnapshotFile(file)).toThrow(/damaged or cut short at byte \d+: expected a number/);
  });

  test("an edge to nowhere", () => {
    writeFileSync(file, text.replace('"edges":[1,1,7', '"edges":[1,1,700'));
    expect(() => parseSnapshotFile(file)).toThrow(/expected an edge to a node that exists/);
  });

  test.each([
    ["a size below 0", [9, 0, 1, -1, 1], /expected a number from 0/],
    ["a name that is no string of it", [9, 9999, 1, 0, 1], /expected names of nodes that exist/],
    ["more edges of its nodes than it has", [9, 0, 1, 0, 2], /expected nodes with \d+ edges/],
  ])("%s", (_, first, message) => {
    const damaged = text.replace([9, 0, 1, 0, 1].join("\n,"), first.join("\n,"));
    writeFileSync(file, damaged);
    expect(damaged).not.toBe(text);
    expect(() => parseSnapshotFile(file)).toThrow(message);
  });

  test("no node at all", () => {
    writeFileSync(file, tinySnapshot([]));
    expect(() => parseSnapshotFile(file)).toThrow(/expected at least one node/);
  });

  test("fewer nodes than promised", () => {
    writeFileSync(file, text.replace('"node_count":10', '"node_count":11'));
    expect(() => parseSnapshotFile(file)).toThrow(/expected 11 nodes/);
  });

  test("another kind of JSON", () => {
    writeFileSync(file, '{"name":"bytesper"}');
    expect(() => parseSnapshotFile(file)).toThrow(/expected "snapshot", "nodes", "edges" and "strings"/);
  });
});

test("columns that were dropped come from the file again, and single edges of it too", () => {
  const targets = Array.from({ length: 300 }, (_, place) => place % 3);
  const text = tinySnapshot([
    ["synthetic", "", 0, targets.map((to, place): ["element", number, number] => ["element", place, to])],
    ["object", "A", 24, [["property", "next", 2]]],
    ["object", "B", 5_000_000_000],
  ]);
  writeFileSync(file, text);
  const graph = parseSnapshotFile(file);
  const { nodeType, nodeName, nodeSelfBytes, firstEdge, edgeType, edgeName, edgeTo } = graph;
  graph.drop(["nodeType", "nodeName", "nodeSelfBytes", "firstEdge", "edgeType", "edgeName", "edgeTo"]);
  expect(graph.edgeTo).toHaveLength(0);
  graph.recall(["nodeType", "nodeName", "nodeSelfBytes", "firstEdge"]);
  expect(graph).toMatchObject({ nodeType, nodeName, nodeSelfBytes, firstEdge });
  expect(edgeTo).toHaveLength(301);
  for (let edge = 0; edge < edgeTo.length; edge++)
    expect(graph.edge(edge)).toEqual({ type: edgeType[edge], name: edgeName[edge], to: edgeTo[edge] });
  graph.close();
});

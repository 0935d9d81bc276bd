import type { HeapGraph } from "../../measure/snapshot/graph.js";
import { NO_EDGE, nameOfClass, retainersOf, shortestWays } from "../../measure/snapshot/ways.js";

/** Objects that stayed in memory although the measurement no longer held them. */
export interface Leak {
  /** By class, the largest first. Bytes and counts are of all instances together. */
  classes: { type: string; bytes: number; count: number }[];
  /**
   * The way from one such object of the first class to something that the reader knows, such as `property
   * "sessions" of Registry`.
   */
  retainers: string[];
}

/**
 * Finds the nodes that are not in `idsBefore`. Classes with fewer new nodes than half the instances are left
 * out: the test runner created them between the snapshots.
 */
export function findLeak(graph: HeapGraph, idsBefore: Uint32Array, instances: number): Leak {
  const isNew = newNodes(graph, idsBefore);
  const parents = shortestWays(graph);
  const byClass = new Map<string, { bytes: number; count: number; first: number }>();
  for (let node = 0; node < isNew.length; node++) {
    // A node that cannot be reached is garbage that the snapshot still lists.
    if (isNew[node] === 0 || parents.edge[node] === NO_EDGE || isNodes(graph, node)) continue;
    const type = nameOfClass(graph, node);
    const row = byClass.get(type) ?? { bytes: 0, count: 0, first: node };
    row.bytes += graph.nodeSelfBytes[node] as number;
    row.count++;
    byClass.set(type, row);
  }
  const rows = [...byClass]
    .filter(([, { count }]) => count >= instances / 2)
    .sort(([, a], [, b]) => b.bytes - a.bytes);
  // A class of the user says more than a string or an array that it holds.
  const named = rows.find(([type]) => /^\w/.test(type) && !BUILT_IN.has(type)) ?? rows[0];
  return {
    classes: rows.map(([type, { bytes, count }]) => ({ type, bytes, count })),
    retainers: named === undefined ? [] : retainersOf(graph, named[1].first, parents, isNew),
  };
}

/** Whether Node reports this node for one of its own C++ objects. Such nodes get new ids in each snapshot. */
function isNodes({ meta, nodeType, nodeName, strings }: HeapGraph, node: number): boolean {
  const isNative = meta.nodeTypes[nodeType[node] as number] === "native";
  return isNative && strings.at(nodeName[node] as number).startsWith("Node / ");
}

const BUILT_IN = new Set(["Array", "Object", "Map", "Set", "Promise"]);

function newNodes(graph: HeapGraph, idsBefore: Uint32Array): Uint8Array {
  const before = new Set(idsBefore);
  return Uint8Array.from(graph.nodeId, (id) => (before.has(id) ? 0 : 1));
}

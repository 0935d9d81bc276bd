import type { HeapGraph } from "../../measure/snapshot/graph.js";

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

/** Most steps that are shown. Later steps only lead through the module system to the root. */
const MOST_RETAINERS = 6;

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
    const type = className(graph, node);
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

const NO_EDGE = 0xffffffff;

interface Ways {
  parent: Uint32Array;
  edge: Uint32Array;
}

/**
 * Breadth-first search from the root without weak edges. Gives for each node the edge by which it is reached
 * first.
 */
function shortestWays(graph: HeapGraph): Ways {
  const { meta, firstEdge, edgeType, edgeName, edgeTo, nodeId, nodeType, strings } = graph;
  const weak = meta.edgeTypes.indexOf("weak");
  const shortcut = meta.edgeTypes.indexOf("shortcut");
  const internal = meta.edgeTypes.indexOf("internal");
  const nodes = nodeType.length;
  const ways = { parent: new Uint32Array(nodes), edge: new Uint32Array(nodes).fill(NO_EDGE) };
  const queue = new Uint32Array(nodes);
  let length = 1;
  ways.edge[0] = NO_EDGE - 1;
  for (let head = 0; head < length; head++) {
    const node = queue[head] as number;
    const end = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < end; edge++) {
      const to = edgeTo[edge] as number;
      const type = edgeType[edge];
      if (ways.edge[to] !== NO_EDGE || type === weak || (type === shortcut && node !== 0)) continue;
      // The key of a WeakMap keeps its value alive; the edge from the table does not.
      if (type === internal && strings.ephemeronTables.get(edgeName[edge] as number) === nodeId[node])
        continue;
      ways.edge[to] = edge;
      ways.parent[to] = node;
      queue[length++] = to;
    }
  }
  return ways;
}

/**
 * The object, then its holders one after the other, up to the first named holder that existed before, and one
 * step more.
 */
function retainersOf(graph: HeapGraph, from: number, ways: Ways, isNew: Uint8Array): string[] {
  const lines = [className(graph, from)];
  let old = 0;
  for (let node = from; node !== 0 && lines.length <= MOST_RETAINERS && old < 3;) {
    const parent = ways.parent[node] as number;
    if (parent === 0) break;
    lines.push(`${edgeText(graph, ways.edge[node] as number)} of ${className(graph, parent)}`);
    if (isNew[parent] === 0) old++;
    node = parent;
  }
  return lines;
}

function edgeText({ meta, edgeType, edgeName, strings }: HeapGraph, edge: number): string {
  const type = meta.edgeTypes[edgeType[edge] as number];
  const name = edgeName[edge] as number;
  if (type === "element" || type === "hidden") return `[${name}]`;
  if (type === "context") return `variable "${strings.at(name)}"`;
  return type === "property" ? `property "${strings.at(name)}"` : strings.at(name);
}

/** The constructor of an object, or V8's kind of storage, in parentheses. */
function className({ meta, nodeType, nodeName, strings }: HeapGraph, node: number): string {
  const type = meta.nodeTypes[nodeType[node] as number] ?? "unknown";
  const name = strings.at(nodeName[node] as number);
  if (type === "object" || type === "native" || type === "array") return name || `(${type})`;
  return type === "closure" && name !== "" ? `function ${name}` : `(${type})`;
}

import type { HeapGraph } from "./graph.js";

/** For each node, the edge by which a breadth-first search from the root reaches it first. */
export interface Ways {
  parent: Uint32Array;
  edge: Uint32Array;
}

export const NO_EDGE = 0xffffffff;

/**
 * Roots that say nothing of who holds a node: V8 lists every internalized string there, and what C++ code on
 * the stack has in its hands.
 */
const TABLES = new Set([
  ...["(Internalized strings)", "(String table)", "(Weak roots)"],
  ...["(Handle scope)", "(Stack roots)"],
]);

/**
 * Breadth-first search from the root without weak edges. Nodes in `blocked` are not entered. Nodes that are
 * held by V8's own tables alone are reached last, or not at all.
 */
export function shortestWays(
  graph: HeapGraph,
  blocked?: ReadonlySet<number>,
  { throughTables = true } = {},
): Ways {
  const { meta, firstEdge, edgeType, edgeTo, nodeType, nodeName, strings } = graph;
  const weak = meta.edgeTypes.indexOf("weak");
  const shortcut = meta.edgeTypes.indexOf("shortcut");
  const synthetic = meta.nodeTypes.indexOf("synthetic");
  const nodes = nodeType.length;
  const ways = { parent: new Uint32Array(nodes), edge: new Uint32Array(nodes).fill(NO_EDGE) };
  const queue = new Uint32Array(nodes);
  const tables: number[] = [];
  let length = 1;
  let head = 0;
  ways.edge[0] = NO_EDGE - 1;
  const follow = (node: number): void => {
    const end = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < end; edge++) {
      const to = edgeTo[edge] as number;
      const type = edgeType[edge];
      if (ways.edge[to] !== NO_EDGE || type === weak || (type === shortcut && node !== 0)) continue;
      if (blocked?.has(to) === true) continue;
      ways.edge[to] = edge;
      ways.parent[to] = node;
      if (nodeType[to] === synthetic && TABLES.has(strings.at(nodeName[to] as number))) tables.push(to);
      else queue[length++] = to;
    }
  };
  const drain = (): void => {
    while (head < length) follow(queue[head++] as number);
  };
  queue[0] = 0;
  drain();
  for (const table of throughTables ? tables : []) {
    follow(table);
    drain();
  }
  return ways;
}

/** Most steps that are shown. Later steps only lead through the module system to the root. */
const MOST_RETAINERS = 6;
/** Holders that existed before and are shown: the one with a name, and what has it. */
const MOST_OLD_RETAINERS = 3;

/** The object, then its holders one after the other, up to some that existed before (`isNew` is 0). */
export function retainersOf(graph: HeapGraph, from: number, ways: Ways, isNew: Uint8Array): string[] {
  const lines = [nameOfClass(graph, from)];
  let old = 0;
  for (let node = from; node !== 0 && lines.length <= MOST_RETAINERS && old < MOST_OLD_RETAINERS;) {
    const parent = ways.parent[node] as number;
    if (parent === 0) break;
    lines.push(`${edgeText(graph, ways.edge[node] as number)} of ${nameOfClass(graph, parent)}`);
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
  const text = strings.at(name);
  if (type === "property") return `property "${text}"`;
  return /^\d+$/.test(text) ? `[${text}]` : text;
}

/** The constructor of an object, or V8's kind of storage, in parentheses. */
export function nameOfClass({ meta, nodeType, nodeName, strings }: HeapGraph, node: number): string {
  const type = meta.nodeTypes[nodeType[node] as number] ?? "unknown";
  const name = strings.at(nodeName[node] as number);
  if (name.startsWith("system / Context")) return "a scope";
  // V8 writes its own roots in parentheses, such as (Handle scope).
  if (type === "synthetic") return name || "(synthetic)";
  if (type === "object" || type === "native" || type === "array") return name || `(${type})`;
  return type === "closure" && name !== "" ? `function ${name}` : `(${type})`;
}

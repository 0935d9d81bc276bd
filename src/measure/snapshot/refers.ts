import type { HeapGraph } from "./graph.js";

/** What instances refer to beside what they retain. */
export interface SharedMemory {
  bytes: number;
  /** The class with most of these bytes. */
  what: string;
}

/** Data of an instance. The ways over its class, its prototype and functions lead to the whole program. */
const DATA_EDGES = new Set(["property", "element"]);
const DATA_STORES = new Set([
  "elements",
  "properties",
  "table",
  "first",
  "second",
  "parent",
  "actual",
  "buffer",
  "backing_store",
]);
const NO_DATA = new Set(["__proto__", "constructor", "prototype"]);
const NO_DATA_TYPES = new Set(["closure", "code", "object shape", "synthetic", "hidden"]);

/** Sums what is reachable through the data of instances and is held by something else as well. */
export function sharedBy(
  graph: HeapGraph,
  instances: readonly number[],
  retained: Uint8Array,
): SharedMemory | undefined {
  const { meta, firstEdge, edgeType, edgeName, edgeTo, nodeType, nodeName, nodeSelfBytes, strings } = graph;
  const seen = new Set<number>(instances);
  const stack = [...instances];
  const classes = new Map<string, number>();
  let bytes = 0;
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (retained[node] === 0) {
      const own = nodeSelfBytes[node] as number;
      const type = meta.nodeTypes[nodeType[node] as number] ?? "";
      const name = ["object", "array", "native"].includes(type) ? strings.at(nodeName[node] as number) : "";
      bytes += own;
      classes.set(name || `(${type})`, (classes.get(name || `(${type})`) ?? 0) + own);
    }
    const end = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < end; edge++) {
      const to = edgeTo[edge] as number;
      if (seen.has(to) || NO_DATA_TYPES.has(meta.nodeTypes[nodeType[to] as number] ?? "")) continue;
      if (!isData(meta.edgeTypes[edgeType[edge] as number] ?? "", edgeName[edge] as number)) continue;
      seen.add(to);
      stack.push(to);
    }
  }
  const [what] = [...classes].sort(([, a], [, b]) => b - a)[0] ?? [];
  return what === undefined || bytes === 0 ? undefined : { bytes, what };

  function isData(type: string, name: number): boolean {
    if (type === "element") return true;
    const text = strings.at(name);
    return type === "internal" ? DATA_STORES.has(text) : DATA_EDGES.has(type) && !NO_DATA.has(text);
  }
}

import type { HeapGraph } from "../../measure/snapshot/graph.js";
import type { Classes } from "./classes.js";

/** What is needed of an earlier snapshot: small, so that its edges can be dropped. */
export interface Earlier {
  /** Objects by id, sorted, with the place of each in the other columns. */
  ids: Uint32Array;
  places: Uint32Array;
  selfBytes: Uint32Array | Float64Array;
  /** The hash of the name of each object's class. */
  classOf: Uint32Array;
  names: string[];
  /** By the id of an owner: the bytes of its store of elements, properties or table. */
  stores: Map<number, number>;
}

export function earlierOf(graph: HeapGraph, classes: Classes): Earlier {
  const places = Uint32Array.from({ length: graph.meta.nodeCount }, (_, node) => node);
  places.sort((a, b) => (graph.nodeId[a] as number) - (graph.nodeId[b] as number));
  return {
    ids: places.map((node) => graph.nodeId[node] as number),
    places,
    selfBytes: graph.nodeSelfBytes,
    classOf: classes.of,
    names: classes.names,
    stores: storesOf(graph),
  };
}

/** The place of the object in the earlier snapshot, or -1. */
export function findEarlier({ ids, places }: Earlier, id: number): number {
  let [low, high] = [0, ids.length - 1];
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = ids[middle] as number;
    if (found === id) return places[middle] as number;
    if (found < id) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** Bytes of the stores that V8 replaces by larger ones when an object grows, by the id of the owner. */
function storesOf(graph: HeapGraph): Map<number, number> {
  const stores = new Map<number, number>();
  eachStore(graph, (owner, store) => {
    const id = graph.nodeId[owner] as number;
    stores.set(id, (stores.get(id) ?? 0) + (graph.nodeSelfBytes[store] as number));
  });
  return stores;
}

function eachStore(graph: HeapGraph, use: (owner: number, store: number) => void): void {
  const { meta, firstEdge, edgeType, edgeName, edgeTo, nodeType, strings } = graph;
  const internal = meta.edgeTypes.indexOf("internal");
  const object = meta.nodeTypes.indexOf("object");
  const wanted = new Map<number, boolean>();
  for (let node = 0; node < meta.nodeCount; node++) {
    if (nodeType[node] !== object) continue;
    const end = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < end; edge++) {
      if (edgeType[edge] !== internal) continue;
      const name = edgeName[edge] as number;
      let is = wanted.get(name);
      if (is === undefined)
        wanted.set(name, (is = ["elements", "properties", "table"].includes(strings.at(name))));
      if (is) use(node, edgeTo[edge] as number);
    }
  }
}

/**
 * The bytes of each object that the earlier snapshot lacks. A store that replaced a smaller one counts by what
 * it has more.
 */
export function newBytes(graph: HeapGraph, before: Earlier): Float64Array {
  const bytes = new Float64Array(graph.meta.nodeCount);
  for (let node = 0; node < bytes.length; node++) {
    const own = graph.nodeSelfBytes[node] as number;
    const place = findEarlier(before, graph.nodeId[node] as number);
    if (place === -1 && own > 0 && isNodes(graph, node)) continue;
    bytes[node] = place === -1 ? own : Math.max(0, own - (before.selfBytes[place] as number));
  }
  const left = new Map(before.stores);
  eachStore(graph, (owner, store) => {
    const id = graph.nodeId[owner] as number;
    const had = left.get(id);
    const own = bytes[store] as number;
    if (had === undefined || own === 0) return;
    const replaced = Math.min(had, own);
    bytes[store] = own - replaced;
    left.set(id, had - replaced);
  });
  return bytes;
}

/** Whether Node reports this node for one of its own C++ objects: such nodes get new numbers in each snapshot. */
function isNodes({ meta, nodeType, nodeName, strings }: HeapGraph, node: number): boolean {
  const isNative = meta.nodeTypes[nodeType[node] as number] === "native";
  return isNative && strings.at(nodeName[node] as number).startsWith("Node / ");
}

export interface ClassGrowth {
  name: string;
  count: number;
  bytes: number;
}

/** By class: what came less what went. */
export function growthByClass(graph: HeapGraph, classes: Classes, before: Earlier): ClassGrowth[] {
  const rows = new Map<string, ClassGrowth>();
  const add = (name: string, count: number, bytes: number): void => {
    const row = rows.get(name);
    if (row === undefined) rows.set(name, { name, count, bytes });
    else {
      row.count += count;
      row.bytes += bytes;
    }
  };
  const tally = (
    of: Uint32Array,
    names: readonly string[],
    self: Uint32Array | Float64Array,
    sign: 1 | -1,
  ): void => {
    const counts = new Float64Array(names.length);
    const bytes = new Float64Array(names.length);
    of.forEach((index, node) => {
      counts[index] = (counts[index] as number) + 1;
      bytes[index] = (bytes[index] as number) + (self[node] as number);
    });
    names.forEach((name, index) => {
      if (counts[index] !== 0) add(name, sign * (counts[index] as number), sign * (bytes[index] as number));
    });
  };
  tally(classes.of, classes.names, graph.nodeSelfBytes, 1);
  tally(before.classOf, before.names, before.selfBytes, -1);
  return [...rows.values()]
    .filter(({ bytes, count }) => bytes !== 0 || count !== 0)
    .sort((a, b) => b.bytes - a.bytes);
}

/** Objects with the same id and another class: the snapshots are of different processes then. */
const LEAST_SAME = 0.8;

/** Whether both snapshots are of one process: then an id names the same object in both. */
export function isSameProcess(graph: HeapGraph, classes: Classes, before: Earlier): boolean {
  let [both, same] = [0, 0];
  const step = Math.max(1, Math.floor(graph.meta.nodeCount / 20_000));
  for (let node = 0; node < graph.meta.nodeCount; node += step) {
    const place = findEarlier(before, graph.nodeId[node] as number);
    if (place === -1) continue;
    both++;
    if (classes.names[classes.of[node] as number] === before.names[before.classOf[place] as number]) same++;
  }
  return both === 0 ? false : same >= LEAST_SAME * both;
}

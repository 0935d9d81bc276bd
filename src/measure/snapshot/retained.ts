import { BytesperError } from "../../base/errors.js";
import type { HeapGraph } from "./graph.js";

/** The nodes that only the population keeps alive. */
export interface SetRetained {
  /**
   * Number of instances that are heap objects of their own; small integers, null and repeated objects do not
   * count.
   */
  instanceNodes: number;
  /** Number of instances that are an object which was counted before. */
  duplicates: number;
  bytes: number;
  retained: Uint8Array;
  /** The nodes of the instances. */
  instances: number[];
}

/** The class of the one object that holds the population; see `write.ts`. */
const HOLDER = "BytesperPopulation";

/**
 * Set-retained size: what is reachable from the root, minus what is still reachable when no path may enter an
 * instance. Paths through the witnesses stay allowed, so that what all instances share is not charged to the
 * population.
 *
 * Weak edges keep nothing alive. The key of a WeakMap entry keeps its value; V8 also draws an edge from the
 * table, which is ignored. Shortcut edges count only from the root, because elsewhere they repeat other
 * edges.
 */
export function setRetained(graph: HeapGraph): SetRetained {
  const { instances, duplicates } = findPopulation(graph);
  const all = reach(graph, undefined);
  const blocked = new Uint8Array(graph.meta.nodeCount);
  for (const node of instances) blocked[node] = 1;
  const others = reach(graph, blocked);
  let bytes = 0;
  const retained = all;
  for (let node = 0; node < retained.length; node++) {
    if (all[node] === 1 && others[node] === 0) bytes += graph.nodeSelfBytes[node] as number;
    else retained[node] = 0;
  }
  return { instanceNodes: instances.length, duplicates, bytes, retained, instances };
}

export function reach(graph: HeapGraph, blocked: Uint8Array | undefined): Uint8Array {
  const { firstEdge, edgeType, edgeTo, meta } = graph;
  const weak = meta.edgeTypes.indexOf("weak");
  const shortcut = meta.edgeTypes.indexOf("shortcut");
  const seen = new Uint8Array(meta.nodeCount);
  const stack = new Uint32Array(meta.nodeCount);
  let depth = 1;
  seen[0] = 1;
  while (depth > 0) {
    const from = stack[--depth] as number;
    const end = firstEdge[from + 1] as number;
    for (let edge = firstEdge[from] as number; edge < end; edge++) {
      const to = edgeTo[edge] as number;
      if (seen[to] === 1 || blocked?.[to] === 1) continue;
      const type = edgeType[edge];
      if (type === weak || (type === shortcut && from !== 0)) continue;
      seen[to] = 1;
      stack[depth++] = to;
    }
  }
  return seen;
}

/**
 * The nodes of the instances. A node that is also a witness is left out, because no instance owns it alone:
 * for example `null`, or an object that `create` returns again and again.
 */
export function findPopulation(graph: HeapGraph): { instances: number[]; duplicates: number } {
  const holder = findHolder(graph);
  const witnesses = new Set(elementsOf(graph, holder.witnesses));
  const hidden = graph.meta.nodeTypes.indexOf("hidden");
  const instances = new Set<number>();
  let duplicates = 0;
  for (const node of elementsOf(graph, holder.instances)) {
    if (witnesses.has(node)) {
      if (graph.nodeType[node] !== hidden) duplicates++;
      continue;
    }
    if (instances.has(node)) duplicates++;
    instances.add(node);
  }
  return { instances: [...instances], duplicates };
}

function elementsOf(graph: HeapGraph, array: number): number[] {
  const element = graph.meta.edgeTypes.indexOf("element");
  const nodes: number[] = [];
  for (const edge of edgesOf(graph, array)) {
    if (graph.edgeType[edge] === element) nodes.push(graph.edgeTo[edge] as number);
  }
  return nodes;
}

/** The object that holds the population, and its two arrays. */
export function findHolder(graph: HeapGraph): { node: number; instances: number; witnesses: number } {
  const { meta, nodeType, nodeName, edgeType, edgeName, edgeTo, strings } = graph;
  const object = meta.nodeTypes.indexOf("object");
  const property = meta.edgeTypes.indexOf("property");
  const isHolderName = new Map<number, boolean>();
  for (let node = 0; node < meta.nodeCount; node++) {
    if (nodeType[node] !== object) continue;
    const name = nodeName[node] as number;
    let named = isHolderName.get(name);
    if (named === undefined) isHolderName.set(name, (named = strings.at(name) === HOLDER));
    if (!named) continue;
    const arrays = new Map<string, number>();
    for (const edge of edgesOf(graph, node)) {
      if (edgeType[edge] === property)
        arrays.set(strings.at(edgeName[edge] as number), edgeTo[edge] as number);
    }
    const instances = arrays.get("instances");
    const witnesses = arrays.get("witnesses");
    // The prototype has the same name, but not these properties.
    if (instances !== undefined && witnesses !== undefined) return { node, instances, witnesses };
  }
  throw new BytesperError("BAD_SNAPSHOT", `The snapshot holds no population (no object of class ${HOLDER}).`);
}

function* edgesOf(graph: HeapGraph, node: number): Generator<number> {
  const end = graph.firstEdge[node + 1] as number;
  for (let edge = graph.firstEdge[node] as number; edge < end; edge++) yield edge;
}

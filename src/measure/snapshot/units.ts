import type { HeapGraph } from "./graph.js";

const SHARED = -1;

/**
 * Bytes of each instance alone: what it reaches among the retained nodes and no other instance reaches. What
 * several instances reach is shared out equally among all, and no way leads through another instance.
 */
export function sizesOf(graph: HeapGraph, instances: readonly number[], retained: Uint8Array): number[] {
  const { firstEdge, edgeType, edgeTo, nodeSelfBytes, meta } = graph;
  const weak = meta.edgeTypes.indexOf("weak");
  const shortcut = meta.edgeTypes.indexOf("shortcut");
  /** 0 for a node that was not met yet, the place of the only instance that reaches it plus 1, or SHARED. */
  const owner = new Int32Array(meta.nodeCount);
  const sizes = new Float64Array(instances.length);
  const own = new Set(instances);
  const stack: number[] = [];
  let sharedBytes = 0;
  const give = (place: number, bytes: number): void => {
    sizes[place] = (sizes[place] as number) + bytes;
  };
  const enter = (node: number, mark: number): void => {
    const before = owner[node] as number;
    if (retained[node] === 0 || before === mark || before === SHARED || own.has(node)) return;
    const bytes = nodeSelfBytes[node] as number;
    if (before === 0 && mark !== SHARED) give(mark - 1, bytes);
    else {
      if (before > 0) give(before - 1, -bytes);
      sharedBytes += bytes;
    }
    owner[node] = before === 0 ? mark : SHARED;
    stack.push(node);
  };
  instances.forEach((instance, place) => {
    give(place, nodeSelfBytes[instance] as number);
    owner[instance] = place + 1;
    stack.push(instance);
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      const end = firstEdge[node + 1] as number;
      for (let edge = firstEdge[node] as number; edge < end; edge++) {
        const type = edgeType[edge];
        if (type !== weak && type !== shortcut) enter(edgeTo[edge] as number, owner[node] as number);
      }
    }
  });
  const each = instances.length === 0 ? 0 : sharedBytes / instances.length;
  return Array.from(sizes, (bytes) => bytes + each);
}

/** Sizes with how many instances have each, the smallest first: most populations have few sizes. */
export function countedSizes(sizes: readonly number[]): [bytes: number, count: number][] {
  const counts = new Map<number, number>();
  for (const bytes of sizes) counts.set(bytes, (counts.get(bytes) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a - b);
}

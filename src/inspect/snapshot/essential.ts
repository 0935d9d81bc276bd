import type { HeapGraph } from "../../measure/snapshot/graph.js";

/** One bit for each edge: whether it keeps its target alive. */
export class EdgeSet {
  readonly #bits: Uint8Array;

  constructor(edges: number) {
    this.#bits = new Uint8Array(Math.ceil(edges / 8));
  }

  add(edge: number): void {
    const place = edge >>> 3;
    this.#bits[place] = (this.#bits[place] as number) | (1 << (edge & 7));
  }

  has(edge: number): boolean {
    return (((this.#bits[edge >>> 3] as number) >>> (edge & 7)) & 1) === 1;
  }
}

/**
 * The edges that count for dominators, by the rules of Chrome's DevTools: no weak edge; a shortcut only from
 * the root, where it marks a global object of the user; an entry of a WeakMap only from its key; nothing
 * from an object that no global object of the user reaches to one that some reaches, because a debugger or
 * V8 itself would seem to hold what the program holds.
 */
export function essentialEdges(graph: HeapGraph): EdgeSet {
  const { meta, firstEdge, edgeType, edgeTo } = graph;
  const weak = meta.edgeTypes.indexOf("weak");
  const shortcut = meta.edgeTypes.indexOf("shortcut");
  const users = reachedByUser(graph);
  const edges = new EdgeSet(meta.edgeCount);
  for (let from = 0; from < meta.nodeCount; from++) {
    const end = firstEdge[from + 1] as number;
    for (let edge = firstEdge[from] as number; edge < end; edge++) {
      const type = edgeType[edge];
      const to = edgeTo[edge] as number;
      if (type === weak || to === from || (type === shortcut && from !== 0)) continue;
      if (from !== 0 && users[to] === 1 && users[from] === 0) continue;
      edges.add(edge);
    }
  }
  return edges;
}

/** What the global objects reach, which the root names by shortcuts. */
function reachedByUser({ meta, firstEdge, edgeType, edgeTo }: HeapGraph): Uint8Array {
  const weak = meta.edgeTypes.indexOf("weak");
  const shortcut = meta.edgeTypes.indexOf("shortcut");
  const seen = new Uint8Array(meta.nodeCount);
  const stack: number[] = [];
  const follow = (from: number, only?: number): void => {
    const end = firstEdge[from + 1] as number;
    for (let edge = firstEdge[from] as number; edge < end; edge++) {
      const to = edgeTo[edge] as number;
      const type = edgeType[edge];
      if (seen[to] === 1 || type === weak || (only === undefined ? type === shortcut : type !== only))
        continue;
      seen[to] = 1;
      stack.push(to);
    }
  };
  follow(0, shortcut);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) follow(node);
  return seen;
}

import type { HeapGraph } from "../../measure/snapshot/graph.js";
import type { EdgeSet } from "./essential.js";

export interface Dominators {
  /** The nodes in the order of a depth-first search: a dominator comes before what it dominates. */
  order: Uint32Array;
  /** The immediate dominator of each node; the root's is the root. */
  dominator: Uint32Array;
}

/**
 * Immediate dominators by the Semi-NCA algorithm (Georgiadis, 2005), iterative. What no edge of the set reaches
 * is dominated by the root alone, as in DevTools.
 *
 * A snapshot may have a hundred million nodes, so each array is used for two things where they do not overlap, and
 * `dropEdges` is called as soon as the columns of the edges are not needed any more.
 */
export function findDominators(
  graph: HeapGraph,
  edges: EdgeSet,
  dropEdges: () => void = () => undefined,
): Dominators {
  const nodes = graph.meta.nodeCount;
  const { order, number, parent, reached } = search(graph, edges);
  const first = new Uint32Array(reached + 2);
  const from = predecessors(graph, edges, number, parent, first);
  dropEdges();
  let next = reached;
  for (let node = 0; node < nodes; node++) if (number[node] === NOT_REACHED) order[next++] = node;
  // From here on, vertices are places in the order, and `number` is not needed any more.
  const idom = number;
  idom.set(parent.subarray(0, reached));
  const semi = new Uint32Array(reached);
  const label = new Uint32Array(nodes);
  for (let place = 0; place < reached; place++) semi[place] = label[place] = place;
  const chain: number[] = [];

  /** The vertex of least semidominator on the way up from `vertex`, as far as it is linked; compresses it. */
  const least = (vertex: number, linked: number): number => {
    if ((parent[vertex] as number) < linked) return label[vertex] as number;
    let at = vertex;
    do {
      chain.push(at);
      at = parent[at] as number;
    } while ((parent[at] as number) >= linked);
    let best = label[at] as number;
    for (let below = chain.pop(); below !== undefined; below = chain.pop()) {
      parent[below] = parent[at] as number;
      const own = label[below] as number;
      if ((semi[best] as number) < (semi[own] as number)) label[below] = best;
      else best = own;
      at = below;
    }
    return label[at] as number;
  };

  for (let vertex = reached - 1; vertex >= 1; vertex--) {
    let lowest = parent[vertex] as number;
    const end = first[vertex + 1] as number;
    for (let place = first[vertex] as number; place < end; place++) {
      const found = semi[least(from[place] as number, vertex + 1)] as number;
      if (found < lowest) lowest = found;
    }
    semi[vertex] = lowest;
  }
  for (let vertex = 1; vertex < reached; vertex++) {
    let candidate = idom[vertex] as number;
    while (candidate > (semi[vertex] as number)) candidate = idom[candidate] as number;
    idom[vertex] = candidate;
  }
  const dominator = label.fill(0);
  for (let vertex = 1; vertex < reached; vertex++)
    dominator[order[vertex] as number] = order[idom[vertex] as number] as number;
  return { order, dominator };
}

const NOT_REACHED = 0xffffffff;

/** A depth-first search; `parent` holds places in the order. */
function search(
  { meta, firstEdge, edgeTo }: HeapGraph,
  edges: EdgeSet,
): { order: Uint32Array; number: Uint32Array; parent: Uint32Array; reached: number } {
  const nodes = meta.nodeCount;
  const order = new Uint32Array(nodes);
  const number = new Uint32Array(nodes).fill(NOT_REACHED);
  const parent = new Uint32Array(nodes);
  // The next edge of each node on the way from the root to here.
  const next: number[] = [firstEdge[0] as number];
  let reached = 1;
  number[0] = 0;
  for (let at = 0; ;) {
    const node = order[at] as number;
    const end = firstEdge[node + 1] as number;
    let edge = next.pop() as number;
    while (edge < end && !(edges.has(edge) && number[edgeTo[edge] as number] === NOT_REACHED)) edge++;
    if (edge < end) {
      const to = edgeTo[edge] as number;
      next.push(edge + 1, firstEdge[to] as number);
      parent[reached] = at;
      order[reached] = to;
      number[to] = reached;
      at = reached++;
    } else if (at === 0) break;
    else at = parent[at] as number;
  }
  return { order, number, parent, reached };
}

/**
 * For each vertex, the vertices whose edges lead to it, but for its parent in the search: `first` gets the place
 * of its first one in the list returned.
 */
function predecessors(
  { meta, firstEdge, edgeTo }: HeapGraph,
  edges: EdgeSet,
  number: Uint32Array,
  parent: Uint32Array,
  first: Uint32Array,
): Uint32Array {
  const each = (use: (vertex: number, to: number) => void): void => {
    for (let node = 0; node < meta.nodeCount; node++) {
      const vertex = number[node] as number;
      if (vertex === NOT_REACHED) continue;
      const end = firstEdge[node + 1] as number;
      for (let edge = firstEdge[node] as number; edge < end; edge++) {
        if (!edges.has(edge)) continue;
        const to = number[edgeTo[edge] as number] as number;
        if (parent[to] !== vertex) use(vertex, to);
      }
    }
  };
  each((_, to) => {
    first[to + 2] = (first[to + 2] as number) + 1;
  });
  for (let place = 2; place < first.length; place++)
    first[place] = (first[place] as number) + (first[place - 1] as number);
  const from = new Uint32Array(first.at(-1) ?? 0);
  each((vertex, to) => {
    const place = first[to + 1] as number;
    from[place] = vertex;
    first[to + 1] = place + 1;
  });
  return from;
}

/** Adds up a weight of each node over everything that it dominates. `total` is the sum of all weights. */
export function retainedOf(
  { order, dominator }: Dominators,
  weights: Uint32Array | Float64Array,
  total = Infinity,
): Uint32Array | Float64Array {
  // No sum is above the total.
  const retained = total < 2 ** 32 ? new Uint32Array(weights) : new Float64Array(weights);
  for (let place = order.length - 1; place > 0; place--) {
    const node = order[place] as number;
    const above = dominator[node] as number;
    retained[above] = (retained[above] as number) + (retained[node] as number);
  }
  return retained;
}

/** The nodes that each node dominates immediately, one list after the other. */
export interface Dominated {
  first: Uint32Array;
  nodes: Uint32Array;
}

export function dominatedBy({ order, dominator }: Dominators): Dominated {
  const count = order.length;
  const first = new Uint32Array(count + 2);
  for (let node = 1; node < count; node++) {
    const place = (dominator[node] as number) + 2;
    first[place] = (first[place] as number) + 1;
  }
  for (let place = 2; place < count + 2; place++)
    first[place] = (first[place] as number) + (first[place - 1] as number);
  const nodes = new Uint32Array(Math.max(0, count - 1));
  for (let node = 1; node < count; node++) {
    const above = (dominator[node] as number) + 1;
    const place = first[above] as number;
    nodes[place] = node;
    first[above] = place + 1;
  }
  return { first, nodes };
}

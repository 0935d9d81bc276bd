import type { HeapGraph } from "../../measure/snapshot/graph.js";

/** For each node, the edge by which a search from the root reaches it. */
export type Ways = Uint32Array;

export const NO_EDGE = 0xffffffff;

/** Roots that say nothing of who holds a node: V8's tables, and what lies on the stack at this moment. */
const LAST_ROOTS =
  /^\((Internalized strings|String table|Handle scope|Weak roots|Stack roots|Compilation cache|Debugger|.*object cache|.*cache table)\)$/;

/**
 * Breadth-first search from the root without weak edges. The user's global objects come first. The ways over
 * compiled code, hidden classes and V8's own tables come last: they are longer than they look, and no
 * programmer knows them.
 */
export function waysFromRoot(graph: HeapGraph): Ways {
  const { meta, firstEdge, edgeType, edgeTo, nodeType, nodeName, strings } = graph;
  const weak = meta.edgeTypes.indexOf("weak");
  const shortcut = meta.edgeTypes.indexOf("shortcut");
  const [synthetic, code, shape] = ["synthetic", "code", "object shape"].map((type) =>
    meta.nodeTypes.indexOf(type),
  );
  const nodes = meta.nodeCount;
  const ways = new Uint32Array(nodes).fill(NO_EDGE);
  const queue = new Uint32Array(nodes);
  const later: number[][] = [[], [], []];
  let length = 0;
  let head = 0;
  ways[0] = NO_EDGE - 1;
  const rankOf = (node: number): number => {
    const type = nodeType[node];
    if (type === synthetic) return LAST_ROOTS.test(strings.at(nodeName[node] as number)) ? 2 : 0;
    return type === code || type === shape ? 1 : 0;
  };
  const follow = (node: number, only?: number): void => {
    const end = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < end; edge++) {
      const to = edgeTo[edge] as number;
      const type = edgeType[edge];
      if (ways[to] !== NO_EDGE || type === weak || (type === shortcut && node !== 0)) continue;
      if (only !== undefined && type !== only) continue;
      ways[to] = edge;
      const rank = rankOf(to);
      if (rank === 0) queue[length++] = to;
      else (later[rank] as number[]).push(to);
    }
  };
  const drain = (): void => {
    while (head < length) follow(queue[head++] as number);
  };
  follow(0, shortcut);
  drain();
  follow(0);
  drain();
  for (const rank of [1, 2]) {
    const waiting = later[rank] as number[];
    for (const node of waiting) {
      follow(node);
      drain();
    }
  }
  return ways;
}

/** The node at which the way to this node comes from; the root's is the root. */
export function beforeOn(ways: Ways, { firstEdge }: HeapGraph, node: number): number {
  const edge = ways[node] as number;
  if (edge >= NO_EDGE - 1) return 0;
  // The last node whose edges begin at this one or before it; nodes without edges begin where the next one does.
  let [low, high] = [0, firstEdge.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((firstEdge[middle] as number) > edge) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}

import type { HeapGraph } from "../../measure/snapshot/graph.js";

/** Finds edges of a node by type and name, and compares names as numbers where it can. */
export class EdgeFinder {
  readonly #graph: HeapGraph;
  readonly #types = new Map<string, number>();
  readonly #names = new Map<string, number>();

  constructor(graph: HeapGraph) {
    this.#graph = graph;
    graph.meta.edgeTypes.forEach((type, index) => this.#types.set(type, index));
  }

  /** The node at the end of the first edge of this type and name. */
  to(node: number, type: string, name: string): number | undefined {
    const { firstEdge, edgeType, edgeName, edgeTo, strings } = this.#graph;
    const wantedType = this.#types.get(type);
    const wantedName = this.#names.get(name);
    const end = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < end; edge++) {
      if (edgeType[edge] !== wantedType) continue;
      const found = edgeName[edge] as number;
      if (wantedName !== undefined) {
        if (found === wantedName) return edgeTo[edge];
      } else if (strings.at(found) === name) {
        this.#names.set(name, found);
        return edgeTo[edge];
      }
    }
    return undefined;
  }
}

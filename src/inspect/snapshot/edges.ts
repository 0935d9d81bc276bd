import type { OpenSnapshot } from "../../measure/snapshot/parse.js";

/** Finds edges of a node by type and name, and compares names as numbers where it can. */
export class EdgeFinder {
  readonly #graph: OpenSnapshot;
  readonly #types = new Map<string, number>();
  readonly #names = new Map<string, number>();

  constructor(graph: OpenSnapshot) {
    this.#graph = graph;
    graph.meta.edgeTypes.forEach((type, index) => this.#types.set(type, index));
  }

  /** The node at the end of the first edge of this type and name. */
  to(node: number, type: string, name: string): number | undefined {
    const { firstEdge, strings } = this.#graph;
    const wantedType = this.#types.get(type);
    const wantedName = this.#names.get(name);
    const end = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < end; edge++) {
      const { type: found, name: foundName, to } = this.#graph.edge(edge);
      if (found !== wantedType) continue;
      if (wantedName !== undefined) {
        if (foundName === wantedName) return to;
      } else if (strings.at(foundName) === name) {
        this.#names.set(name, foundName);
        return to;
      }
    }
    return undefined;
  }
}

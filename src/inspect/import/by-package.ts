import { classify } from "../snapshot/classes.js";
import { CodePlaces } from "../snapshot/code.js";
import { earlierOf, newBytes } from "../snapshot/compare.js";
import { EdgeFinder } from "../snapshot/edges.js";
import { findDominators } from "../snapshot/dominators.js";
import { essentialEdges } from "../snapshot/essential.js";
import { openSnapshot } from "../snapshot/read.js";
import type { HeapGraph } from "../../measure/snapshot/graph.js";
import type { OpenSnapshot } from "../../measure/snapshot/parse.js";
import { packageOfUrl } from "./package-of.js";

/** What objects that no package's code dominates count to. */
const SHARED = "(shared)";

interface PackageBytes {
  name: string;
  bytes: number;
  modules: number;
}

/**
 * The objects that are new in the second snapshot, by the package whose code dominates them: its text, its
 * compiled functions, its scopes and what they hold.
 */
export function bytesByPackage(before: string, after: string): PackageBytes[] {
  const first = openSnapshot(before);
  const earlier = earlierOf(first, classify(first));
  first.close();
  const graph = openSnapshot(after);
  try {
    const bytes = newBytes(graph, earlier);
    const owners = ownersOf(graph);
    const { order, dominator } = findDominators(graph, essentialEdges(graph));
    for (const node of order) owners[node] ??= node === 0 ? undefined : owners[dominator[node] as number];
    spread(graph, bytes, owners);
    const rows = new Map<string, PackageBytes>();
    for (const node of order) {
      const owner = owners[node];
      const own = bytes[node] as number;
      if (own === 0) continue;
      const name = owner ?? SHARED;
      const row = rows.get(name) ?? { name, bytes: 0, modules: 0 };
      row.bytes += own;
      if (isScript(graph, node)) row.modules++;
      rows.set(name, row);
    }
    return [...rows.values()].sort((a, b) => b.bytes - a.bytes);
  } finally {
    graph.close();
  }
}

/**
 * What several hold goes to the nearest holder: the exports of a module are held by Node's table of modules, by
 * the module and by those that import it.
 */
function spread(
  { meta, firstEdge, edgeType, edgeTo }: HeapGraph,
  bytes: Float64Array,
  owners: (string | undefined)[],
): void {
  const weak = meta.edgeTypes.indexOf("weak");
  const queue: number[] = [];
  owners.forEach((owner, node) => {
    if (owner !== undefined) queue.push(node);
  });
  for (let head = 0; head < queue.length; head++) {
    const node = queue[head] as number;
    const end = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < end; edge++) {
      const to = edgeTo[edge] as number;
      if (edgeType[edge] === weak || owners[to] !== undefined || bytes[to] === 0) continue;
      owners[to] = owners[node];
      queue.push(to);
    }
  }
}

/** The package of each script, function, scope and module. */
function ownersOf(graph: OpenSnapshot): (string | undefined)[] {
  const code = new CodePlaces(graph);
  const edges = new EdgeFinder(graph);
  const owners: (string | undefined)[] = new Array<undefined>(graph.meta.nodeCount).fill(undefined);
  const wanted = new Set(["code", "closure", "object"].map((type) => graph.meta.nodeTypes.indexOf(type)));
  for (let node = 0; node < owners.length; node++) {
    if (!wanted.has(graph.nodeType[node] as number)) continue;
    const isObject = graph.meta.nodeTypes[graph.nodeType[node] as number] === "object";
    const file =
      isObject && nameOf(graph, node) === "Module" ? edges.to(node, "property", "filename") : undefined;
    if (isObject && file === undefined && !code.isScope(node)) continue;
    const script = isScript(graph, node)
      ? nameOf(graph, node)
      : file === undefined
        ? code.script(node)
        : nameOf(graph, file);
    if (script !== undefined) owners[node] = packageOfUrl(script);
  }
  return owners;
}

function nameOf({ nodeName, strings }: HeapGraph, node: number): string {
  return strings.at(nodeName[node] as number).replace(/^system \/ Script \/ /, "");
}

/** A script's node has its path for a name. */
function isScript(graph: HeapGraph, node: number): boolean {
  return (
    graph.meta.nodeTypes[graph.nodeType[node] as number] === "code" &&
    /^(file:|\/|[A-Za-z]:[\\/])/.test(nameOf(graph, node))
  );
}

import { isAbsent } from "../../system/probe/reading.js";
import { breakDown } from "./breakdown.js";
import type { HeapGraph } from "./graph.js";
import { findHolder, findPopulation, reach } from "./retained.js";
import type { SetRetained } from "./retained.js";
import type { SnapshotSummary } from "./summary.js";
import { nameOfClass, NO_EDGE, retainersOf, shortestWays } from "./ways.js";

/**
 * What the whole heap has in `after` and had not in `before`, which the same process wrote when it held half
 * as many instances: the new nodes less those that are gone, such as a table that was replaced by a larger
 * one. It holds what a program keeps of an instance in any place.
 */
export function growthBetween(before: HeapGraph, after: HeapGraph): SnapshotSummary {
  const [reachedBefore, reachedAfter] = [reach(before, undefined), reach(after, undefined)];
  const isNew = without(after, reachedAfter, idsOf(before, reachedBefore));
  const isGone = without(before, reachedBefore, idsOf(after, reachedAfter));
  const added = breakDown(after, setOf(after, isNew));
  const removed = breakDown(before, setOf(before, isGone));
  const holder = holderOf(after, isNew);
  return {
    bytes: added.bytes - removed.bytes,
    instanceNodes: added.instanceNodes,
    duplicates: 0,
    classes: lessBy(added.classes, removed.classes, ({ type }) => type),
    kinds: lessBy(added.kinds, removed.kinds, ({ kind }) => kind),
    waste: added.waste.filter(({ bytes }) => isAbsent(bytes) || bytes > 0),
    ...(holder === undefined ? {} : { holder }),
  };
}

function idsOf(graph: HeapGraph, reached: Uint8Array): Set<number> {
  const ids = new Set<number>();
  for (let node = 0; node < reached.length; node++)
    if (reached[node] === 1) ids.add(graph.nodeId[node] as number);
  return ids;
}

/** The reached nodes that are not in `ids`. */
function without(graph: HeapGraph, reached: Uint8Array, ids: ReadonlySet<number>): Uint8Array {
  return reached.map((isReached, node) =>
    isReached === 1 && !ids.has(graph.nodeId[node] as number) ? 1 : 0,
  );
}

function setOf(graph: HeapGraph, retained: Uint8Array): SetRetained {
  let bytes = 0;
  for (let node = 0; node < retained.length; node++)
    if (retained[node] === 1) bytes += graph.nodeSelfBytes[node] as number;
  return { instanceNodes: 0, duplicates: 0, bytes, retained, instances: [] };
}

/** Rows of `added`, less the rows of the same key in `removed`. What comes to nothing is left out. */
function lessBy<R extends { bytes: number; count: number }>(
  added: readonly R[],
  removed: readonly R[],
  keyOf: (row: R) => string,
): R[] {
  const rows = new Map(added.map((row) => [keyOf(row), { ...row }]));
  for (const row of removed) {
    const known = rows.get(keyOf(row));
    if (known === undefined) rows.set(keyOf(row), { ...row, bytes: -row.bytes, count: -row.count });
    else {
      known.bytes -= row.bytes;
      known.count -= row.count;
    }
  }
  return [...rows.values()].filter(({ bytes }) => bytes !== 0).sort((a, b) => b.bytes - a.bytes);
}

/**
 * The way from the root to an instance that does not lead through the measurement. Where no instance has one
 * (it is a string, or only what it left is held), the way to a new node of the class with most bytes.
 */
function holderOf(graph: HeapGraph, isNew: Uint8Array): string[] | undefined {
  const own = findHolder(graph);
  const { instances } = findPopulation(graph);
  const isObject = (node: number): boolean =>
    ["object", "closure"].includes(graph.meta.nodeTypes[graph.nodeType[node] as number] ?? "");
  // What V8's own tables hold (the last instances, on its stack) has no holder that a reader could name.
  for (const throughTables of [false, true]) {
    const ways = shortestWays(graph, new Set([own.node, own.instances, own.witnesses]), { throughTables });
    const isHeld = (node: number): boolean => isNew[node] === 1 && ways.edge[node] !== NO_EDGE;
    const from = instances.find((node) => isObject(node) && isHeld(node)) ?? heaviest(graph, isHeld);
    if (from !== undefined) return retainersOf(graph, from, ways, isNew);
  }
  return undefined;
}

/** A node of the class that has most bytes among those that are held. */
function heaviest(graph: HeapGraph, isHeld: (node: number) => boolean): number | undefined {
  const classes = new Map<string, { bytes: number; node: number }>();
  for (let node = 0; node < graph.meta.nodeCount; node++) {
    if (!isHeld(node)) continue;
    const name = nameOfClass(graph, node);
    const row = classes.get(name) ?? { bytes: 0, node };
    row.bytes += graph.nodeSelfBytes[node] as number;
    classes.set(name, row);
  }
  return [...classes.values()].sort((a, b) => b.bytes - a.bytes)[0]?.node;
}

import type { HeapGraph } from "../../measure/snapshot/graph.js";
import type { Dominated } from "./dominators.js";

/** The class of each node: a place in the list of names. */
export interface Classes {
  names: string[];
  of: Uint32Array;
}

export interface ClassTotals {
  name: string;
  count: number;
  shallowBytes: number;
  /** What would be freed with all objects of the class; what one of them dominates in another counts once. */
  retainedBytes: number;
}

/** Objects made by a literal are told apart by their first properties, if so many have the same ones. */
const FEWEST_ALIKE = 10;
const MOST_PROPERTIES = 24;
const SHOWN_PROPERTIES = 5;

/**
 * Names each node by its constructor, as DevTools does. What V8 stores beside objects has its kind in
 * brackets; plain objects have the names of their properties in braces.
 */
export function classify(graph: HeapGraph): Classes {
  const { meta, nodeType, nodeName, nodeDetached, strings } = graph;
  const names: string[] = [];
  const known = new Map<string, number>();
  const place = (name: string): number => {
    let index = known.get(name);
    if (index === undefined) {
      index = names.push(name) - 1;
      known.set(name, index);
    }
    return index;
  };
  const plain = new Set<number>();
  const [object, native, closure] = ["object", "native", "closure"].map((type) =>
    meta.nodeTypes.indexOf(type),
  );
  const byType = meta.nodeTypes.map((type) => place(KINDS[type] ?? `(${type})`));
  const byName = new Map<number, number>();
  const of = new Uint32Array(meta.nodeCount);
  for (let node = 0; node < meta.nodeCount; node++) {
    const type = nodeType[node] as number;
    if (type !== object && type !== native && type !== closure) {
      of[node] = byType[type] as number;
      continue;
    }
    const name = nodeName[node] as number;
    const key = type === closure ? -1 - name : name;
    let index = byName.get(key);
    if (index === undefined) {
      const text = strings.at(name);
      index = place(type === closure ? (text === "" ? "(closure)" : `function ${text}`) : objectName(text));
      if (type === object && text === "Object") plain.add(index);
      byName.set(key, index);
    }
    of[node] = nodeDetached?.[node] === 1 ? place(`Detached ${names[index] ?? ""}`) : index;
  }
  splitByProperties(graph, of, plain, place);
  return { names, of };
}

const KINDS: Record<string, string> = {
  hidden: "(system)",
  code: "(compiled code)",
  number: "(heap number)",
};

/** V8 adds the scope's number, or the page, to the names of some objects of its own. */
function objectName(text: string): string {
  if (text.startsWith("system / Context")) return "(scope)";
  if (text.startsWith("system / ")) return "(system)";
  return text || "(object)";
}

/** Gives plain objects of equal properties a class of their own, where there are enough of them. */
function splitByProperties(
  graph: HeapGraph,
  of: Uint32Array,
  plain: ReadonlySet<number>,
  place: (name: string) => number,
): void {
  const { meta, firstEdge, edgeType, edgeName, strings } = graph;
  const property = meta.edgeTypes.indexOf("property");
  const shapes = new Map<number, { count: number; names: number[] }>();
  const proto = new Map<number, boolean>();
  const isProto = (name: number): boolean => {
    let is = proto.get(name);
    if (is === undefined) proto.set(name, (is = /^(__proto__|<symbol.*)$/s.test(strings.at(name))));
    return is;
  };
  const propertiesOf = (node: number): number[] | undefined => {
    const found: number[] = [];
    const end = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < end; edge++) {
      if (edgeType[edge] !== property || isProto(edgeName[edge] as number)) continue;
      if (found.length === MOST_PROPERTIES) return undefined;
      found.push(edgeName[edge] as number);
    }
    return found.length === 0 ? undefined : found;
  };
  const each = (use: (node: number, key: number, names: number[]) => void): void => {
    for (let node = 0; node < meta.nodeCount; node++) {
      if (!plain.has(of[node] as number)) continue;
      const found = propertiesOf(node);
      if (found === undefined) continue;
      let key = 0;
      for (const name of found) key = (key * 0x1_0000_01b3 + name + 1) % 9007199254740881;
      use(node, key, found);
    }
  };
  each((_, key, found) => {
    const shape = shapes.get(key);
    if (shape === undefined) shapes.set(key, { count: 1, names: found });
    else shape.count++;
  });
  const places = new Map<number, number>();
  each((node, key) => {
    const shape = shapes.get(key);
    if (shape === undefined || shape.count < FEWEST_ALIKE) return;
    let index = places.get(key);
    if (index === undefined) {
      const shown = shape.names.slice(0, SHOWN_PROPERTIES).map((name) => strings.at(name));
      if (shape.names.length > SHOWN_PROPERTIES) shown.push("...");
      places.set(key, (index = place(`{${shown.join(", ")}}`)));
    }
    of[node] = index;
  });
}

/** Adds up each class, below some nodes or in the whole heap, in one walk down the tree of dominators. */
export function totalsOf(
  graph: HeapGraph,
  classes: Classes,
  dominated: Dominated,
  retained: Uint32Array | Float64Array,
  from: readonly number[] = [0],
): ClassTotals[] {
  const rows = new Map<number, ClassTotals>();
  const open = new Uint32Array(classes.names.length);
  const stack: number[] = [...from];
  while (stack.length > 0) {
    const node = stack.pop() as number;
    if (node < 0) {
      const left = classes.of[-1 - node] as number;
      open[left] = (open[left] as number) - 1;
      continue;
    }
    const index = classes.of[node] as number;
    let row = rows.get(index);
    if (row === undefined) {
      row = { name: classes.names[index] ?? "", count: 0, shallowBytes: 0, retainedBytes: 0 };
      rows.set(index, row);
    }
    row.count++;
    row.shallowBytes += graph.nodeSelfBytes[node] as number;
    if (open[index] === 0) row.retainedBytes += retained[node] as number;
    const start = dominated.first[node] as number;
    const end = dominated.first[node + 1] as number;
    if (start === end) continue;
    open[index] = (open[index] as number) + 1;
    stack.push(-1 - node);
    for (let place = start; place < end; place++) stack.push(dominated.nodes[place] as number);
  }
  return [...rows.values()].sort((a, b) => b.retainedBytes - a.retainedBytes);
}

import type { HeapGraph } from "../../measure/snapshot/graph.js";
import type { OpenSnapshot } from "../../measure/snapshot/parse.js";
import type { ClassTotals, Classes } from "./classes.js";
import { totalsOf } from "./classes.js";
import type { CodePlaces } from "./code.js";
import { isOwnCode } from "./code.js";
import type { Dominated } from "./dominators.js";
import type { Path, PathFinder } from "./path.js";
import { pathText } from "./path.js";

/** Objects of one class, held together, that keep much of the heap alive. */
export interface Holder {
  /** The class to name first. */
  name: string;
  count: number;
  bytes: number;
  path: Path;
  /** Bytes of the whole group, where `bytes` are only those of the class to name inside it. */
  groupBytes: number;
  /** Share of the looked-at objects that this path holds. */
  pathShare: number;
  /** Whether the objects and the path are Node's, the browser's or V8's own. */
  isOwn: boolean;
  /** Where the bytes are, by class: most first. */
  parts: ClassTotals[];
}

export interface Heap {
  graph: OpenSnapshot;
  classes: Classes;
  dominated: Dominated;
  /** Bytes that each node dominates; of a comparison, only the bytes that are new. */
  weights: Uint32Array | Float64Array;
  code: CodePlaces;
  paths: PathFinder;
}

interface Group {
  members: number[];
  bytes: number;
  largest: number;
  index: number;
}

/** Smaller holders are not worth a row. */
const LEAST_SHARE = 0.01;
/** From this share on, one object of a group is the one to look into. */
const DOMINATING = 0.5;
/** A class below the group that has this share of its bytes is named instead, if it is the user's own. */
const PAYLOAD = 0.7;
export const LOOKED_AT = 200;

/**
 * Goes down the tree of dominators from the root, as long as one object has most of the bytes. It ends at a
 * group of objects of one class under the same dominator, or at an object that has the bytes itself.
 */
export function findHolders(heap: Heap, totalBytes: number, most: number): Holder[] {
  const { graph, classes, dominated, weights } = heap;
  const least = Math.max(1, LEAST_SHARE * totalBytes);
  const found: Group[] = [];
  const waiting = [0];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const groups = groupsUnder(heap, node).filter(({ bytes }) => bytes >= least);
    let rest = weights[node] as number;
    for (const group of groups) {
      rest -= group.bytes;
      if (group.members.length === 1 || (weights[group.largest] as number) >= DOMINATING * group.bytes)
        waiting.push(...group.members.filter((member) => (weights[member] as number) >= least));
      else found.push(group);
    }
    if (rest >= least && !isRoot(graph, node))
      found.push({ members: [node], bytes: rest, largest: node, index: classes.of[node] as number });
  }
  found.sort((a, b) => b.bytes - a.bytes);
  return found
    .slice(0, most)
    .map((group) => describe(heap, group, dominated))
    .sort((a, b) => b.bytes - a.bytes);
}

function isRoot({ meta, nodeType, nodeName, strings }: HeapGraph, node: number): boolean {
  if (node === 0 || meta.nodeTypes[nodeType[node] as number] === "synthetic") return true;
  return /^(global|Window|system \/ NativeContext)/.test(strings.at(nodeName[node] as number));
}

/** What a node dominates, by class. Stores of V8 (elements, tables) count as parts of their owner. */
function groupsUnder({ graph, classes, dominated, weights }: Heap, node: number): Group[] {
  const { meta, nodeType } = graph;
  const [array, hidden] = ["array", "hidden"].map((type) => meta.nodeTypes.indexOf(type));
  const groups = new Map<number, Group>();
  const stack = [node];
  for (let owner = stack.pop(); owner !== undefined; owner = stack.pop()) {
    for (
      let place = dominated.first[owner] as number;
      place < (dominated.first[owner + 1] as number);
      place++
    ) {
      const child = dominated.nodes[place] as number;
      const bytes = weights[child] as number;
      if (bytes === 0) continue;
      if (nodeType[child] === array || nodeType[child] === hidden) {
        stack.push(child);
        continue;
      }
      const index = classes.of[child] as number;
      const group = groups.get(index);
      if (group === undefined) groups.set(index, { members: [child], bytes, largest: child, index });
      else {
        group.members.push(child);
        group.bytes += bytes;
        if (bytes > (weights[group.largest] as number)) group.largest = child;
      }
    }
  }
  return [...groups.values()];
}

function describe(heap: Heap, group: Group, dominated: Dominated): Holder {
  const { graph, classes, weights, code, paths } = heap;
  const parts =
    group.members.length === 1 && group.bytes < (weights[group.largest] as number)
      ? []
      : totalsOf(graph, classes, dominated, weights, group.members);
  const outer = classes.names[group.index] ?? "";
  const payload = isUsers(heap, outer) ? undefined : payloadOf(heap, parts, group.bytes);
  const name = payload?.name ?? outer;
  const members = payload === undefined ? group.members : membersOf(heap, group.members, payload.name);
  const { path, share, all } = commonPath(paths, members);
  const looked = all.reduce((count, each) => count + each.count, 0);
  const own = all.reduce((count, each) => count + (isOwnPath(each.path) ? each.count : 0), 0);
  return {
    name,
    count: payload?.count ?? group.members.length,
    bytes: payload?.retainedBytes ?? group.bytes,
    groupBytes: group.bytes,
    path,
    pathShare: share,
    isOwn: isSystem(name) || own >= looked / 2 || isOwnClass(code, name),
    parts,
  };
}

/** A class that the user's code names, and not one of V8, Node or the language. */
function isUsers({ code }: Heap, name: string): boolean {
  return code.classScript(name) !== undefined && !isOwnClass(code, name);
}

function isOwnClass(code: CodePlaces, name: string): boolean {
  const script = code.classScript(name);
  return script !== undefined && isOwnCode(script);
}

function isSystem(name: string): boolean {
  return /^\((system|compiled code|object shape|synthetic|hidden|code)\)$/.test(name);
}

/** Globals of the language and of Node; those of a browser are not known here. */
const OWN_GLOBALS = new Set(Object.getOwnPropertyNames(globalThis));

function isOwnPath({ anchor, through }: Path): boolean {
  if (through !== undefined) return false;
  const [, global] = /^`globalThis\.(.*)`$/s.exec(anchor) ?? [];
  if (global !== undefined) return /^[gs]et /.test(global) || OWN_GLOBALS.has(global);
  const [, script] = /` in (\S.*)$/s.exec(anchor) ?? [];
  if (script !== undefined) return isOwnCode(script);
  return /^(global|Builtins|system \/|the root|the browser's)/.test(anchor);
}

/** The outermost class of the user's own below the group, or literals of theirs, that has most of its bytes. */
function payloadOf(heap: Heap, parts: readonly ClassTotals[], bytes: number): ClassTotals | undefined {
  const heavy = parts.filter(({ retainedBytes }) => retainedBytes >= PAYLOAD * bytes);
  return (
    heavy.find(({ name }) => isUsers(heap, name)) ??
    (parts[0]?.name === "(closure)" || parts[0]?.name === "(scope)"
      ? heavy.find(({ name }) => name.startsWith("{"))
      : undefined)
  );
}

function membersOf({ classes, dominated }: Heap, from: readonly number[], name: string): number[] {
  const index = classes.names.indexOf(name);
  const members: number[] = [];
  const stack = [...from];
  for (let node = stack.pop(); node !== undefined && members.length < 10 * LOOKED_AT; node = stack.pop()) {
    if (classes.of[node] === index) {
      members.push(node);
      continue;
    }
    for (let place = dominated.first[node] as number; place < (dominated.first[node + 1] as number); place++)
      stack.push(dominated.nodes[place] as number);
  }
  return members;
}

/** The way that most of the objects have in common; single objects keep their place and key. */
export function commonPath(
  paths: PathFinder,
  members: readonly number[],
): { path: Path; share: number; all: { path: Path; count: number }[] } {
  const step = Math.max(1, Math.floor(members.length / LOOKED_AT));
  const counts = new Map<string, { path: Path; count: number }>();
  let looked = 0;
  for (let place = 0; place < members.length; place += step) {
    const path = paths.of(members[place] as number, members.length === 1);
    const text = pathText(path);
    const row = counts.get(text);
    if (row === undefined) counts.set(text, { path, count: 1 });
    else row.count++;
    looked++;
  }
  const all = [...counts.values()].sort((a, b) => b.count - a.count);
  const [first = { path: { anchor: "nothing", steps: [] }, count: 0 }] = all;
  return { path: first.path, share: looked === 0 ? 0 : first.count / looked, all };
}

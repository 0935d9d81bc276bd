import { counted, fixed, percent } from "../../base/format.js";
import { BytesperError } from "../../base/errors.js";
import { suggestion } from "../../base/nearest-name.js";
import type { HeapGraph } from "../../measure/snapshot/graph.js";
import type { OpenSnapshot } from "../../measure/snapshot/parse.js";
import type { ClassRow, HolderRow, OneClass, SnapshotAnswer } from "./answer.js";
import type { ClassTotals, Classes } from "./classes.js";
import { classify, totalsOf } from "./classes.js";
import { CodePlaces } from "./code.js";
import type { Earlier } from "./compare.js";
import { earlierOf, findEarlier, growthByClass, isSameProcess, newBytes } from "./compare.js";
import type { Dominated, Dominators } from "./dominators.js";
import { dominatedBy, findDominators, retainedOf } from "./dominators.js";
import { collectNow } from "./collect-now.js";
import { essentialEdges } from "./essential.js";
import type { Heap, Holder } from "./holders.js";
import { commonPath, findHolders, LOOKED_AT } from "./holders.js";
import { shortBytes } from "./short.js";
import { PathFinder, pathText } from "./path.js";
import { openSnapshot } from "./read.js";
import type { TreeNode } from "./tree.js";
import { treeOf } from "./tree.js";
import { wasteOf } from "./waste.js";
import { waysFromRoot } from "./ways.js";

export interface InspectOptions {
  /** Show this class alone. */
  className?: string;
  /** Also make the tree for the page. */
  tree?: boolean;
}

const MOST_HOLDERS = 10;
/** Classes whose holder is looked for; the others are plain rows. */
const CLASSES_WITH_PATH = 12;
/** Below this share, no holder stands out. */
const STANDS_OUT = 0.1;

/** Reads one, two or three snapshots, the oldest first. Throws `BAD_INPUT`. */
export function inspectSnapshots(
  paths: readonly string[],
  options: InspectOptions = {},
): { answer: SnapshotAnswer; tree?: TreeNode } {
  const files: SnapshotAnswer["files"] = [];
  const earlier: Earlier[] = [];
  for (const path of paths.slice(0, -1)) {
    const graph = openSnapshot(path);
    try {
      files.push(fileRow(path, graph));
      earlier.push(earlierOf(graph, classify(graph)));
    } finally {
      graph.close();
    }
  }
  const path = paths.at(-1) ?? "";
  const graph = openSnapshot(path);
  try {
    files.push(fileRow(path, graph));
    return inspect(graph, files, earlier, options);
  } finally {
    graph.close();
  }
}

function fileRow(path: string, graph: HeapGraph): SnapshotAnswer["files"][number] {
  return { path, totalBytes: sum(graph.nodeSelfBytes), objects: graph.meta.nodeCount };
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let place = 0; place < values.length; place++) total += values[place] as number;
  return total;
}

function inspect(
  graph: OpenSnapshot,
  files: SnapshotAnswer["files"],
  earlier: readonly Earlier[],
  { className, tree = false }: InspectOptions,
): { answer: SnapshotAnswer; tree?: TreeNode } {
  const totalBytes = files.at(-1)?.totalBytes ?? 0;
  // Numbers tell objects of several snapshots apart.
  if (earlier.length === 0) graph.drop(["nodeId"]);
  const last = earlier.at(-1);
  // In an order that holds few columns and results at once.
  const waste = wasteOf(graph, totalBytes);
  const code = new CodePlaces(graph);
  const classes = classify(graph);
  const fresh = last === undefined ? undefined : freshOf(graph, classes, earlier, last);
  graph.drop(["nodeSelfBytes"]);
  collectNow();
  const ways = waysFromRoot(graph);
  const { dominated, retained, dominators } = dominance(graph, totalBytes, earlier.length > 0);
  collectNow();
  const paths = new PathFinder(graph, classes, ways, code);
  const heap: Heap = { graph, classes, dominated, weights: retained, code, paths };
  const holders = findHolders(heap, totalBytes, MOST_HOLDERS);
  const totals = totalsOf(graph, classes, dominated, retained);
  const answer: SnapshotAnswer = {
    verdict: "",
    files,
    classes: classRows(heap, totals, holders),
    ...waste,
    holders: holders.map((holder) => holderRow(holder, totalBytes)),
    doubts: [],
  };
  answer.verdict = verdictOf(answer.holders, totalBytes);
  if (fresh !== undefined && dominators !== undefined) addGrowth(answer, heap, dominators, fresh);
  if (className !== undefined) {
    answer.oneClass = oneClassOf(heap, totals, className);
    answer.verdict = classVerdict(answer.oneClass, totalBytes);
  }
  return { answer, ...(tree ? { tree: treeOf(heap, totalBytes) } : {}) };
}

/** Not needed while dominators are looked for. Those of nodes are read from the file again after it. */
const NOT_FOR_DOMINATORS = ["nodeType", "nodeName", "edgeType", "edgeName"] as const;

/** What each node dominates. The columns of nodes and edges are dropped; those of nodes are read again. */
function dominance(
  graph: OpenSnapshot,
  totalBytes: number,
  keep: boolean,
): { dominated: Dominated; retained: Uint32Array | Float64Array; dominators?: Dominators } {
  const edges = essentialEdges(graph);
  graph.drop(NOT_FOR_DOMINATORS);
  collectNow();
  const dominators = findDominators(graph, edges, () => {
    graph.drop(["firstEdge", "edgeTo"]);
    collectNow();
  });
  collectNow();
  graph.recall(["nodeType", "nodeName", "nodeSelfBytes", "firstEdge"]);
  const dominated = dominatedBy(dominators);
  const retained = retainedOf(dominators, graph.nodeSelfBytes, totalBytes);
  return { dominated, retained, ...(keep ? { dominators } : {}) };
}

/** The classes of the holders first, then those that retain most. */
function classRows(heap: Heap, totals: readonly ClassTotals[], holders: readonly Holder[]): ClassRow[] {
  const named = holders.filter(({ isOwn }) => !isOwn).map(({ name }) => name);
  const rank = (name: string): number => (named.includes(name) ? named.indexOf(name) : named.length);
  const rows = totals
    .filter(({ name }) => name !== "(synthetic)")
    .sort((a, b) => rank(a.name) - rank(b.name) || b.retainedBytes - a.retainedBytes);
  const pathOf = new Map(holders.map(({ name, path }) => [name, pathText(path)] as const).reverse());
  const wanted = rows.slice(0, CLASSES_WITH_PATH).filter(({ name }) => !pathOf.has(name));
  // A class may have millions of objects, and the path of few of them is looked at.
  const steps = new Map(wanted.map(({ name, count }) => [name, Math.max(1, Math.floor(count / LOOKED_AT))]));
  const members = membersOf(heap, steps);
  for (const [name, nodes] of members) pathOf.set(name, pathText(commonPath(heap.paths, nodes).path));
  return rows.map((row) => {
    const path = pathOf.get(row.name);
    return { ...row, ...(path === undefined ? {} : { path }) };
  });
}

/** Of each class by name, one object in so many. */
function membersOf({ graph, classes }: Heap, steps: ReadonlyMap<string, number>): Map<string, number[]> {
  const stepOf = classes.names.map((name) => steps.get(name) ?? 0);
  const members = new Map<string, number[]>([...steps.keys()].map((name) => [name, []]));
  const seen = new Uint32Array(stepOf.length);
  for (let node = 0; node < graph.meta.nodeCount; node++) {
    const index = classes.of[node] as number;
    const step = stepOf[index] as number;
    if (step === 0) continue;
    if ((seen[index] as number) % step === 0) members.get(classes.names[index] ?? "")?.push(node);
    seen[index] = (seen[index] as number) + 1;
  }
  return members;
}

function holderRow(holder: Holder, totalBytes: number): HolderRow {
  const { name, count, bytes, groupBytes, path, pathShare, isOwn, parts } = holder;
  return {
    name,
    count,
    bytes,
    groupBytes,
    share: totalBytes === 0 ? 0 : bytes / totalBytes,
    path: pathText(path),
    ...(path.through === undefined ? {} : { through: path.through }),
    pathShare,
    own: isOwn,
    parts: parts
      .filter((part) => part.retainedBytes >= 0.05 * bytes && part.name !== name)
      .slice(0, 5)
      .map((part) => ({ name: part.name, count: part.count, bytes: part.retainedBytes })),
  };
}

function verdictOf(holders: readonly HolderRow[], totalBytes: number): string {
  const top = holders.find(({ own }) => !own);
  const total = shortBytes(totalBytes);
  if (top === undefined)
    return `Nothing stands out in ${total}: what is here belongs to V8, to Node or the browser, and to the loaded code.`;
  const what = `\`${top.name}\` holds ${percent(top.share, 0)} (${shortBytes(top.bytes)} of ${total}${around(top)})`;
  if (top.share < STANDS_OUT) return `Nothing stands out: ${what} at most, ${kept(top)}.`;
  return `${what}: ${counted(top.count, "object")}, ${kept(top)}.`;
}

/** The functions, scopes and lists that live only for the objects. */
function around({ bytes, groupBytes }: HolderRow): string {
  return groupBytes > 1.01 * bytes ? `; ${shortBytes(groupBytes)} with what is around` : "";
}

function kept({ path, pathShare, through }: HolderRow): string {
  const by = through === undefined || path.includes(through) ? path : `${path}, through ${through}`;
  if (pathShare >= 0.95) return `kept by ${by}`;
  if (pathShare < 0.1) return `kept in many places, such as ${by}`;
  return `${percent(pathShare, 0)} of them kept by ${by}`;
}

/** What the last snapshot has and the earlier ones lack. */
interface Fresh {
  /** Bytes of each node that are new; absent where the files are not of one process. */
  bytes?: Float64Array;
  byClass: { name: string; count: number; bytes: number }[];
  /** Whether a middle snapshot had them too. */
  stays: boolean;
}

/** Reads the columns of the edges, and so comes before they are dropped. */
function freshOf(graph: HeapGraph, classes: Classes, earlier: readonly Earlier[], last: Earlier): Fresh {
  const first = earlier[0] as Earlier;
  const stays = earlier.length === 2;
  if (!earlier.every((before) => isSameProcess(graph, classes, before)))
    return { byClass: growthByClass(graph, classes, last), stays };
  const bytes = newBytes(graph, first);
  if (stays) {
    const second = earlier[1] as Earlier;
    for (let node = 0; node < bytes.length; node++)
      if (bytes[node] !== 0 && findEarlier(second, graph.nodeId[node] as number) === -1) bytes[node] = 0;
  }
  return { bytes, byClass: stays ? newByClass(classes, bytes) : growthByClass(graph, classes, first), stays };
}

function addGrowth(
  answer: SnapshotAnswer,
  heap: Heap,
  dominators: Dominators,
  { bytes, byClass, stays }: Fresh,
): void {
  if (bytes === undefined) {
    answer.doubts.push({
      name: "other-process",
      message:
        "the numbers of the objects do not match, so the files are of different processes or far apart; only the classes can be compared",
    });
    answer.growth = byClass;
    answer.verdict = `The files are not of one process. ${answer.verdict}`;
    return;
  }
  const total = sum(bytes);
  const weights = retainedOf(dominators, bytes, total);
  const holders = findHolders({ ...heap, weights }, total, MOST_HOLDERS);
  answer.growthHolders = holders.map((holder) => holderRow(holder, total));
  const pathOf = new Map(holders.map(({ name, path }) => [name, pathText(path)] as const).reverse());
  const named = holders.filter(({ isOwn }) => !isOwn).map(({ name }) => name);
  const rank = (name: string): number => (named.includes(name) ? named.indexOf(name) : named.length);
  answer.growth = byClass
    .map((row) => ({ ...row, ...(pathOf.has(row.name) ? { path: pathOf.get(row.name) as string } : {}) }))
    .sort((a, b) => rank(a.name) - rank(b.name) || b.bytes - a.bytes);
  answer.verdict = growthVerdict(answer, total, stays);
}

function newByClass(classes: Classes, bytes: Float64Array): { name: string; count: number; bytes: number }[] {
  const rows = new Map<string, { name: string; count: number; bytes: number }>();
  for (let node = 0; node < bytes.length; node++) {
    const own = bytes[node] as number;
    if (own === 0) continue;
    const name = classes.names[classes.of[node] as number] ?? "";
    const row = rows.get(name) ?? { name, count: 0, bytes: 0 };
    row.count++;
    row.bytes += own;
    rows.set(name, row);
  }
  return [...rows.values()].sort((a, b) => b.bytes - a.bytes);
}

function growthVerdict(
  { files, growthHolders = [] }: SnapshotAnswer,
  newTotal: number,
  stays: boolean,
): string {
  const change = (files.at(-1)?.totalBytes ?? 0) - (files[0]?.totalBytes ?? 0);
  const began = stays
    ? `${shortBytes(newTotal)} were made between the first two snapshots and still live in the third`
    : `The heap ${change >= 0 ? "grew" : "shrank"} by ${shortBytes(Math.abs(change))}`;
  const top = growthHolders.find(({ own }) => !own);
  if (top === undefined) return `${began}; no code of the user's holds what is new.`;
  const what = top.count === 1 ? `one \`${top.name}\`` : `${fixed(top.count, 0)} \`${top.name}\``;
  return `${began}: ${what} ${top.count === 1 ? "holds" : "hold"} ${shortBytes(top.bytes)} of what is new, ${kept(top)}.`;
}

function oneClassOf(heap: Heap, totals: readonly ClassTotals[], wanted: string): OneClass {
  const row = totals.find(({ name }) => name === wanted);
  if (row === undefined) {
    const names = totals.map(({ name }) => name);
    throw new BytesperError(
      "BAD_INPUT",
      `The snapshot has no object of class "${wanted}"${suggestion(wanted, names)}; without --class, all are listed.`,
    );
  }
  const nodes = membersOf(heap, new Map([[wanted, 1]])).get(wanted) ?? [];
  const sizes = nodes.map((node) => heap.weights[node] as number).sort((a, b) => a - b);
  const at = (share: number): number =>
    sizes[Math.min(sizes.length - 1, Math.floor(share * sizes.length))] ?? 0;
  const { all } = commonPath(heap.paths, nodes);
  const looked = all.reduce((count, each) => count + each.count, 0);
  return {
    name: wanted,
    count: row.count,
    shallowBytes: row.shallowBytes,
    retainedBytes: row.retainedBytes,
    sizes: { least: sizes[0] ?? 0, median: at(0.5), p95: at(0.95), largest: sizes.at(-1) ?? 0 },
    histogram: histogramOf(sizes),
    heldBy: all
      .slice(0, 8)
      .map(({ path, count }) => ({ path: pathText(path), count, share: count / looked })),
  };
}

/** Counts by powers of two. */
function histogramOf(sizes: readonly number[]): OneClass["histogram"] {
  const counts = new Map<number, number>();
  for (const size of sizes) {
    const from = size === 0 ? 0 : 2 ** Math.floor(Math.log2(size));
    counts.set(from, (counts.get(from) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([from, count]) => ({ fromBytes: from, belowBytes: from === 0 ? 1 : 2 * from, count }));
}

function classVerdict({ name, count, retainedBytes, sizes, heldBy }: OneClass, totalBytes: number): string {
  const [most] = heldBy;
  const by =
    most === undefined ? "" : ` ${percent(most.share, 0)} of the looked-at ones are kept by ${most.path}.`;
  return `${counted(count, `\`${name}\` object`)} ${count === 1 ? "retains" : "retain"} ${shortBytes(retainedBytes)}, ${percent(totalBytes === 0 ? 0 : retainedBytes / totalBytes, 1)} of the heap; the median is ${shortBytes(sizes.median)} each.${by}`;
}

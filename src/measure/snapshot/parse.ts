import type { HeapGraph, SnapshotMeta, SnapshotStrings } from "./graph.js";
import { metaOf } from "./graph.js";
import { JsonScanner } from "./scanner.js";

/** A snapshot whose file stays open, because its strings are read later. */
export interface OpenSnapshot extends HeapGraph {
  close: () => void;
}

/**
 * Streams a `.heapsnapshot` file into columns: about 30 bytes of memory per node and 9 per edge, however long
 * its strings are. Throws `BAD_SNAPSHOT` with the offset of the first wrong byte.
 */
export function parseSnapshotFile(
  path: string,
  { bufferBytes, lines = false }: { bufferBytes?: number | undefined; lines?: boolean } = {},
): OpenSnapshot {
  const scanner = new JsonScanner(path, bufferBytes);
  try {
    return {
      ...readGraph(scanner, lines),
      close: () => {
        scanner.close();
      },
    };
  } catch (error) {
    scanner.close();
    throw error;
  }
}

function readGraph(scanner: JsonScanner, withLines: boolean): HeapGraph {
  let meta: SnapshotMeta | undefined;
  let nodes: ReturnType<typeof readNodes> | undefined;
  let edges: ReturnType<typeof readEdges> | undefined;
  let strings: SnapshotStrings | undefined;
  let lines: ReadonlyMap<number, number> | undefined;
  scanner.take("{");
  do {
    const key = scanner.string();
    scanner.take(":");
    if (key === "snapshot") meta = metaOf({ snapshot: scanner.value() }, scanner.path);
    else if (key === "nodes" && meta !== undefined) nodes = readNodes(scanner, meta);
    else if (key === "edges" && meta !== undefined) edges = readEdges(scanner, meta);
    else if (key === "strings") strings = readStrings(scanner);
    else if (key === "locations" && withLines && meta !== undefined)
      lines = readLines(scanner, meta, nodes?.nodeType);
    else scanner.skipValue();
  } while (scanner.tryTake(","));
  scanner.take("}");
  if (meta === undefined || nodes === undefined || edges === undefined || strings === undefined) {
    return scanner.fail('"snapshot", "nodes", "edges" and "strings"');
  }
  if (meta.nodeCount === 0) return scanner.fail("at least one node");
  if (nodes.firstEdge.at(-1) !== meta.edgeCount) return scanner.fail(`nodes with ${meta.edgeCount} edges`);
  if (nodes.nodeName.some((name) => name >= strings.count)) return scanner.fail("names of nodes that exist");
  return { meta, ...nodes, ...edges, strings, ...(lines === undefined ? {} : { lines }) };
}

/** The line of each function, counted from 1. Other objects have the place of their constructor. */
function readLines(
  scanner: JsonScanner,
  { locationFields, nodeFields, nodeTypes }: SnapshotMeta,
  nodeType: Uint8Array = new Uint8Array(0),
): Map<number, number> {
  const lines = new Map<number, number>();
  const width = locationFields.length;
  const closure = nodeTypes.indexOf("closure");
  const [object, line] = ["object_index", "line"].map((field) => locationFields.indexOf(field));
  let node = 0;
  scanner.integers((value, index) => {
    const field = width === 0 ? -1 : index % width;
    if (field === object) node = value / nodeFields.length;
    else if (field === line && nodeType[node] === closure) lines.set(node, value + 1);
  });
  return lines;
}

/** Of the values of `detachedness`: 0 is unknown, 1 attached. */
const DETACHED = 2;

function readNodes(
  scanner: JsonScanner,
  { nodeFields, nodeCount }: SnapshotMeta,
): Pick<HeapGraph, "nodeType" | "nodeName" | "nodeId" | "nodeSelfBytes" | "firstEdge" | "nodeDetached"> {
  const nodeType = new Uint8Array(nodeCount);
  const nodeName = new Uint32Array(nodeCount);
  const nodeId = new Uint32Array(nodeCount);
  let nodeSelfBytes: Uint32Array | Float64Array = new Uint32Array(nodeCount);
  const firstEdge = new Uint32Array(nodeCount + 1);
  const width = nodeFields.length;
  const [type, name, id, self, count, detached] = [
    "type",
    "name",
    "id",
    "self_size",
    "edge_count",
    "detachedness",
  ].map((field) => nodeFields.indexOf(field));
  let nodeDetached: Uint8Array | undefined;
  let field = 0;
  let node = 0;
  const values = scanner.integers((value) => {
    if (value < 0) scanner.fail("a number from 0");
    if (field === type) nodeType[node] = value;
    else if (field === name) nodeName[node] = value;
    else if (field === id) nodeId[node] = value;
    else if (field === self) {
      // Only a buffer of 4 GiB or more needs wider numbers.
      if (value > 0xffffffff) nodeSelfBytes = Float64Array.from(nodeSelfBytes);
      nodeSelfBytes[node] = value;
    } else if (field === count) firstEdge[node + 1] = (firstEdge[node] as number) + value;
    else if (field === detached && value === DETACHED) {
      nodeDetached ??= new Uint8Array(nodeCount);
      nodeDetached[node] = 1;
    }
    if (++field === width) {
      field = 0;
      node++;
    }
  });
  if (values !== nodeCount * width) scanner.fail(`${nodeCount} nodes`);
  return {
    nodeType,
    nodeName,
    nodeId,
    nodeSelfBytes,
    firstEdge,
    ...(nodeDetached === undefined ? {} : { nodeDetached }),
  };
}

function readEdges(
  scanner: JsonScanner,
  { edgeFields, edgeCount, nodeFields, nodeCount }: SnapshotMeta,
): Pick<HeapGraph, "edgeType" | "edgeName" | "edgeTo"> {
  const edgeType = new Uint8Array(edgeCount);
  const edgeName = new Uint32Array(edgeCount);
  const edgeTo = new Uint32Array(edgeCount);
  const width = edgeFields.length;
  const nodeWidth = nodeFields.length;
  const [type, name, to] = ["type", "name_or_index", "to_node"].map((field) => edgeFields.indexOf(field));
  let field = 0;
  let edge = 0;
  const values = scanner.integers((value) => {
    if (field === type) edgeType[edge] = value;
    else if (field === name) edgeName[edge] = value;
    else if (field === to) {
      // An edge names its target by the index of the target's first field.
      const target = value / nodeWidth;
      if (!(target >= 0 && target < nodeCount)) scanner.fail("an edge to a node that exists");
      edgeTo[edge] = target;
    }
    if (++field === width) {
      field = 0;
      edge++;
    }
  });
  if (values !== edgeCount * width) scanner.fail(`${edgeCount} edges`);
  return { edgeType, edgeName, edgeTo };
}

/**
 * V8 names the edges of a WeakMap entry after the parts of the entry. The table is the node that owns the
 * entry.
 */
const EPHEMERON = /^\d+ \/ part of key .* -> value .* pair in WeakMap \(table @(\d+)\)$/s;
const SHORTEST_EPHEMERON_NAME = 60;

function readStrings(scanner: JsonScanner): SnapshotStrings {
  let starts = new Float64Array(1 << 16);
  let count = 0;
  const ephemeronTables = new Map<number, number>();
  scanner.take("[");
  if (!scanner.tryTake("]")) {
    do {
      if (count === starts.length) {
        const longer = new Float64Array(starts.length * 2);
        longer.set(starts);
        starts = longer;
      }
      const { start, end, firstByte } = scanner.stringSpan();
      starts[count] = start;
      // The name of an ephemeron edge begins with the index of the entry in its table.
      if (firstByte >= 0x30 && firstByte <= 0x39 && end - start >= SHORTEST_EPHEMERON_NAME) {
        const table = EPHEMERON.exec(JSON.parse(scanner.text(start, end)) as string)?.[1];
        if (table !== undefined) ephemeronTables.set(count, Number(table));
      }
      count++;
    } while (scanner.tryTake(","));
    scanner.take("]");
  }
  const endOfStrings = scanner.offset;
  const cache = new Map<number, string>();
  const at = (index: number): string => {
    const known = cache.get(index);
    if (known !== undefined) return known;
    if (index >= count) return "";
    const start = starts[index] as number;
    const next = index + 1 < count ? (starts[index + 1] as number) : endOfStrings;
    const text = scanner.text(start, next);
    const decoded = JSON.parse(text.slice(0, text.lastIndexOf('"') + 1)) as string;
    cache.set(index, decoded);
    return decoded;
  };
  return { count, at, ephemeronTables };
}

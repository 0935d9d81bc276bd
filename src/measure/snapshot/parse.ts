import type { HeapGraph, SnapshotMeta, SnapshotStrings } from "./graph.js";
import { metaOf } from "./graph.js";
import type { Edge } from "./edge-pages.js";
import { EdgePages, PAGE_EDGES } from "./edge-pages.js";
import { JsonScanner } from "./scanner.js";

const NODE_COLUMNS = ["nodeType", "nodeName", "nodeId", "nodeSelfBytes", "firstEdge"] as const;

type NodeColumn = (typeof NODE_COLUMNS)[number];

export type Column = NodeColumn | "edgeType" | "edgeName" | "edgeTo";

/** A snapshot whose file stays open, because its strings are read later. */
export interface OpenSnapshot extends HeapGraph {
  /** Lets go of columns, which are empty then. */
  drop: (columns: readonly Column[]) => void;
  /** Reads columns of nodes that were dropped from the file again. */
  recall: (columns: readonly NodeColumn[]) => void;
  /** One edge, also where the columns of the edges were dropped. */
  edge: (index: number) => Edge;
  close: () => void;
}

/**
 * Streams a `.heapsnapshot` file into columns: 17 bytes of memory per node and 9 per edge, however long its strings
 * are. Throws `BAD_SNAPSHOT` with the offset of the first wrong byte.
 */
export function parseSnapshotFile(
  path: string,
  { bufferBytes, lines = false }: { bufferBytes?: number | undefined; lines?: boolean } = {},
): OpenSnapshot {
  const scanner = new JsonScanner(path, bufferBytes);
  try {
    return readGraph(scanner, lines);
  } catch (error) {
    scanner.close();
    throw error;
  }
}

function readGraph(scanner: JsonScanner, withLines: boolean): OpenSnapshot {
  let meta: SnapshotMeta | undefined;
  let nodes: ReturnType<typeof readNodes> | undefined;
  let edges: ReturnType<typeof readEdges> | undefined;
  let strings: ReturnType<typeof readStrings> | undefined;
  let nodesAt = 0;
  let lines: ReadonlyMap<number, number> | undefined;
  scanner.take("{");
  do {
    const key = scanner.string();
    scanner.take(":");
    if (key === "snapshot") meta = metaOf({ snapshot: scanner.value() }, scanner.path);
    else if (key === "nodes" && meta !== undefined) {
      nodesAt = scanner.offset;
      nodes = readNodes(scanner, meta);
    } else if (key === "edges" && meta !== undefined) edges = readEdges(scanner, meta);
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
  const { count, at, ephemeronTables } = strings;
  if (nodes.nodeName.some((name) => name >= count)) return scanner.fail("names of nodes that exist");
  const known = meta;
  const { starts, ...edgeColumns } = edges;
  const pages = new EdgePages(scanner, meta, starts);
  const graph: OpenSnapshot = {
    meta,
    ...nodes,
    ...edgeColumns,
    strings: { count, at },
    ...(lines === undefined ? {} : { lines }),
    drop: (columns) => {
      // A view of no places has the type of the column and keeps no buffer of it.
      for (const column of columns) Object.assign(graph, { [column]: graph[column].slice(0, 0) });
    },
    recall: (columns) => {
      scanner.seek(nodesAt);
      const read = readNodes(scanner, known, new Set(columns));
      for (const column of columns) Object.assign(graph, { [column]: read[column] });
    },
    edge: (index) => {
      const { edgeType, edgeName, edgeTo } = graph;
      if (edgeTo.length === 0 || edgeName.length === 0 || edgeType.length === 0) return pages.edge(index);
      return {
        type: edgeType[index] as number,
        name: edgeName[index] as number,
        to: edgeTo[index] as number,
      };
    },
    close: () => {
      scanner.close();
    },
  };
  markEphemerons(graph, ephemeronTables);
  return graph;
}

/** Makes the edges from the table of a WeakMap to its values weak. */
function markEphemerons(
  { meta, nodeId, firstEdge, edgeType, edgeName }: HeapGraph,
  tables: ReadonlyMap<number, number>,
): void {
  if (tables.size === 0) return;
  const weak = meta.edgeTypes.indexOf("weak");
  const internal = meta.edgeTypes.indexOf("internal");
  for (let node = 0; node < nodeId.length; node++) {
    const end = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < end; edge++) {
      if (edgeType[edge] === internal && tables.get(edgeName[edge] as number) === nodeId[node])
        edgeType[edge] = weak;
    }
  }
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
  wanted: ReadonlySet<NodeColumn> = new Set(NODE_COLUMNS),
): Pick<HeapGraph, "nodeType" | "nodeName" | "nodeId" | "nodeSelfBytes" | "firstEdge" | "nodeDetached"> {
  const lengthOf = (column: NodeColumn): number => (wanted.has(column) ? nodeCount : 0);
  const nodeType = new Uint8Array(lengthOf("nodeType"));
  const nodeName = new Uint32Array(lengthOf("nodeName"));
  const nodeId = new Uint32Array(lengthOf("nodeId"));
  let nodeSelfBytes: Uint32Array | Float64Array = new Uint32Array(lengthOf("nodeSelfBytes"));
  const firstEdge = new Uint32Array(lengthOf("firstEdge") + 1);
  const width = nodeFields.length;
  const placeOf = (field: string, column: NodeColumn): number =>
    wanted.has(column) ? nodeFields.indexOf(field) : -1;
  const type = placeOf("type", "nodeType");
  const name = placeOf("name", "nodeName");
  const id = placeOf("id", "nodeId");
  const self = placeOf("self_size", "nodeSelfBytes");
  const count = placeOf("edge_count", "firstEdge");
  const detached = nodeFields.indexOf("detachedness");
  let nodeDetached: Uint8Array | undefined;
  let node = 0;
  const values = scanner.batches(width, (batch, filled) => {
    for (let first = 0; first + width <= filled; first += width, node++) {
      if (type !== -1) nodeType[node] = batch[first + type] as number;
      if (name !== -1) nodeName[node] = batch[first + name] as number;
      if (id !== -1) nodeId[node] = batch[first + id] as number;
      if (self !== -1) {
        const bytes = batch[first + self] as number;
        // Only a buffer of 4 GiB or more needs wider numbers.
        if (bytes > 0xffffffff && nodeSelfBytes instanceof Uint32Array)
          nodeSelfBytes = Float64Array.from(nodeSelfBytes);
        nodeSelfBytes[node] = bytes;
      }
      if (count !== -1) firstEdge[node + 1] = (firstEdge[node] as number) + (batch[first + count] as number);
      if (detached !== -1 && batch[first + detached] === DETACHED) {
        nodeDetached ??= new Uint8Array(nodeCount);
        nodeDetached[node] = 1;
      }
    }
    for (let place = 0; place < filled; place++)
      if ((batch[place] as number) < 0) scanner.fail("a number from 0");
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
): Pick<HeapGraph, "edgeType" | "edgeName" | "edgeTo"> & { starts: Float64Array } {
  const edgeType = new Uint8Array(edgeCount);
  const edgeName = new Uint32Array(edgeCount);
  const edgeTo = new Uint32Array(edgeCount);
  // Where pages of edges begin, for single ones that are read later.
  const starts = new Float64Array(Math.ceil(edgeCount / PAGE_EDGES) + 1);
  starts[0] = scanner.offset;
  const width = edgeFields.length;
  const nodeWidth = nodeFields.length;
  const [type, name, to] = ["type", "name_or_index", "to_node"].map((field) => edgeFields.indexOf(field)) as [
    number,
    number,
    number,
  ];
  let edge = 0;
  const values = scanner.batches(width, (batch, filled, offset) => {
    for (let first = 0; first + width <= filled; first += width, edge++) {
      edgeType[edge] = batch[first + type] as number;
      edgeName[edge] = batch[first + name] as number;
      // An edge names its target by the index of the target's first field.
      const target = (batch[first + to] as number) / nodeWidth;
      if (!(target >= 0 && target < nodeCount)) scanner.fail("an edge to a node that exists");
      edgeTo[edge] = target;
    }
    if (edge % PAGE_EDGES === 0) starts[edge / PAGE_EDGES] = offset;
  });
  if (values !== edgeCount * width) scanner.fail(`${edgeCount} edges`);
  starts[starts.length - 1] = scanner.offset;
  return { edgeType, edgeName, edgeTo, starts };
}

/**
 * V8 names the edges of a WeakMap entry after the parts of the entry. The table is the node that owns the
 * entry.
 */
const EPHEMERON = /^\d+ \/ part of key .* -> value .* pair in WeakMap \(table @(\d+)\)$/s;
const SHORTEST_EPHEMERON_NAME = 60;
const STRING_PAGE = 2 ** 15;
const MOST_KNOWN_STRINGS = 10_000;

/** Also answers, for each string that names an entry of a WeakMap, the id of the table node that holds this entry. */
function readStrings(scanner: JsonScanner): SnapshotStrings & { ephemeronTables: Map<number, number> } {
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
  starts = starts.slice(0, count);
  const cache = new Map<number, string>();
  let page = Buffer.alloc(0);
  let pageAt = 0;
  const at = (index: number): string => {
    const known = cache.get(index);
    if (known !== undefined) return known;
    if (index >= count) return "";
    const start = starts[index] as number;
    const next = index + 1 < count ? (starts[index + 1] as number) : endOfStrings;
    // Strings that are asked for one after the other often stand so in the file.
    if (start < pageAt || next > pageAt + page.length)
      page = scanner.bytes((pageAt = start), Math.max(next, Math.min(start + STRING_PAGE, endOfStrings)));
    const text = page.toString("utf8", start - pageAt, next - pageAt);
    const decoded = JSON.parse(text.slice(0, text.lastIndexOf('"') + 1)) as string;
    if (cache.size >= MOST_KNOWN_STRINGS) cache.clear();
    cache.set(index, decoded);
    return decoded;
  };
  return { count, at, ephemeronTables };
}

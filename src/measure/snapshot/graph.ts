import { BytesperError } from "../../base/errors.js";

/** Layout of a snapshot as its own `snapshot.meta` describes it; V8 versions differ in fields and their order. */
export interface SnapshotMeta {
  nodeFields: string[];
  nodeTypes: string[];
  edgeFields: string[];
  edgeTypes: string[];
  nodeCount: number;
  edgeCount: number;
  /** Empty where the file has no locations. */
  locationFields: string[];
}

/**
 * The object graph in columns. Nodes and edges are numbered from 0; the edges of a node follow one another.
 */
export interface HeapGraph {
  meta: SnapshotMeta;
  nodeType: Uint8Array;
  /** Index into the strings. */
  nodeName: Uint32Array;
  nodeId: Uint32Array;
  nodeSelfBytes: Uint32Array | Float64Array;
  /** Index of the first edge of each node, with one more entry that ends the last node. */
  firstEdge: Uint32Array;
  /**
   * The edge from the table of a WeakMap to a value counts as weak: the key keeps the value alive, and the table does
   * not.
   */
  edgeType: Uint8Array;
  /** Index into the strings, or index of an element; the type of the edge decides which. */
  edgeName: Uint32Array;
  edgeTo: Uint32Array;
  strings: SnapshotStrings;
  /** 1 for a node that the page has detached, such as an element that left its document; absent if none is. */
  nodeDetached?: Uint8Array;
  /** Where functions stand in their scripts; absent if they were not asked for. */
  lines?: ReadonlyMap<number, number>;
}

/** Reads a string of the snapshot only when somebody asks for it: most are never needed. */
export interface SnapshotStrings {
  count: number;
  at: (index: number) => string;
}

interface RawMeta {
  snapshot?: {
    meta?: {
      node_fields?: string[];
      node_types?: (string | string[])[];
      edge_fields?: string[];
      edge_types?: (string | string[])[];
      location_fields?: string[];
    };
    node_count?: number;
    edge_count?: number;
  };
}

const NODE_FIELDS = ["type", "name", "id", "self_size", "edge_count"];
const EDGE_FIELDS = ["type", "name_or_index", "to_node"];

export function metaOf(header: unknown, path: string): SnapshotMeta {
  const { meta, node_count: nodeCount, edge_count: edgeCount } = (header as RawMeta).snapshot ?? {};
  // The list of types stands at the index of the field "type"; the other entries are plain names.
  const nodeTypes = meta?.node_types?.find((types) => Array.isArray(types));
  const edgeTypes = meta?.edge_types?.find((types) => Array.isArray(types));
  if (
    meta?.node_fields === undefined ||
    meta.edge_fields === undefined ||
    nodeTypes === undefined ||
    edgeTypes === undefined ||
    nodeCount === undefined ||
    edgeCount === undefined ||
    !NODE_FIELDS.every((field) => meta.node_fields?.includes(field)) ||
    !EDGE_FIELDS.every((field) => meta.edge_fields?.includes(field))
  ) {
    throw new BytesperError(
      "BAD_SNAPSHOT",
      `${path} is not a V8 heap snapshot: its header lacks the layout of nodes and edges.`,
    );
  }
  if (Math.max(nodeCount, edgeCount) > 2 ** 32 - 2) {
    throw new BytesperError(
      "BAD_SNAPSHOT",
      `${path} has more than 2^32 nodes or edges; take the snapshot of a smaller population.`,
    );
  }
  return {
    nodeFields: meta.node_fields,
    edgeFields: meta.edge_fields,
    nodeTypes,
    edgeTypes,
    nodeCount,
    edgeCount,
    locationFields: meta.location_fields ?? [],
  };
}

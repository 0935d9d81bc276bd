import { absent } from "../../system/probe/reading.js";
import type { HeapGraph } from "./graph.js";
import type { SetRetained } from "./retained.js";
import type { Kind, SnapshotSummary } from "./summary.js";

/** Bytes of a tagged word, and of the header of an array store (map and length). */
interface Words {
  word: number;
  header: number;
}

const UNCOMPRESSED: Words = { word: 8, header: 16 };

/** Splits the retained nodes by class and by V8 kind, and tells how much of them is waste. */
export function breakDown(graph: HeapGraph, set: SetRetained, words: Words = UNCOMPRESSED): SnapshotSummary {
  const roles = findRoles(graph, set.retained, words);
  const classes = new Tally<string>();
  const kinds = new Tally<Kind>();
  for (let node = 0; node < set.retained.length; node++) {
    if (set.retained[node] === 0) continue;
    const bytes = graph.nodeSelfBytes[node] as number;
    classes.add(className(graph, node, roles), bytes);
    const slack = roles.slack.get(node) ?? 0;
    kinds.add(kindOf(graph, node, roles), bytes - slack);
    if (slack > 0) kinds.add("array slack", slack);
  }
  return {
    bytes: set.bytes,
    instanceNodes: set.instanceNodes,
    duplicates: set.duplicates,
    classes: classes.rows().map(([type, { bytes, count }]) => ({ type, bytes, count })),
    kinds: kinds.rows().map(([kind, { bytes, count }]) => ({ kind, bytes, count })),
    waste: wasteOf(graph, set.retained, roles),
  };
}

class Tally<K> {
  readonly #rows = new Map<K, { bytes: number; count: number }>();

  add(key: K, bytes: number): void {
    const row = this.#rows.get(key);
    if (row === undefined) this.#rows.set(key, { bytes, count: 1 });
    else {
      row.bytes += bytes;
      row.count++;
    }
  }

  rows(): [K, { bytes: number; count: number }][] {
    return [...this.#rows].sort(([, a], [, b]) => b.bytes - a.bytes);
  }
}

/** The part that a node plays for its owner; the node's own record does not say it. */
interface Roles {
  elements: Set<number>;
  properties: Set<number>;
  tables: Set<number>;
  /** Unused capacity of a store of elements, bytes. */
  slack: Map<number, number>;
  /** Number of arrays whose elements leave no edges (arrays of numbers); their slack is unknown. */
  unknownSlack: number;
  /** Parent strings that only sliced strings refer to. */
  sliceParents: Set<number>;
  /** Hash tables of properties, each with the class of the object that it belongs to. */
  dictionaries: Map<number, string>;
  /** Bytes of these hash tables beyond a word for each property. */
  dictionaryWaste: number;
}

function findRoles(graph: HeapGraph, retained: Uint8Array, words: Words): Roles {
  const { meta, firstEdge, edgeType, edgeName, edgeTo, nodeType, nodeName, nodeSelfBytes, strings } = graph;
  const internal = meta.edgeTypes.indexOf("internal");
  const element = meta.edgeTypes.indexOf("element");
  const weak = meta.edgeTypes.indexOf("weak");
  const sliced = meta.nodeTypes.indexOf("sliced string");
  const roles: Roles = {
    elements: new Set(),
    properties: new Set(),
    tables: new Set(),
    slack: new Map(),
    unknownSlack: 0,
    sliceParents: new Set(),
    dictionaries: new Map(),
    dictionaryWaste: 0,
  };
  const keptOtherwise = new Set<number>();
  for (let node = 0; node < retained.length; node++) {
    if (retained[node] === 0) continue;
    let store = -1;
    let used = 0;
    const end = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < end; edge++) {
      const to = edgeTo[edge] as number;
      const type = edgeType[edge];
      if (type === element) used++;
      else if (type === internal) {
        const name = strings.at(edgeName[edge] as number);
        if (name === "elements") {
          roles.elements.add(to);
          store = to;
        } else if (name === "properties") {
          roles.properties.add(to);
          if (holdsKeys(graph, node, to)) {
            roles.dictionaries.set(to, nodeNameOf(graph, node) || "(object)");
            const valuesBytes = propertiesOf(graph, node) * words.word;
            if (retained[to] === 1)
              roles.dictionaryWaste += Math.max(
                0,
                (nodeSelfBytes[to] as number) - words.header - valuesBytes,
              );
          }
        } else if (name === "table") roles.tables.add(to);
        if (name === "parent" && nodeType[node] === sliced) {
          roles.sliceParents.add(to);
          continue;
        }
      }
      if (type !== weak) keptOtherwise.add(to);
    }
    const isArray = strings.at(nodeName[node] as number) === "Array";
    if (store === -1 || !isArray || retained[store] === 0) continue;
    const capacity = Math.floor(((nodeSelfBytes[store] as number) - words.header) / words.word);
    if (capacity <= 0) continue;
    if (used === 0) roles.unknownSlack++;
    else roles.slack.set(store, Math.max(0, capacity - used) * words.word);
  }
  for (const parent of roles.sliceParents) {
    if (keptOtherwise.has(parent) || retained[parent] === 0) roles.sliceParents.delete(parent);
  }
  return roles;
}

/**
 * Whether a store of properties holds the names of the properties too. Only a hash table does; for an object
 * with a hidden class, that class holds the names. Every value in a store is also a property of its owner, so
 * a string in the store that is not such a value is a name.
 */
function holdsKeys(graph: HeapGraph, owner: number, store: number): boolean {
  const { meta, firstEdge, edgeType, edgeTo, nodeType } = graph;
  const property = meta.edgeTypes.indexOf("property");
  const string = meta.nodeTypes.indexOf("string");
  const edgesOf = (node: number): number[] => {
    const first = firstEdge[node] as number;
    return Array.from({ length: (firstEdge[node + 1] as number) - first }, (_, place) => first + place);
  };
  const values = new Set(
    edgesOf(owner).flatMap((edge) => (edgeType[edge] === property ? [edgeTo[edge] as number] : [])),
  );
  return edgesOf(store).some((edge) => {
    const to = edgeTo[edge] as number;
    return nodeType[to] === string && !values.has(to);
  });
}

/** Properties of an object, without its prototype. */
function propertiesOf({ meta, firstEdge, edgeType, edgeName, strings }: HeapGraph, node: number): number {
  const property = meta.edgeTypes.indexOf("property");
  let count = 0;
  const end = firstEdge[node + 1] as number;
  for (let edge = firstEdge[node] as number; edge < end; edge++)
    if (edgeType[edge] === property && strings.at(edgeName[edge] as number) !== "__proto__") count++;
  return count;
}

function kindOf(graph: HeapGraph, node: number, roles: Roles): Kind {
  const type = graph.meta.nodeTypes[graph.nodeType[node] as number];
  if (roles.sliceParents.has(node)) return "parents of sliced strings";
  if (roles.dictionaries.has(node)) return "property dictionaries";
  // The type of such a node is "hidden" in some versions of V8 and "array" in others.
  if (roles.properties.has(node)) return "property stores";
  switch (type) {
    case "string":
      return "strings";
    case "concatenated string":
      return "concatenated strings";
    case "sliced string":
      return "sliced strings";
    case "number":
    case "bigint":
      return "boxed numbers";
    case "closure":
      return "closures and contexts";
    case "object shape":
      return "hidden classes";
    case "code":
      return "code";
    case "native":
      return isBufferData(graph, node) ? "array buffer data" : "other";
    case "object":
    case "regexp":
      return contextLike(graph, node) ? "closures and contexts" : "objects";
    case "array":
      if (roles.elements.has(node)) return "array elements";
      if (roles.tables.has(node)) return "map and set tables";
      return "other";
    default:
      return "other";
  }
}

function isBufferData(graph: HeapGraph, node: number): boolean {
  return nodeNameOf(graph, node).includes("JSArrayBufferData");
}

function contextLike(graph: HeapGraph, node: number): boolean {
  return nodeNameOf(graph, node).startsWith("system / Context");
}

function nodeNameOf(graph: HeapGraph, node: number): string {
  return graph.strings.at(graph.nodeName[node] as number);
}

/**
 * A name that a reader knows: the constructor of an object. What V8 stores beside objects gets a name in
 * brackets.
 */
function className(graph: HeapGraph, node: number, roles: Roles): string {
  const owner = roles.dictionaries.get(node);
  if (owner !== undefined) return `(property dictionary of ${owner})`;
  const type = graph.meta.nodeTypes[graph.nodeType[node] as number] ?? "unknown";
  switch (type) {
    case "object":
    case "native":
      return nodeNameOf(graph, node) || "(object)";
    case "array":
      return nodeNameOf(graph, node) || "(array)";
    case "string":
    case "concatenated string":
    case "sliced string":
    case "closure":
    case "regexp":
    case "symbol":
    case "bigint":
    case "code":
      return `(${type})`;
    case "number":
      return "(heap number)";
    case "object shape":
      return "(hidden class)";
    default:
      return `(${type})`;
  }
}

function wasteOf(graph: HeapGraph, retained: Uint8Array, roles: Roles): SnapshotSummary["waste"] {
  const slack = [...roles.slack.values()].filter((bytes) => bytes > 0);
  const parents = [...roles.sliceParents];
  const bytesOf = (nodes: readonly number[]): number =>
    nodes.reduce((sum, node) => sum + (graph.nodeSelfBytes[node] as number), 0);
  const byType = (name: string): number[] => {
    const type = graph.meta.nodeTypes.indexOf(name);
    const nodes: number[] = [];
    for (let node = 0; node < retained.length; node++) {
      if (retained[node] === 1 && graph.nodeType[node] === type) nodes.push(node);
    }
    return nodes;
  };
  const ropes = byType("concatenated string");
  const numbers = byType("number");
  const rows: SnapshotSummary["waste"] = [
    {
      name: "array slack",
      bytes: slack.reduce((sum, bytes) => sum + bytes, 0),
      count: slack.length,
      advice: "capacity beyond the last element; array.slice() makes an exact copy",
    },
    {
      name: "concatenated strings",
      bytes: bytesOf(ropes),
      count: ropes.length,
      advice: "ropes that += left behind; reading the string as a key or through Buffer.from flattens it",
    },
    {
      name: "parents of sliced strings",
      bytes: bytesOf(parents),
      count: parents.length,
      advice: "whole texts kept alive by a slice; copy the slice (Buffer.from(slice).toString())",
    },
    {
      name: "boxed numbers",
      bytes: bytesOf(numbers),
      count: numbers.length,
      advice: "fractions and integers beyond 31 bits in object fields; a typed array holds them unboxed",
    },
    {
      name: "property dictionaries",
      bytes: roles.dictionaryWaste,
      count: roles.dictionaries.size,
      advice:
        "hash tables of objects that lost their hidden class (delete, or many keys); set to undefined, or use a Map",
    },
  ].filter((row) => row.count > 0);
  if (roles.unknownSlack > 0) {
    rows.push({
      name: "slack of arrays of numbers",
      bytes: absent("the snapshot does not show which of their elements are in use"),
      count: roles.unknownSlack,
      advice: "array.slice() makes an exact copy",
    });
  }
  return rows;
}

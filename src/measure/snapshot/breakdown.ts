import { absent } from "../../system/probe/reading.js";
import type { HeapGraph } from "./graph.js";
import type { SetRetained } from "./retained.js";
import type { Kind, SnapshotSummary } from "./summary.js";

/** Bytes of a tagged word, and of the header of an array store (map and length). */
export interface Words {
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
    const slack = ((roles.flags[node] as number) & SLACK) === 0 ? 0 : (roles.slack.get(node) ?? 0);
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
  /** Bits of `ELEMENTS`, `PROPERTIES` and others for each node: a set of nodes could be too large for V8. */
  flags: Uint8Array;
  /** Unused capacity of a store of elements, bytes. */
  slack: Map<number, number>;
  /** Number of arrays whose elements leave no edges (arrays of numbers); their slack is unknown. */
  unknownSlack: number;
  /** Hash tables of properties, each with the class of the object that it belongs to. */
  dictionaries: Map<number, string>;
  /** Bytes of these hash tables beyond a word for each property. */
  dictionaryWaste: number;
}

const ELEMENTS = 1;
const PROPERTIES = 2;
const TABLE = 4;
/** A parent string that only sliced strings refer to. */
const SLICE_PARENT = 8;
const KEPT_OTHERWISE = 16;
const DICTIONARY = 32;
const SLACK = 64;

const STORE_NAMES: Record<string, number> = {
  elements: ELEMENTS,
  properties: PROPERTIES,
  table: TABLE,
  parent: SLICE_PARENT,
};

function findRoles(graph: HeapGraph, retained: Uint8Array, words: Words): Roles {
  const { meta, firstEdge, edgeType, edgeName, edgeTo, nodeType, nodeName, nodeSelfBytes, strings } = graph;
  const internal = meta.edgeTypes.indexOf("internal");
  const element = meta.edgeTypes.indexOf("element");
  const weak = meta.edgeTypes.indexOf("weak");
  const sliced = meta.nodeTypes.indexOf("sliced string");
  const flags = new Uint8Array(retained.length);
  const roles: Roles = {
    flags,
    slack: new Map(),
    unknownSlack: 0,
    dictionaries: new Map(),
    dictionaryWaste: 0,
  };
  const set = (node: number, flag: number): void => {
    flags[node] = (flags[node] as number) | flag;
  };
  // One more than the role; 0 where the name was not looked at. Each place of a table has a name of its own.
  const stores = new Uint8Array(strings.count);
  const storeOf = (name: number): number => {
    const known = stores[name] ?? 1;
    if (known > 0) return known - 1;
    const store = STORE_NAMES[strings.at(name)] ?? 0;
    stores[name] = store + 1;
    return store;
  };
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
        const role = storeOf(edgeName[edge] as number);
        if (role === SLICE_PARENT) {
          if (nodeType[node] === sliced) {
            set(to, SLICE_PARENT);
            continue;
          }
        } else if (role !== 0) set(to, role);
        if (role === ELEMENTS) store = to;
        else if (role === PROPERTIES && holdsKeys(graph, node, to)) {
          set(to, DICTIONARY);
          roles.dictionaries.set(to, nodeNameOf(graph, node) || "(object)");
          const valuesBytes = propertiesOf(graph, node) * words.word;
          if (retained[to] === 1)
            roles.dictionaryWaste += Math.max(0, (nodeSelfBytes[to] as number) - words.header - valuesBytes);
        }
      }
      if (type !== weak) set(to, KEPT_OTHERWISE);
    }
    if (store === -1 || retained[store] === 0) continue;
    // Most nodes are strings, whose names are their texts: none of these is read.
    if (strings.at(nodeName[node] as number) !== "Array") continue;
    const capacity = Math.floor(((nodeSelfBytes[store] as number) - words.header) / words.word);
    if (capacity <= 0) continue;
    if (used === 0) roles.unknownSlack++;
    else {
      set(store, SLACK);
      roles.slack.set(store, Math.max(0, capacity - used) * words.word);
    }
  }
  for (let node = 0; node < flags.length; node++) {
    const flag = flags[node] as number;
    if ((flag & SLICE_PARENT) === 0) continue;
    if ((flag & KEPT_OTHERWISE) !== 0 || retained[node] === 0) flags[node] = flag & ~SLICE_PARENT;
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
  if (((roles.flags[node] as number) & SLICE_PARENT) !== 0) return "parents of sliced strings";
  if (((roles.flags[node] as number) & DICTIONARY) !== 0) return "property dictionaries";
  // The type of such a node is "hidden" in some versions of V8 and "array" in others.
  if (((roles.flags[node] as number) & PROPERTIES) !== 0) return "property stores";
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
      if (((roles.flags[node] as number) & ELEMENTS) !== 0) return "array elements";
      if (((roles.flags[node] as number) & TABLE) !== 0) return "map and set tables";
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
  const owner = ((roles.flags[node] as number) & DICTIONARY) === 0 ? undefined : roles.dictionaries.get(node);
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
  const parents: number[] = [];
  roles.flags.forEach((flag, node) => {
    if ((flag & SLICE_PARENT) !== 0) parents.push(node);
  });
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

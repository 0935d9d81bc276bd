/** A node of a hand-made snapshot: [type, name, self size, edges as [type, name or index, index of the node]]. */
export type TinyNode = [
  type: string,
  name: string,
  self: number,
  edges?: [type: string, name: string | number, to: number][],
];

const NODE_TYPES = [
  "hidden",
  "array",
  "string",
  "object",
  "code",
  "closure",
  "regexp",
  "number",
  "native",
  "synthetic",
  "concatenated string",
  "sliced string",
  "symbol",
  "bigint",
  "object shape",
];
const EDGE_TYPES = ["context", "element", "property", "internal", "hidden", "shortcut", "weak"];

export interface TinyOptions {
  nodeFields?: string[];
  edgeFields?: string[];
}

/** The text of a heap snapshot with these nodes; node ids are 1, 3, 5, ... as V8 numbers them. */
export function tinySnapshot(nodes: readonly TinyNode[], options: TinyOptions = {}): string {
  const nodeFields = options.nodeFields ?? [
    "type",
    "name",
    "id",
    "self_size",
    "edge_count",
    "trace_node_id",
    "detachedness",
  ];
  const edgeFields = options.edgeFields ?? ["type", "name_or_index", "to_node"];
  const strings: string[] = [];
  const stringIndex = (text: string): number => {
    const known = strings.indexOf(text);
    return known === -1 ? strings.push(text) - 1 : known;
  };
  const nodeNumbers = nodes.flatMap(([type, name, self, edges = []], index) => {
    const fields: Record<string, number> = {
      type: NODE_TYPES.indexOf(type),
      name: stringIndex(name),
      id: 2 * index + 1,
      self_size: self,
      edge_count: edges.length,
    };
    return nodeFields.map((field) => fields[field] ?? 0);
  });
  const edgeNumbers = nodes.flatMap(([, , , edges = []]) =>
    edges.flatMap(([type, name, to]) => {
      const fields: Record<string, number> = {
        type: EDGE_TYPES.indexOf(type),
        name_or_index: typeof name === "number" ? name : stringIndex(name),
        to_node: to * nodeFields.length,
      };
      return edgeFields.map((field) => fields[field] ?? 0);
    }),
  );
  const edgeCount = nodes.reduce((sum, [, , , edges = []]) => sum + edges.length, 0);
  const meta = {
    node_fields: nodeFields,
    node_types: nodeFields.map((field) => (field === "type" ? NODE_TYPES : "number")),
    edge_fields: edgeFields,
    edge_types: edgeFields.map((field) => (field === "type" ? EDGE_TYPES : "number")),
  };
  return [
    `{"snapshot":${JSON.stringify({ meta, node_count: nodes.length, edge_count: edgeCount })},`,
    `"nodes":[${nodeNumbers.join("\n,")}],`,
    `"edges":[${edgeNumbers.join(",")}],`,
    `"trace_function_infos":[],"trace_tree":[],"samples":[],"locations":[[1,"],{",{"a":[2]}]],`,
    `"strings":${JSON.stringify(strings)}}`,
  ].join("\n");
}

/**
 * A population of two instances and one witness; each instance holds a string of its own and a table that all
 * three share. Set-retained: 2 x (40 + 24) = 128 bytes.
 */
export function twoInstances(): TinyNode[] {
  return [
    ["synthetic", "", 0, [["element", 1, 1]]],
    [
      "object",
      "BytesperPopulation",
      40,
      [
        ["property", "instances", 2],
        ["property", "witnesses", 3],
      ],
    ],
    [
      "object",
      "Array",
      32,
      [
        ["element", 0, 4],
        ["element", 1, 5],
      ],
    ],
    ["object", "Array", 32, [["element", 0, 6]]],
    [
      "object",
      "Thing",
      40,
      [
        ["property", "own", 7],
        ["property", "shared", 9],
      ],
    ],
    [
      "object",
      "Thing",
      40,
      [
        ["property", "own", 8],
        ["property", "shared", 9],
      ],
    ],
    ["object", "Thing", 40, [["property", "shared", 9]]],
    ["string", "first", 24],
    ["string", 'quoted "é€" \\ {', 24],
    ["object", "Table", 1000],
  ];
}

import { counted } from "../../base/format.js";
import { breakDown } from "../../measure/snapshot/breakdown.js";
import type { Words } from "../../measure/snapshot/breakdown.js";
import type { HeapGraph } from "../../measure/snapshot/graph.js";
import type { SnapshotSummary } from "../../measure/snapshot/summary.js";
import { absent } from "../../system/probe/reading.js";
import { shortBytes } from "./short.js";

export type Waste = SnapshotSummary["waste"];

/** Where the bytes go by the way V8 stores them, and what a change in the code would save. */
export function wasteOf(
  graph: HeapGraph,
  totalBytes: number,
): { kinds: SnapshotSummary["kinds"]; waste: Waste } {
  const retained = new Uint8Array(graph.meta.nodeCount).fill(1);
  const set = { instanceNodes: 0, duplicates: 0, bytes: totalBytes, retained, instances: [] };
  const { kinds, waste } = breakDown(graph, set, wordsOf(graph));
  return { kinds, waste: [...duplicateStrings(graph), ...waste, ...sharedBuffers(graph)] };
}

/**
 * Chrome and Electron compress pointers to four bytes. A boxed number then takes 12 bytes (map and value), and
 * 16 otherwise.
 */
function wordsOf({ meta, nodeType, nodeSelfBytes }: HeapGraph): Words | undefined {
  const number = meta.nodeTypes.indexOf("number");
  for (let node = 0; node < meta.nodeCount; node++)
    if (nodeType[node] === number && nodeSelfBytes[node] === 12) return { word: 4, header: 8 };
  return undefined;
}

/** V8 writes at most 1,024 characters of a string, so of longer ones nobody knows whether they are equal. */
const WHOLE_BYTES = 1024;
const SHOWN_CHARACTERS = 24;

function duplicateStrings({ meta, nodeType, nodeName, nodeSelfBytes, strings }: HeapGraph): Waste {
  const string = meta.nodeTypes.indexOf("string");
  const counts = new Uint32Array(strings.count);
  const largest = new Float64Array(strings.count);
  let bytes = 0;
  let extra = 0;
  for (let node = 0; node < meta.nodeCount; node++) {
    const own = nodeSelfBytes[node] as number;
    if (nodeType[node] !== string || own === 0 || own > WHOLE_BYTES) continue;
    const name = nodeName[node] as number;
    counts[name] = (counts[name] as number) + 1;
    if (counts[name] === 1) continue;
    largest[name] = (largest[name] as number) + own;
    bytes += own;
    extra++;
  }
  if (extra === 0) return [];
  const [first] = largest.reduce<[number, number]>(
    (best, value, index) => (value > best[1] ? [index, value] : best),
    [0, 0],
  );
  const text = strings.at(first);
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text;
  return [
    {
      name: "duplicate strings",
      bytes,
      count: extra,
      advice: `equal texts of up to ${shortBytes(WHOLE_BYTES)} that exist again, most of all ${JSON.stringify(shown)} (${counted(counts[first] as number, "time")}); keep one in a Map and use that`,
    },
  ];
}

/** Buffers that have several views: a small one keeps the whole buffer. */
function sharedBuffers(graph: HeapGraph): Waste {
  const { meta, firstEdge, edgeType, edgeName, edgeTo, strings } = graph;
  const internal = meta.edgeTypes.indexOf("internal");
  const object = meta.nodeTypes.indexOf("object");
  const views = new Map<number, number>();
  for (let node = 0; node < meta.nodeCount; node++) {
    if (graph.nodeType[node] !== object) continue;
    const end = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < end; edge++) {
      if (edgeType[edge] !== internal || strings.at(edgeName[edge] as number) !== "buffer") continue;
      const buffer = edgeTo[edge] as number;
      views.set(buffer, (views.get(buffer) ?? 0) + 1);
    }
  }
  const shared = [...views.values()].filter((count) => count > 1).length;
  if (shared === 0) return [];
  return [
    {
      name: "buffers under several views",
      bytes: absent("a snapshot does not say how much of a buffer its views use"),
      count: shared,
      advice: "a small view keeps its whole buffer; Buffer.from(view) or view.slice() copies what is needed",
    },
  ];
}

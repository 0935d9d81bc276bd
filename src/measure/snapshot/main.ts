import { BytesperError } from "../../base/errors.js";
import { breakDown } from "./breakdown.js";
import type { HeapGraph } from "./graph.js";
import { parseSnapshotFile } from "./parse.js";
import { sharedBy } from "./refers.js";
import { setRetained } from "./retained.js";
import type { SnapshotSummary } from "./summary.js";
import { countedSizes, sizesOf } from "./units.js";
import { growthBetween } from "./whole.js";

function ofPopulation(graph: HeapGraph): SnapshotSummary {
  const set = setRetained(graph);
  const shared = sharedBy(graph, set.instances, set.retained);
  return {
    ...breakDown(graph, set),
    sizes: countedSizes(sizesOf(graph, set.instances, set.retained)),
    ...(shared === undefined ? {} : { shared }),
  };
}

/** With a second path: what the snapshot there has more than the first one. */
function answer(path: string | undefined, later: string | undefined): object {
  if (path === undefined) return { ok: false, code: "USAGE", message: "Give the path of a heap snapshot." };
  try {
    const graph = parseSnapshotFile(path);
    try {
      if (later === undefined) return { ok: true, summary: ofPopulation(graph) };
      const after = parseSnapshotFile(later);
      try {
        return { ok: true, summary: growthBetween(graph, after) };
      } finally {
        after.close();
      }
    } finally {
      graph.close();
    }
  } catch (error) {
    if (error instanceof BytesperError) return { ok: false, code: error.code, message: error.message };
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, code: "BAD_SNAPSHOT", message: `${path} cannot be read: ${message}.` };
  }
}

process.stdout.write(`${JSON.stringify(answer(process.argv[2], process.argv[3]))}\n`);

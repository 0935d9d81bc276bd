import { BytesperError } from "../../base/errors.js";
import { breakDown } from "./breakdown.js";
import { parseSnapshotFile } from "./parse.js";
import { setRetained } from "./retained.js";

function answer(path: string | undefined): object {
  if (path === undefined) return { ok: false, code: "USAGE", message: "Give the path of a heap snapshot." };
  try {
    const graph = parseSnapshotFile(path);
    try {
      return { ok: true, summary: breakDown(graph, setRetained(graph)) };
    } finally {
      graph.close();
    }
  } catch (error) {
    if (error instanceof BytesperError) return { ok: false, code: error.code, message: error.message };
    const message = error instanceof Error ? error.message : String(error);
    return { ok: false, code: "BAD_SNAPSHOT", message: `${path} cannot be read: ${message}.` };
  }
}

process.stdout.write(`${JSON.stringify(answer(process.argv[2]))}\n`);

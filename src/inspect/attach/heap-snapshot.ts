import type { WriteStream } from "node:fs";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import type { InspectorSession } from "./session.js";

/** Writes a heap snapshot of the process into a file. The process stops meanwhile. */
export async function takeSnapshot(session: InspectorSession, path: string): Promise<void> {
  const out: WriteStream = createWriteStream(path);
  session.on("HeapProfiler.addHeapSnapshotChunk", (params) => {
    out.write((params as { chunk: string }).chunk);
  });
  await session.call("HeapProfiler.enable");
  await session.stopping("HeapProfiler.takeHeapSnapshot", {
    reportProgress: false,
    captureNumericValue: false,
  });
  await session.call("HeapProfiler.disable");
  out.end();
  await finished(out);
}

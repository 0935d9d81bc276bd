import { closeSync, openSync, readSync, statSync } from "node:fs";
import { BytesperError } from "../../base/errors.js";
import { fileSuggestion } from "../../base/nearest-file.js";
import { sentence } from "../../base/sentence.js";
import type { OpenSnapshot } from "../../measure/snapshot/parse.js";
import { parseSnapshotFile } from "../../measure/snapshot/parse.js";

/**
 * Opens a snapshot of any V8. Throws `BAD_INPUT` with what the file is where it is something else, and with
 * the place where it is damaged.
 */
export function openSnapshot(path: string): OpenSnapshot {
  refuseForeign(path);
  try {
    return parseSnapshotFile(path, { lines: true });
  } catch (error) {
    if (error instanceof BytesperError) throw new BytesperError("BAD_INPUT", error.message, { cause: error });
    if (error instanceof RangeError)
      throw new BytesperError(
        "BAD_INPUT",
        `${path} needs more memory than there is here: ${sentence(error)}; read it on a machine with more.`,
        { cause: error },
      );
    throw new BytesperError("BAD_INPUT", `${path} cannot be read: ${sentence(error)}.`, { cause: error });
  }
}

const HEAD_BYTES = 4096;
const WANTED = 'a .heapsnapshot of V8 (Node, Chrome, Electron, Deno, or Bun\'s generateHeapSnapshot("v8"))';

function refuseForeign(path: string): void {
  const head = headOf(path);
  const what = foreign(head);
  if (what === undefined) return;
  throw new BytesperError("BAD_INPUT", `${path} ${what}; give ${WANTED}.`);
}

function headOf(path: string): Buffer {
  let descriptor: number | undefined;
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) throw new Error("it is a folder");
    if (!stats.isFile() && !stats.isCharacterDevice()) throw new Error("it is a pipe and not a file");
    descriptor = openSync(path, "r");
    const head = Buffer.alloc(HEAD_BYTES);
    return head.subarray(0, readSync(descriptor, head, 0, HEAD_BYTES, 0));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === "ENOENT" ? `does not exist${fileSuggestion(path)}` : `cannot be read: ${sentence(error)}`;
    throw new BytesperError("BAD_INPUT", `${path} ${why}; give ${WANTED}.`, { cause: error });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** What a file is that is no snapshot of V8, told from its first bytes. */
function foreign(head: Buffer): string | undefined {
  if (head.length === 0) return "is empty";
  if (head.length < 4) return "is no JSON, as a snapshot would be";
  if (head[0] === 0x1f && head[1] === 0x8b) return "is packed with gzip: unpack it first (gunzip)";
  if (head.readUInt32LE(0) === 0xfd2fb528) return "is packed with zstd: unpack it first (zstd -d)";
  if (head.subarray(0, 2).toString("latin1") === "PK") return "is a zip archive: unpack it first";
  const text = head.toString("utf8").trimStart();
  if (text.startsWith("JAVA PROFILE")) return "is a heap dump of Java";
  if (!text.startsWith("{")) return "is no JSON, as a snapshot would be";
  if (/^\{\s*"snapshot"\s*:/.test(text)) return undefined;
  if (/^\{\s*"head"\s*:\s*\{\s*"callFrame"/.test(text))
    return "is a sampled allocation profile (.heapprofile), which has no objects in it";
  if (/"nodeClassNames"|"type"\s*:\s*"(Inspector|GCDebugging)"/.test(text))
    return "is a heap snapshot of JavaScriptCore (Bun or Safari), which does not tell what V8's does";
  if (/^\{\s*"(nodes|startTime|traceEvents|metadata)"/.test(text)) return "is a CPU profile or a trace";
  return 'does not begin with "snapshot", as a snapshot of V8 does';
}

import { open } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { BytesperError } from "../base/errors.js";
import type { ScanResult } from "./scan.js";
import { LogScanner } from "./scan.js";

const PIECE = 1 << 16;
/** How often a log is looked at, and how long it must be quiet before the end of a report is believed. */
const EVERY_MS = 250;
const QUIET_LOOKS = 4;

/** Bytes that arrived since the last look; undefined once no more can come. */
interface Growing {
  more(): Promise<Buffer | undefined>;
  close(): Promise<void>;
}

/**
 * Stays on a log that grows and gives the reports that arrive, with what the log said so far. It waits until
 * the log has been quiet for a second, because a report may take many lines. It ends with standard input;
 * a file it follows until the process ends.
 */
export async function* followLog(path: string): AsyncGenerator<ScanResult> {
  const scanner = new LogScanner();
  const log = path === "-" ? growingInput() : await growingFile(path);
  let quiet = 0;
  try {
    for (;;) {
      const bytes = await log.more();
      if (bytes !== undefined && bytes.length > 0) {
        scanner.push(bytes);
        quiet = 0;
        continue;
      }
      quiet += 1;
      if (quiet === QUIET_LOOKS || bytes === undefined) {
        const found = scanner.take();
        // A log that grows is no document.
        const reports = [...found.reports, ...found.quoted];
        if (reports.length > 0) yield { ...found, reports, quoted: [] };
      }
      if (bytes === undefined) return;
      await pause(EVERY_MS);
    }
  } finally {
    await log.close();
  }
}

async function growingFile(path: string): Promise<Growing> {
  const file = await open(path).catch((error: unknown) => {
    throw new BytesperError(
      "BAD_INPUT",
      `${path} cannot be followed: ${error instanceof Error ? error.message : String(error)}; give the path of a log.`,
      { cause: error },
    );
  });
  let at = 0;
  const buffer = Buffer.alloc(PIECE);
  return {
    async more() {
      const { bytesRead } = await file.read(buffer, 0, PIECE, at);
      at += bytesRead;
      // A log that was cut to nothing begins anew.
      if (bytesRead === 0 && (await file.stat()).size < at) at = 0;
      return buffer.subarray(0, bytesRead);
    },
    close: () => file.close(),
  };
}

function growingInput(): Growing {
  const pieces: Buffer[] = [];
  let ended = false;
  process.stdin.on("data", (piece: Buffer) => pieces.push(piece));
  process.stdin.once("end", () => (ended = true));
  return {
    more: () => Promise.resolve(pieces.length === 0 && ended ? undefined : Buffer.concat(pieces.splice(0))),
    close: () => Promise.resolve(),
  };
}

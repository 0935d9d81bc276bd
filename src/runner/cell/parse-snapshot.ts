import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ErrorCode } from "../../base/errors.js";
import { BytesperError } from "../../base/errors.js";
import type { SnapshotSummary } from "../../measure/snapshot/summary.js";

const ENTRY = fileURLToPath(new URL("../../measure/snapshot/main.js", import.meta.url));

type Answer = { ok: true; summary: SnapshotSummary } | { ok: false; code: ErrorCode; message: string };

/**
 * Parses a heap snapshot, or the growth from one to a later one, in a process of its own. Parsing may need as much
 * memory as the snapshots have.
 */
export function parseSnapshot(path: string, later?: string): Promise<SnapshotSummary> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [ENTRY, path, ...(later === undefined ? [] : [later])], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let errors = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (errors = (errors + chunk).slice(-4096)));
    child.on("error", reject);
    child.on("close", () => {
      let answer: Answer;
      try {
        answer = JSON.parse(output) as Answer;
      } catch {
        const last = errors.trim().split("\n").at(-1) ?? "";
        answer = {
          ok: false,
          code: "BAD_SNAPSHOT",
          message: `The snapshot parser ended without an answer: ${last}`,
        };
      }
      if (answer.ok) resolve(answer.summary);
      else reject(new BytesperError(answer.code, answer.message));
    });
  });
}

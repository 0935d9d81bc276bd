import { execFile } from "node:child_process";
import { because, errorCode } from "../../system/kernel-file.js";

/**
 * Time limit for a system tool. It normally answers in milliseconds; if its daemon hangs, the run must not
 * hang too.
 */
const TIMEOUT_MS = 10_000;

/** Runs a tool. Returns its output, or why it failed, as a clause. */
export function runTool(
  file: string,
  args: readonly string[],
): Promise<{ stdout: string } | { failed: string }> {
  return new Promise((resolve) => {
    execFile(file, args, { timeout: TIMEOUT_MS, encoding: "utf8" }, (error, stdout, stderr) => {
      if (error === null) resolve({ stdout });
      else if (errorCode(error) === "ENOENT") resolve({ failed: `${file} is not on the PATH` });
      else resolve({ failed: stderr.trim().split("\n").at(-1) || because(error) });
    });
  });
}

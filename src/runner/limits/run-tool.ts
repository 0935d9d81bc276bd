import { execFile } from "node:child_process";
import { because, errorCode } from "../../system/kernel-file.js";

/** Tools of the system answer in milliseconds; one that waits for a daemon that hangs must not hang the run. */
const TIMEOUT_MS = 10_000;

/** What a tool printed, or why it failed, as a clause. */
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

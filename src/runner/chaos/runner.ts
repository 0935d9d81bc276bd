import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const KEPT_OUTPUT = 4096;

export interface RunnerOptions {
  /** When the runner is killed with SIGKILL, ms after its start. Absent: never. */
  killAfterMs?: number | undefined;
  /** Limit on the size of files that the runner and its cells may write, bytes. */
  fileLimitBytes?: number;
  signal: AbortSignal;
}

export interface RunnerEnd {
  killed: boolean;
  code: number | null;
  ms: number;
  /** The last line on stderr. */
  said: string;
}

/** Runs the command line in a new process. Its output is not shown. */
export function runnerOf(words: readonly string[], options: RunnerOptions): Promise<RunnerEnd> {
  const { killAfterMs, fileLimitBytes, signal } = options;
  const command = [process.execPath, MAIN, ...words];
  // `ulimit -f` counts blocks of 512 bytes in a POSIX shell. Bash outside its POSIX mode counts blocks of
  // 1024.
  const [file = "", ...args] =
    fileLimitBytes === undefined
      ? command
      : ["sh", "-c", `ulimit -f ${Math.ceil(fileLimitBytes / 512)} && exec "$0" "$@"`, ...command];
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(file, args, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    let killed = false;
    child.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-KEPT_OUTPUT)));
    const timer =
      killAfterMs === undefined ? undefined : setTimeout(() => (killed = child.kill("SIGKILL")), killAfterMs);
    const interrupt = (): void => {
      child.kill("SIGTERM");
    };
    signal.addEventListener("abort", interrupt, { once: true });
    child.on("error", reject);
    child.on("close", (code, endedBy) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", interrupt);
      const last = said.trim().split("\n").at(-1) ?? "";
      // The process may have ended by itself just before the kill.
      resolve({ killed: killed && endedBy === "SIGKILL", code, ms: performance.now() - start, said: last });
    });
  });
}

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { BytesperError } from "../base/errors.js";
import { requireResultsFolder } from "../runner/results-mark.js";

const MAIN = fileURLToPath(new URL("./main.js", import.meta.url));

/** Message of a runner to the process that started it. */
export type RunnerMessage =
  | { journal: string }
  /** The runner ends by its own choice. */
  | { ended: true };

/**
 * Sends the path of the journal to the process that started this runner: `--supervise`, or the command that
 * detached it.
 */
export function announce(journal: string): void {
  // The command that detached a run only listens for the first journal.
  if (process.connected) process.send?.({ journal } satisfies RunnerMessage);
}

/**
 * Starts the same command in a new session, so that it continues when the terminal closes. Returns when its
 * journal has a record. Its messages go to a file.
 */
export async function detach(args: readonly string[], out: string): Promise<void> {
  requireResultsFolder(out);
  const log = join(resolve(out), "runs", `detached-${new Date().toISOString().replace(/[-:.]/g, "")}.log`);
  mkdirSync(join(resolve(out), "runs"), { recursive: true });
  const descriptor = openSync(log, "ax");
  const child = spawn(process.execPath, [MAIN, ...args], {
    detached: true,
    stdio: ["ignore", descriptor, descriptor, "ipc"],
  });
  closeSync(descriptor);
  const journal = await journalOrEnd(child);
  if (typeof journal !== "string") {
    const said = readFileSync(log, "utf8").trim().split("\n").at(-1) ?? "";
    throw new BytesperError("CELL_FAILED", said === "" ? "The run ended before it started a journal." : said);
  }
  child.disconnect();
  child.unref();
  process.stdout.write(
    `The run goes on in the background (process ${child.pid ?? "unknown"}).\nProgress: bytesper status ${out}\nMessages: ${log}\n`,
  );
}

function journalOrEnd(child: ChildProcess): Promise<string | undefined> {
  return new Promise((done) => {
    child.on("message", (message) => {
      if ("journal" in (message as RunnerMessage)) done((message as { journal: string }).journal);
    });
    child.once("exit", () => {
      done(undefined);
    });
    child.once("error", () => {
      done(undefined);
    });
  });
}

/** `supervise` gives up after this many runners in a row that ended without a new result. */
const MOST_IN_VAIN = 3;
/**
 * Runs the command in another process. If that process crashes or is killed by the kernel, a new one
 * continues from its journal. SIGINT, SIGTERM and SIGHUP are passed on and end the loop.
 *
 * @param results the number of results in a journal; undefined if it has no complete record
 */
export async function supervise(
  args: readonly string[],
  results: (journal: string) => number | undefined,
): Promise<void> {
  let current: ChildProcess | undefined;
  const asked = { toEnd: false };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      asked.toEnd = true;
      current?.kill(signal);
    });
  }
  let journal: string | undefined;
  let before = 0;
  let inVain = 0;
  for (;;) {
    const command = journal === undefined ? args : ["resume", journal];
    const child = spawn(process.execPath, [MAIN, ...command], {
      stdio: ["inherit", "inherit", "inherit", "ipc"],
    });
    current = child;
    const own = { chosen: false };
    child.on("message", (message) => {
      const told = message as RunnerMessage;
      if ("ended" in told) own.chosen = true;
      else {
        journal = told.journal;
        announce(journal);
      }
    });
    const { code, signal } = await ended(child);
    // An exit code alone does not tell a choice: an uncaught exception ends with 1.
    if (code !== null && own.chosen) {
      process.exitCode = code;
      return;
    }
    const how = signal === null ? `exit code ${code ?? "unknown"}` : signal;
    if (asked.toEnd) throw new BytesperError("CELL_FAILED", `The runner ended with ${how}.`);
    const now = journal === undefined ? undefined : results(journal);
    // Without a record there is nothing to go on with, and nothing is lost by a new start.
    if (now === undefined) journal = undefined;
    inVain = (now ?? 0) > before ? 0 : inVain + 1;
    before = now ?? 0;
    if (inVain >= MOST_IN_VAIN) {
      throw new BytesperError(
        "CELL_FAILED",
        `The runner died ${MOST_IN_VAIN} times in a row (${how}) without a new result${journal === undefined ? " and before it wrote a record" : `; nothing is lost, look at bytesper status ${journal} and go on with bytesper resume ${journal}`}.`,
      );
    }
    process.stderr.write(
      `The runner died (${how}); a new one ${journal === undefined ? "starts the run again" : `goes on with ${journal}`}.\n`,
    );
  }
}

function ended(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("exit", (code, signal) => {
      done({ code, signal });
    });
  });
}

export function argumentsWithout(...flags: readonly string[]): string[] {
  return process.argv.slice(2).filter((word) => !flags.includes(word));
}

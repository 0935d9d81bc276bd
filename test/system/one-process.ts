import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll } from "vitest";
import type { Ended } from "./cli.js";
import { MAIN, ROOT } from "./cli.js";

/**
 * As `bytesper` of cli.ts for commands that only read and print: all calls of a test file share one process, which
 * takes a tenth of the time. Not for what measures, starts processes that outlive it, or reads standard input.
 */
export function bytesperInOneProcess(): (
  args: readonly string[],
  options?: { cwd?: string; env?: Record<string, string> },
) => Promise<Ended> {
  let child: ChildProcess | undefined;
  let answers: AsyncIterator<string> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  afterAll(() => {
    (child?.stdio[3] as Writable | undefined)?.end();
  });

  async function ask(order: unknown): Promise<Ended> {
    if (child === undefined) {
      const script = fileURLToPath(new URL("one-process.mjs", import.meta.url));
      child = spawn(process.execPath, [script, pathToFileURL(MAIN).href], {
        stdio: ["ignore", "ignore", "inherit", "pipe", "pipe"],
      });
      answers = createInterface({ input: child.stdio[4] as Readable })[Symbol.asyncIterator]();
    }
    (child.stdio[3] as Writable).write(`${JSON.stringify(order)}\n`);
    const answer = await answers?.next();
    if (answer === undefined || answer.done === true) throw new Error("the shared process ended");
    return JSON.parse(answer.value) as Ended;
  }

  return (args, { cwd = ROOT, env = {} } = {}) => {
    const ended = last.then(() => ask({ args, cwd, env }));
    last = ended.catch(() => undefined);
    return ended;
  };
}

import type { ChildProcessByStdio } from "node:child_process";
import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

/** Another process that uses an observation file; see `observer.mjs`. */
export interface Observer {
  child: ChildProcessByStdio<Writable, Readable, null>;
  /** Whole lines of its stdout so far. */
  lines: () => string[];
  /** Resolves when it has written so many lines, or throws when it ends before. */
  until: (count: number) => Promise<void>;
  ended: Promise<void>;
}

export function observer(path: string, ...args: string[]): Observer {
  const script = fileURLToPath(new URL("observer.mjs", import.meta.url));
  const child = spawn(process.execPath, [script, path, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  let text = "";
  const lines = (): string[] => text.split("\n").slice(0, -1);
  let check = (): void => undefined;
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    check();
  });
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => {
      resolve();
    });
  });
  return {
    child,
    lines,
    ended,
    until: (count) =>
      new Promise((resolve, reject) => {
        check = () => {
          if (lines().length >= count) resolve();
        };
        check();
        void ended.then(() => {
          reject(new Error(`the other process ended after ${lines().length} of ${count} lines`));
        });
      }),
  };
}

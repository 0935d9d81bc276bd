import { spawnSync } from "node:child_process";
import { ADDON_FILE } from "./addon.js";

interface Options {
  env?: Record<string, string>;
  flags?: string[];
  /** A program to start Node under, with its arguments. */
  under?: string[];
}

/**
 * Runs `body` in a fresh Node, where `addon` and `require` are at hand, and returns the JSON of what it returns.
 * A child that crashes or prints to stderr fails the test: the addon must do neither.
 */
export function inChild(body: string, { env = {}, flags = [], under = [] }: Options = {}): unknown {
  const script = `(async () => {
    const addon = require(process.argv[1]);
    const result = await (async () => { ${body} })();
    process.stdout.write(JSON.stringify(result));
  })();`;
  const [program = "", ...args] = under.concat(process.execPath, flags, "-e", script, ADDON_FILE);
  const { status, signal, stdout, stderr } = spawnSync(program, args, {
    timeout: 60_000,
    env: { ...process.env, NODE_OPTIONS: "", ...env },
    encoding: "utf8",
  });
  if (status !== 0 || stderr !== "") {
    throw new Error(`the child ended with ${signal ?? String(status)}: ${stderr}${stdout}`);
  }
  return JSON.parse(stdout);
}

/** LD_PRELOAD with one more library, after those that are there already. */
export function preloading(library: string): string {
  return [process.env.LD_PRELOAD, library].filter(Boolean).join(":");
}

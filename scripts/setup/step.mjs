import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { inRoot } from "./paths.mjs";
import { runChild } from "./run-child.mjs";
import { Stop } from "./stop.mjs";

/** Runs one program of the set-up with its output kept in a log; it is shown only where it explains a failure. */
export async function runStep(file, args, { log, env } = {}) {
  let output = "";
  const result = await runChild(file, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env,
    onOutput: (text) => (output += text),
  });
  if (log !== undefined) {
    mkdirSync(dirname(inRoot(log)), { recursive: true });
    writeFileSync(inRoot(log), output);
  }
  if (result.received !== undefined) throw new Stop("", { signal: result.received });
  return { code: result.code ?? 1, output };
}

import { existsSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { filesUnder, fingerprint, readText, removeStamp, writeStamp } from "./fingerprint.mjs";
import { inRoot } from "./paths.mjs";
import { runStep } from "./step.mjs";
import { Stop } from "./stop.mjs";

const STAMP = "dist/.setup";
/** tsc trusts this record more than the files, so it is deleted when files of dist may be missing. */
const BUILD_INFO = "dist/.tsbuildinfo";
/** What is made from the compiled code: each script, and what its failure means. */
const WRITERS = {
  "scripts/write-schema.mjs": "The JSON Schema of the results could not be written",
  "scripts/write-page-script.mjs": "The script of the page of results could not be bundled",
};
const SOURCES = ["src", "tsconfig.json", ...Object.keys(WRITERS)];

/** Whether dist is missing or was made from other sources. The published package has dist and no src. */
export function distNeeds() {
  return existsSync(inRoot("src")) && readText(STAMP) !== fingerprint(SOURCES);
}

export function forgetDist() {
  removeStamp(STAMP);
}

export async function buildDist({ say }) {
  say("compiling the TypeScript");
  const sources = fingerprint(SOURCES);
  if (readText(STAMP) === undefined) rmSync(inRoot(BUILD_INFO), { force: true });
  removeStamp(STAMP);
  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  await runOrStop([tsc, "--project", "tsconfig.json"], "The TypeScript in src does not compile");
  removeOrphans();
  for (const [script, failure] of Object.entries(WRITERS))
    if (existsSync(inRoot(script))) await runOrStop([inRoot(script)], failure);
  writeStamp(STAMP, sources);
}

async function runOrStop(args, sentence) {
  const { code, output } = await runStep(process.execPath, args);
  if (code !== 0) throw new Stop(`${sentence}:\n${output.trimEnd()}`, { exitCode: 1 });
}

/** Output of a deleted source would still be imported and published. */
function removeOrphans() {
  for (const file of filesUnder("dist")) {
    const source = /^dist\/(.*)\.(?:js|js\.map|d\.ts)$/.exec(file)?.[1];
    if (source !== undefined && !existsSync(inRoot(`src/${source}.ts`))) rmSync(inRoot(file));
  }
}

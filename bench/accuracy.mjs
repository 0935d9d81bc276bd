/**
 * How often `measure` reads an object of known size within the larger of 0.1 % and 0.1 byte.
 *
 *   node bench/accuracy.mjs [--runs 20] [--only NAME,NAME] [--nodes PATH:PATH]
 *
 * Ends with exit code 1 when a run missed.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = new URL("../", import.meta.url);
const path = (name) => fileURLToPath(new URL(name, root));
const { values } = parseArgs({
  options: { runs: { type: "string", default: "20" }, only: { type: "string" }, nodes: { type: "string" } },
});
const { sizes: truths } = JSON.parse(readFileSync(path("test/fixtures/known-sizes.json"), "utf8"));
const names = values.only?.split(",") ?? Object.keys(truths);
const nodes = values.nodes?.split(":") ?? [process.execPath];

/** The size that holds for a version is the one of the highest major not above it. */
function truthOf(name, major) {
  const since = Object.keys(truths[name])
    .map(Number)
    .filter((from) => from <= major);
  return truths[name][Math.max(...since)];
}

let missed = 0;
console.log("| Node | object | true bytes | lowest read | highest read | runs within |");
console.log("| --- | --- | ---: | ---: | ---: | ---: |");
for (const node of nodes) {
  const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
  for (const name of names) {
    const truth = truthOf(name, Number(/\d+/.exec(version)[0]));
    const allowed = Math.max(0.001 * truth, 0.1);
    const reads = Array.from({ length: Number(values.runs) }, () => {
      const subject = `${path("test/fixtures/subjects/known.mjs")}#${name}`;
      const { stdout } = spawnSync(
        node,
        [path("dist/cli/main.js"), "measure", subject, "--json", "--no-snapshot"],
        {
          encoding: "utf8",
          maxBuffer: 2 ** 26,
        },
      );
      return stdout === "" ? Number.NaN : JSON.parse(stdout).fit.perUnitBytes.value;
    });
    const within = reads.filter((read) => Math.abs(read - truth) <= allowed).length;
    missed += reads.length - within;
    console.log(
      `| ${version} | ${name} | ${truth} | ${Math.min(...reads)} | ${Math.max(...reads)} | ${within} of ${reads.length} |`,
    );
  }
}
process.exitCode = missed === 0 ? 0 : 1;

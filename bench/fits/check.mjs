/**
 * Checks `bytesper fits`: the estimate against the search, and the pair of the search against a plain program in a
 * control group that this script makes (root).
 *
 * node bench/fits/check.mjs [--memory 512MiB,2GiB] [--classes session,native] [--repeats 3] [--json FILE]
 */
import { execFile } from "node:child_process";
import { appendFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { openSubject } from "../../dist/experiment/load.js";
import { runInGroup } from "./group.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const CLASSES = {
  session: here("../../experiments/subjects/session.ts"),
  "two-byte": here("subjects/two-byte.mjs"),
  native: here("subjects/native.mjs"),
  registered: here("subjects/registered.mjs"),
  buffers: here("subjects/buffers.mjs"),
};

const { values } = parseArgs({
  options: {
    memory: { type: "string", default: "512MiB,2GiB" },
    classes: { type: "string", default: Object.keys(CLASSES).join(",") },
    repeats: { type: "string", default: "3" },
    json: { type: "string" },
  },
});

console.log(`Node ${process.versions.node}`);
console.log(
  "| class | memory | lives | dies | wall | predicted | off | plain program: lives | dies | time, s |",
);
console.log("| - | - | - | - | - | - | - | - | - | - |");
for (const memory of values.memory.split(","))
  for (const name of values.classes.split(",")) console.log(await row(name, memory));

async function row(name, memory) {
  const file = CLASSES[name];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [here("../../dist/cli/main.js"), "fits", file, "--memory", memory, "--no-next", "--json"],
    { maxBuffer: 2 ** 24 },
  );
  const found = JSON.parse(stdout);
  const subject = await openSubject(file);
  const repeats = { lives: [], dies: [] };
  try {
    for (let repeat = 0; repeat < Number(values.repeats); repeat++)
      for (const side of ["lives", "dies"])
        repeats[side].push(await lives(subject.reference.url, found, found[side]));
  } finally {
    subject.dispose();
  }
  if (values.json !== undefined)
    appendFileSync(values.json, `${JSON.stringify({ name, memory, repeats, ...found })}\n`);
  const held = repeats.lives.filter((alive) => alive).length;
  const died = repeats.dies.filter((alive) => !alive).length;
  const of = (count) => `${count} of ${values.repeats}`;
  return `| ${name} | ${memory} | ${found.lives} | ${found.dies} | ${found.wall} | ${found.predicted} | ${(100 * found.predictedRelativeError).toFixed(1)} % | ${of(held)} | ${of(died)} | ${(found.durationMs / 1000).toFixed(0)} |`;
}

async function lives(url, { memoryBytes }, count) {
  const end = await runInGroup(memoryBytes, [process.execPath, here("hold.mjs"), url, String(count)]);
  return end.code === 0;
}

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { performance } from "node:perf_hooks";
import { inAlternation, runProgram } from "../harness.mjs";
import { markdownTable, seconds } from "../markdown.mjs";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const SLOTS = 4;

const OURS = "bytesper run";
const BARE = "child_process.spawn";
const PARALLEL = "GNU parallel with --joblog";

/** Time of many trivial cells, against as many bare processes that are started the same way. */
export async function trivialCells(rounds, cells) {
  const folder = mkdtempSync(join(tmpdir(), "bytesper-bench-"));
  try {
    const experiment = join(folder, "trivial.experiment.mjs");
    writeFileSync(experiment, experimentOf(cells));
    const version = parallelVersion();
    const contestants = [
      { name: BARE, run: () => bare(cells) },
      { name: OURS, run: () => ours(experiment, folder, cells) },
    ];
    if (version !== undefined) contestants.push({ name: PARALLEL, run: () => parallel(folder, cells) });
    const results = await inAlternation(contestants, rounds);
    const { medianMs: bareMs } = results.get(BARE);
    const rows = [...results].map(([name, timing]) => [
      name,
      seconds(timing),
      (timing.medianMs / cells).toFixed(1),
      (timing.medianMs / bareMs).toFixed(2),
    ]);
    const { enforcement, beforeMs, afterMs } = results.get(OURS).answers.at(-1);
    return [
      `### ${cells} trivial cells at ${SLOTS} slots`,
      `Each is \`node -e 0\` with its number as an argument. Of bytesper's time ${(beforeMs / 1000).toFixed(2)} s pass before the first cell and ${(afterMs / 1000).toFixed(2)} s after the last; groups: ${enforcement}.`,
      ...(version === undefined ? ["Skipped GNU parallel: it is not on the PATH."] : [version]),
      markdownTable(["route", "time", "ms a cell", "over bare processes"], rows),
    ].join("\n\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function commandOf(number) {
  return [process.execPath, "-e", "0", number];
}

function experimentOf(cells) {
  const factors = `{ n: Array.from({ length: ${cells} }, (_, index) => index + 1) }`;
  const command = JSON.stringify(commandOf("{n}"));
  return `export default { name: "trivial", unit: "process", factors: ${factors}, command: ${command} };\n`;
}

async function bare(cells) {
  const start = performance.now();
  let next = 1;
  const slot = async () => {
    while (next <= cells) await ended(commandOf(String(next++)));
  };
  await Promise.all(Array.from({ length: SLOTS }, slot));
  return { wallMs: performance.now() - start };
}

/** With pipes, as a runner needs them to keep what a process says. */
function ended([file, ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.resume();
    child.stderr.resume();
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`${file} ended with ${code}`))));
  });
}

async function ours(experiment, folder, cells) {
  const out = join(folder, "out");
  rmSync(out, { recursive: true, force: true });
  const began = Date.now();
  const args = [MAIN, "run", experiment, "--out", out, "--slots", String(SLOTS)];
  const { wallMs } = await runProgram(process.execPath, args);
  const records = readFileSync(join(out, "journal.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const finished = records.filter(({ type, end }) => type === "finished" && end.outcome === "ok");
  if (finished.length !== cells) throw new Error(`bytesper finished ${finished.length} of ${cells} cells`);
  const first = records.find(({ type }) => type === "started");
  const answer = {
    enforcement: records[0].enforcement.description,
    beforeMs: Date.parse(first.at) - began,
    afterMs: began + wallMs - Date.parse(finished.at(-1).at),
  };
  return { wallMs, answer };
}

async function parallel(folder, cells) {
  // Its own folder of settings: a user's would change what is timed, and it writes there.
  const home = join(folder, "parallel");
  mkdirSync(home, { recursive: true });
  const numbers = Array.from({ length: cells }, (_, index) => `${index + 1}\n`).join("");
  const log = join(folder, "joblog");
  rmSync(log, { force: true });
  const args = ["--will-cite", `-j${SLOTS}`, "--joblog", log, ...commandOf("{}")];
  const start = performance.now();
  await new Promise((resolve, reject) => {
    const env = { ...process.env, PARALLEL_HOME: home };
    const child = spawn("parallel", args, { env, stdio: ["pipe", "ignore", "inherit"] });
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`parallel ended with ${code}`)),
    );
    child.stdin.end(numbers);
  });
  return { wallMs: performance.now() - start };
}

function parallelVersion() {
  try {
    const [line] = execFileSync("parallel", ["--version"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).split("\n");
    return /GNU parallel/.test(line) ? `${line}.` : undefined;
  } catch {
    return undefined;
  }
}

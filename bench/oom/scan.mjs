/**
 * Throughput and peak memory of explain-oom on logs without a report, against grep and ripgrep:
 * node bench/oom/scan.mjs [--rounds N] [--megabytes N]
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { wholeNumber } from "../attention/options.mjs";
import { inAlternation } from "../harness.mjs";
import { conditions, markdownTable, seconds } from "../markdown.mjs";
import { KINDS, writeLog } from "./logs.mjs";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const REPORT_USE = new URL("report-use.mjs", import.meta.url).href;

const OURS = "bytesper explain-oom";
/** One string where explain-oom looks for a hundred: what a search costs at the least. */
const PEERS = [
  { name: "grep -c", file: "grep", args: ["-c", "-i", "-F", "out of memory"] },
  { name: "ripgrep -c", file: "rg", args: ["-c", "-i", "-F", "-j", "1", "out of memory"] },
];

/** As Markdown. */
export async function oomScan(rounds, megabytes = 500) {
  const size = megabytes * 1e6;
  const folder = mkdtempSync(join(tmpdir(), "bytesper-bench-"));
  try {
    const present = PEERS.filter(({ file }) => spawnSync(file, ["--version"]).error === undefined);
    const missing = PEERS.filter((peer) => !present.includes(peer));
    const parts = [
      "## Logs without an out-of-memory report",
      `${megabytes} MB (of 10^6 bytes) each, in the page cache; times are of whole processes, with the start of Node. The peers count the lines that hold one string, whatever the case of its letters, in the C locale.`,
      ...missing.map(({ name, file }) => `Skipped ${name}: ${file} is not on the PATH.`),
    ];
    for (const kind of Object.keys(KINDS)) parts.push(await ofKind(kind, { rounds, size, folder, present }));
    return parts.join("\n\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ofKind(kind, { rounds, size, folder, present }) {
  const log = join(folder, "a.log");
  writeLog(log, kind, size);
  const results = await inAlternation(
    [
      { name: OURS, run: () => timed(process.execPath, ["--import", REPORT_USE, MAIN, "explain-oom", log]) },
      ...present.map(({ name, file, args }) => ({ name, run: () => timed(file, [...args, log]) })),
    ],
    rounds,
  );
  const rate = (milliseconds) => (size / 1e6 / (milliseconds / 1000)).toFixed(0);
  const peer = results.get(present[0]?.name);
  const rows = [...results].map(([name, timing]) => {
    const uses = timing.answers.filter(({ cpuMs }) => cpuMs !== undefined);
    const cpuMs = Math.min(...uses.map((use) => use.cpuMs));
    const peak = Math.max(...uses.map((use) => use.peakBytes ?? NaN));
    return [
      name,
      seconds(timing),
      rate(timing.medianMs),
      uses.length === 0 ? "" : rate(cpuMs),
      uses.length === 0 || Number.isNaN(peak) ? "" : (peak / 1e6).toFixed(0),
      peer === undefined ? "" : (timing.medianMs / peer.medianMs).toFixed(2),
    ];
  });
  const over = present[0] === undefined ? "over a peer" : `over ${present[0].name}`;
  return [
    `### ${kind}`,
    markdownTable(["route", "time", "MB/s", "MB a CPU second", "peak (MB)", over], rows),
  ].join("\n\n");
}

/** Exit code 1 is "nothing found" of all of them. */
function timed(file, args) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const env = { ...process.env, LC_ALL: "C" };
    const child = spawn(file, args, { env, stdio: ["ignore", "pipe", "pipe", "pipe"] });
    const texts = { stderr: "", use: "" };
    // Not /dev/null: grep stops there at its first match.
    child.stdout.resume();
    child.stderr.setEncoding("utf8").on("data", (text) => (texts.stderr += text));
    child.stdio[3].setEncoding("utf8").on("data", (text) => (texts.use += text));
    child.once("error", reject);
    child.once("close", (code) => {
      const wallMs = performance.now() - start;
      if (code !== 0 && code !== 1) reject(new Error(texts.stderr.trim() || `${file} ended with ${code}`));
      else if (file === process.execPath && code === 0) reject(new Error("a log without a report has one"));
      else resolve({ wallMs, answer: texts.use === "" ? {} : JSON.parse(texts.use) });
    });
  });
}

async function main() {
  const text = (value) => ({ type: "string", default: value });
  const { values } = parseArgs({ options: { rounds: text("3"), megabytes: text("500") } });
  const rounds = wholeNumber("rounds", values.rounds);
  console.log(
    [conditions(rounds), await oomScan(rounds, wholeNumber("megabytes", values.megabytes))].join("\n\n"),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    console.error(`bench: ${error.message}`);
    process.exitCode = 1;
  }
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inAlternation, lastJsonLine, runProgram } from "./harness.mjs";
import { bytesText, markdownTable, seconds } from "./markdown.mjs";
import { installMemlab } from "./memlab/install.mjs";
import { TRUE_BYTES } from "./subjects/session-4408.mjs";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const SUBJECT = path("subjects/session-4408.mjs");
const INSTANCES = 20_000;

const MEMLAB = "memlab, snapshot of 20,000 read by another process";
const MEMLAB_ALONE = "memlab, snapshot of 20,000 in one process";
const SLOPE = "bytesper measure --no-snapshot";
const CHECKED = "bytesper measure, with its snapshot";

/** Bytes of one session, asked of memlab and of bytesper: how right, how sure and how soon. */
export async function measureVsMemlab(rounds) {
  const absent = await installMemlab();
  const contestants = [
    { name: SLOPE, run: () => ours(["--no-snapshot"]) },
    { name: CHECKED, run: () => ours([]) },
  ];
  if (absent === undefined) {
    contestants.unshift({ name: MEMLAB, run: memlab }, { name: MEMLAB_ALONE, run: memlabAlone });
  }
  const results = await inAlternation(contestants, rounds);
  const peers = [results.get(MEMLAB), results.get(MEMLAB_ALONE)];
  const rows = [...results].map(([name, result]) => {
    const faster = absent === undefined && !name.startsWith("memlab") ? ratios(peers, result) : "";
    const worst = Math.max(...result.answers.map(({ value }) => Math.abs(value - TRUE_BYTES)));
    const { low, high } = result.answers.at(-1);
    const interval = low === undefined ? "none" : `${bytesText(low)} to ${bytesText(high)}`;
    return [name, answersText(result), interval, bytesText(worst), seconds(result), faster];
  });
  const head = [
    "route",
    "bytes per session",
    "interval",
    "worst error, bytes",
    "time",
    "faster than memlab, by route",
  ];
  return [
    "## Bytes per instance against memlab",
    `One session of 20 messages with 100 characters; ${bytesText(TRUE_BYTES)} bytes by its object layout (Node 20).`,
    ...(absent === undefined ? [] : [`Skipped the peer: ${absent}.`]),
    markdownTable(head, rows),
    [
      "memlab: the retained sizes of the class, added up over dominators, from a snapshot that the process of the",
      "instances writes (v8.writeHeapSnapshot) and another reads, or that memlab takes itself (takeNodeFullHeap).",
      "bytesper: the whole command, with calibration, null control and five processes.",
    ].join("\n"),
  ].join("\n\n");
}

async function memlab() {
  const folder = mkdtempSync(join(tmpdir(), "bytesper-bench-"));
  const file = join(folder, "population.heapsnapshot");
  try {
    const count = INSTANCES.toString();
    const written = await runProgram(process.execPath, [
      path("memlab/take-snapshot.mjs"),
      SUBJECT,
      count,
      file,
    ]);
    const read = await runProgram(process.execPath, [path("memlab/read-snapshot.mjs"), file, "Session"]);
    return { wallMs: written.wallMs + read.wallMs, answer: memlabAnswer(read.stdout) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function memlabAlone() {
  const args = [path("memlab/own-process.mjs"), SUBJECT, INSTANCES.toString(), "Session"];
  const { wallMs, stdout } = await runProgram(process.execPath, args);
  return { wallMs, answer: memlabAnswer(stdout) };
}

function memlabAnswer(stdout) {
  const { count, bytes } = lastJsonLine(stdout);
  if (count !== INSTANCES) throw new Error(`memlab found ${count} of ${INSTANCES} instances`);
  return { value: bytes / count };
}

async function ours(flags) {
  const args = [path("../dist/cli/main.js"), "measure", SUBJECT, "--json", ...flags];
  const { wallMs, stdout } = await runProgram(process.execPath, args);
  return { wallMs, answer: JSON.parse(stdout).fit.perUnitBytes };
}

/** One number where all runs agree, else the range. */
function answersText({ answers }) {
  const values = answers.map(({ value }) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? bytesText(low) : `${bytesText(low)} to ${bytesText(high)}`;
}

/** How many times faster than each of memlab's routes. */
function ratios(peers, own) {
  return peers.map((peer) => `${(peer.medianMs / own.medianMs).toFixed(1)} times`).join(", ");
}

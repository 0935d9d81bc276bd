import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inAlternation, lastJsonLine, runProgram } from "../harness.mjs";
import { bytesText, markdownTable, seconds } from "../markdown.mjs";
import { installMemlab } from "../memlab/install.mjs";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const PEAK = pathToFileURL(path("peak.mjs")).href;
const SESSIONS = 60_000;
/** As much as memlab's process may need for a file of this size. */
const MEMLAB_HEAP = "--max-old-space-size=12000";

/** Time and memory to read one snapshot file: `bytesper snapshot` against memlab. */
export async function snapshotVsMemlab(rounds, sessions = SESSIONS) {
  const absent = await installMemlab();
  const folder = mkdtempSync(join(tmpdir(), "bytesper-bench-"));
  const file = join(folder, "sessions.heapsnapshot");
  try {
    await runProgram(process.execPath, [path("make.mjs"), String(sessions), file]);
    const size = statSync(file).size;
    const contestants = [
      {
        name: "bytesper snapshot",
        run: () => reading([path("../../dist/cli/main.js"), "snapshot", file, "--json"], ours),
      },
    ];
    if (absent === undefined)
      contestants.unshift({
        name: "memlab",
        run: () => reading([MEMLAB_HEAP, path("../memlab/read-snapshot.mjs"), file, "Session"], lastJsonLine),
      });
    const results = await inAlternation(contestants, rounds);
    const peer = results.get("memlab");
    const rows = [...results].map(([name, result]) => {
      const peak = Math.max(...result.answers.map(({ peakBytes }) => peakBytes));
      const { count, bytes } = result.answers[0].found;
      const faster = peer === undefined ? "" : `${(peer.medianMs / result.medianMs).toFixed(1)} times`;
      return [
        name,
        seconds(result),
        faster,
        `${megabytes(peak)} MB`,
        `${(peak / size).toFixed(2)} times`,
        `${bytesText(count)}, ${bytesText(bytes)}`,
      ];
    });
    return [
      "## A heap snapshot file against memlab",
      `A file of ${megabytes(size)} MB with ${bytesText(sessions)} sessions. Memory is the highest resident size of the process.`,
      ...(absent === undefined ? [] : [`Skipped the peer: ${absent}.`]),
      markdownTable(
        [
          "route",
          "time",
          "faster than memlab",
          "most memory",
          "of the file's size",
          "sessions, retained bytes",
        ],
        rows,
      ),
    ].join("\n\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const megabytes = (bytes) => (bytes / 1e6).toFixed(0);

/** Runs a reader, and answers what it found and its highest resident size. */
async function reading(args, answerOf) {
  const folder = mkdtempSync(join(tmpdir(), "bytesper-bench-"));
  const file = join(folder, "peak");
  try {
    process.env.BENCH_PEAK_FILE = file;
    const { wallMs, stdout } = await runProgram(process.execPath, ["--import", PEAK, ...args]);
    return { wallMs, answer: { peakBytes: Number(readFileSync(file, "utf8")), found: answerOf(stdout) } };
  } finally {
    delete process.env.BENCH_PEAK_FILE;
    rmSync(folder, { recursive: true, force: true });
  }
}

function ours(output) {
  const { count, retainedBytes } = JSON.parse(output).classes.find(({ name }) => name === "Session");
  return { count, bytes: retainedBytes };
}

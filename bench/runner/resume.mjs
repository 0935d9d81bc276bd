import { spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { environmentOf } from "../../dist/runner/environment.js";
import { settingsOf } from "../../dist/runner/engine/request.js";
import { openGrid } from "../../dist/runner/engine/run.js";
import { Journal } from "../../dist/runner/journal/journal.js";
import { ownIdentity } from "../../dist/system/owner.js";
import { inAlternation, runProgram } from "../harness.mjs";
import { markdownTable, seconds } from "../markdown.mjs";
import { endOf } from "./records.mjs";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const FINISHED = 100;
/** Records with one write. */
const BATCH = 1000;

const NODE = "node -e 0";
const HELP = "bytesper --version";
const PLAN = "bytesper resume --dry-run --json";
const RESUME = "bytesper resume, until its first cell starts";

/** How soon a large grid goes on after its runner was killed. */
export async function resumeLargeGrid(rounds, cells) {
  const folder = mkdtempSync(join(tmpdir(), "bytesper-bench-"));
  try {
    const template = join(folder, "template");
    const records = await killedRun(folder, template, cells);
    const bytes = statSync(join(template, "journal.jsonl")).size;
    const whole = (args) => async () => runProgram(process.execPath, args);
    const contestants = [
      { name: NODE, run: whole(["-e", "0"]) },
      { name: HELP, run: whole([MAIN, "--version"]) },
      { name: PLAN, run: whole([MAIN, "resume", template, "--dry-run", "--json"]) },
      { name: RESUME, run: () => untilFirstCell(template, join(folder, "copy"), records) },
    ];
    const results = await inAlternation(contestants, rounds);
    const { medianMs: nodeMs } = results.get(NODE);
    const rows = [...results].map(([name, timing]) => [
      name,
      seconds(timing),
      (timing.medianMs / nodeMs).toFixed(1),
    ]);
    return [
      `### A grid of ${cells} cells goes on`,
      `${FINISHED} of them are finished; the journal has ${records} records, ${(bytes / 2 ** 20).toFixed(1)} MiB. Each cell is \`node cell.mjs N\`.`,
      markdownTable(["what", "time", `over ${NODE}`], rows),
    ].join("\n\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes what a runner leaves that was killed between two cells. Returns the number of records. */
async function killedRun(folder, out, cells) {
  const file = join(folder, "large.experiment.mjs");
  writeFileSync(
    join(folder, "cell.mjs"),
    "console.log(JSON.stringify({ answer: Number(process.argv[2]) }));\n",
  );
  const factors = `{ n: Array.from({ length: ${cells} }, (_, index) => index + 1) }`;
  const command = JSON.stringify([process.execPath, "cell.mjs", "{n}"]);
  writeFileSync(
    file,
    `export default { name: "large", unit: "process", factors: ${factors}, command: ${command} };\n`,
  );
  const request = {
    experiments: [{ file, shipped: false }],
    quick: false,
    minimal: false,
    only: [],
    filter: {},
    compilers: "off",
    device: "auto",
    trials: 1,
    seed: 1,
    timeoutMs: 60_000,
    executor: "local",
    moreMemory: 1,
  };
  const grid = await openGrid(request, { notice: () => undefined });
  const [{ record, cells: planned }] = grid.experiments;
  mkdirSync(out);
  const journal = Journal.create(out, "large");
  let written = 0;
  const append = (records) => {
    for (let start = 0; start < records.length; start += BATCH)
      journal.append(...records.slice(start, start + BATCH));
    written += records.length;
  };
  try {
    const enforcement = { kind: "none", description: "none", ladder: [] };
    append([
      {
        type: "run",
        schema: "bytesper/journal@1",
        runId: "large",
        request,
        environment: environmentOf("off", process.cwd(), "none"),
        settings: settingsOf(request),
        enforcement,
      },
      // Of no process that runs: this one started later.
      { type: "runner", owner: { ...ownIdentity(), startTicks: 1 }, command: "run", moreMemory: 1 },
      { type: "experiment", ...record },
    ]);
    append(
      planned.map(({ experiment, cell, trial, role, factors, instances, label }) => {
        return {
          type: "planned",
          experiment,
          cell,
          trial,
          role,
          factors,
          instances,
          label,
          reason: "not run yet",
        };
      }),
    );
    append(
      planned.slice(0, FINISHED).flatMap(({ experiment, cell, trial, factors }) => {
        const unit = { experiment, cell, trial, attempt: 1 };
        return [
          { type: "started", ...unit, beside: 0 },
          { type: "finished", ...unit, beside: false, end: endOf(factors.n) },
        ];
      }),
    );
    return written;
  } finally {
    journal.close();
    grid.dispose();
  }
}

/** From the start of the process to the record that says that its first cell starts; then it is interrupted. */
async function untilFirstCell(template, out, records) {
  rmSync(out, { recursive: true, force: true });
  cpSync(template, out, { recursive: true, verbatimSymlinks: true });
  const path = join(out, "runs", "large.jsonl");
  const { size } = statSync(path);
  const clock = performance.timeOrigin;
  const began = performance.now();
  const child = spawn(process.execPath, [MAIN, "resume", out, "--slots", "1"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (said += text));
  const closed = new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  const startedAt = await new Promise((resolve, reject) => {
    const watcher = watch(path, () => {
      const started = newRecords(path, size).find(({ type }) => type === "started");
      if (started !== undefined) finish(() => resolve(Date.parse(started.at)));
    });
    const finish = (settle) => {
      watcher.close();
      settle();
    };
    void closed.then((code) =>
      finish(() => reject(new Error(`resume ended with ${code} before its first cell: ${said.trim()}`))),
    );
  });
  child.kill("SIGINT");
  await closed;
  rmSync(out, { recursive: true, force: true });
  return { wallMs: startedAt - clock - began, answer: records };
}

function newRecords(path, size) {
  const lines = readFileSync(path).subarray(size).toString("utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}

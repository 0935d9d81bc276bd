/**
 * Reading and analysing a write log of 100 MB, against programs that only split it and count its actions:
 * node bench/writelog/scan.mjs [ROUNDS]
 */
import { spawnSync } from "node:child_process";
import { createWriteStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inAlternation, runProgram } from "../harness.mjs";
import { markdownTable, seconds } from "../markdown.mjs";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const BYTES = 100e6;
const RUN_ROWS = 20_000;
const HEADER =
  "step,action,reason,sim_max,surprise,surp_norm,entropy,topk,used_key_id,shadow_size,mem_size\n";

const PYTHON = `import collections, csv, json, sys
with open(sys.argv[1], newline="") as log:
    rows = csv.reader(log)
    next(rows)
    print(json.dumps(collections.Counter(row[1] for row in rows)))`;
const AWK = `NR > 1 { count[$2]++ } END { for (action in count) print action, count[action] }`;

/** Rows of a run in four layouts, with scores of 16 digits as Python prints them. */
function runText(seed) {
  const rows = ["56,defer,warmup,,,,,6,,0,0", "210,commit,add,-1.0,,,1.0,6,,0,1"];
  for (let n = 0; n < RUN_ROWS; n++) {
    const score = (0.3 + ((n * 7919 + seed * 104729) % 1000003) / 4e6).toFixed(16);
    const step = 211 + n;
    if (n % 3 === 0) rows.push(`${step},stage,staged,,,,,6,,1,1,0.0874`);
    else if (n % 3 === 1) rows.push(`${step},merge,near_merge,${score},${score},,1.0,6,0,0,1`);
    else
      rows.push(
        `${step},merge,near_merge_k3,${score},${score},${score},1.0,1.0,6,0,0,1,7.225000262260437e-05,${score},0.3405`,
      );
  }
  return `${rows.join("\n")}\n`;
}

async function makeLog(path) {
  const file = createWriteStream(path);
  file.write(HEADER);
  for (let seed = 0, bytes = 0; bytes < BYTES; seed++) {
    const text = runText(seed);
    bytes += text.length;
    if (!file.write(text)) await once(file, "drain");
  }
  file.end();
  await once(file, "finish");
}

/** As Markdown. */
export async function writelogScan(rounds) {
  const folder = mkdtempSync(join(tmpdir(), "bytesper-bench-"));
  try {
    const log = join(folder, "log.csv");
    await makeLog(log);
    const has = (program) => spawnSync(program, ["--version"]).error === undefined;
    const contestants = [
      {
        name: "bytesper writes",
        run: async () => {
          const { wallMs, stdout } = await runProgram(process.execPath, [MAIN, "writes", log, "--json"]);
          return { wallMs, answer: JSON.parse(stdout).actions.merge };
        },
      },
      ...(has("python3")
        ? [
            {
              name: "Python csv.reader and Counter",
              run: async () => {
                const { wallMs, stdout } = await runProgram("python3", ["-c", PYTHON, log]);
                return { wallMs, answer: JSON.parse(stdout).merge };
              },
            },
          ]
        : []),
      ...(has("awk")
        ? [
            {
              name: "awk",
              run: async () => {
                const { wallMs, stdout } = await runProgram("awk", ["-F,", AWK, log]);
                return { wallMs, answer: Number(/^merge (\d+)/m.exec(stdout)?.[1]) };
              },
            },
          ]
        : []),
    ];
    const results = await inAlternation(contestants, rounds);
    const [first] = results.get("bytesper writes").answers;
    const megabytes = statSync(log).size / 1e6;
    const own = results.get("bytesper writes").medianMs;
    const rows = [...results].map(([name, timing]) => {
      if (timing.answers.some((answer) => answer !== first)) throw new Error(`${name} counts other merges`);
      const speed = ((1000 * megabytes) / timing.medianMs).toFixed(0);
      return [name, seconds(timing), `${speed} MB/s`, (timing.medianMs / own).toFixed(2)];
    });
    return [
      "## A write log",
      `${megabytes.toFixed(0)} MB of rows in four layouts. The peers split lines at commas and count actions; bytesper also places every row, reads its scores and tells the runs apart. Programs start anew each time.`,
      markdownTable(["program", "time", "speed", "against bytesper"], rows),
    ].join("\n\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  console.log(await writelogScan(Number(process.argv[2] ?? 3)));

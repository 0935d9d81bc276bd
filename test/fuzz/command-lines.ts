import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { Command, CommanderError } from "commander";
import fc from "fast-check";
import { addCompare } from "../../src/cli/compare.js";
import { addEstimate } from "../../src/cli/estimate.js";
import { addExplainOom } from "../../src/cli/explain-oom.js";
import { addMeasure } from "../../src/cli/measure.js";
import { addPaper } from "../../src/cli/paper.js";
import { addReport } from "../../src/cli/report.js";
import { addRun } from "../../src/cli/run.js";
import { addSimulateContext } from "../../src/cli/simulate-context.js";
import { addStatus } from "../../src/cli/status.js";
import { addWrites } from "../../src/cli/writes.js";
import { TINY } from "../unit/model/configs.js";
import { sampleResult } from "../unit/report/sample.js";
import { commandRecords, FOLDER, journalOf } from "./documents.js";
import { hostileText } from "./mutate.js";
import { Finding, requireNumbers, unlessRefusedLater } from "./oracle.js";

/** Commands that end by themselves and write to the folder of this process alone. */
const COMMANDS: Record<string, readonly (readonly string[])[]> = {
  compare: [["results", "results"]],
  estimate: [
    ["config.json", "--tokens", "100"],
    ["config.json", "--tokens", "100", "--capacity", "1GiB"],
  ],
  "explain-oom": [["log.txt"], ["log.txt", "--model", "config.json"]],
  paper: [["paper.md", "--results", "results", "--check"]],
  report: [["journal", "--out", "results"]],
  run: [["grid.experiment.mjs", "--dry-run"]],
  "simulate-context": [["--turns", "2", "--measure", "0", "--model", "config.json"]],
  status: [["journal"]],
  writes: [["log.csv"]],
  measure: [["nothing.mjs", "--trials", "1"]],
};

const FILES: Record<string, string | Buffer> = {
  "config.json": JSON.stringify(TINY),
  "log.txt":
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 14.74 GiB of which 1.12 GiB is free.\n",
  "log.csv": "step,action,reason,mem_size\n210,commit,add,1\n220,merge,near_merge,1\n",
  "paper.md": "It costs <!-- bytesper:value session-scaling.fit.perUnitBytes -->?<!-- /bytesper -->.\n",
  "grid.experiment.mjs":
    'export default { name: "g", unit: "x", factors: { n: [1, 2] }, command: ["/bin/echo", "{n}"] };\n',
  "results/session-scaling/result.json": JSON.stringify({ ...sampleResult(), complete: true, missing: [] }),
  "results/summary.json": '{ "schema": "bytesper/summary@1" }\n',
  journal: journalOf(commandRecords()),
};

let isWritten = false;

const OPTIONS = [
  ...["--json", "--markdown", "--tokens", "--capacity", "--model", "--batch", "--dtype", "--out", "--filter"],
  ...[
    "--slots",
    "--trials",
    "--seed",
    "--timeout",
    "--only",
    "--enforcement",
    "--soft-memory",
    "--disk-reserve",
  ],
  ...[
    "--device-cap",
    "--policy",
    "--turns",
    "--attention",
    "--steps",
    "--layout",
    "--summary",
    "--help",
    "--",
  ],
  ...["--runtime", "--training", "--kills", "--executor", "--logits", "--device", "--workload", "--results"],
  ...[
    "--cache-dtype",
    "--tensor-parallel",
    "--pipeline-parallel",
    "--shared-prefix",
    "--optimizer",
    "--lora",
  ],
];
const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...OPTIONS) },
  { weight: 2, arbitrary: fc.constantFrom(...Object.keys(FILES), ".", "missing", "/dev/null", "/etc") },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...[
        "0",
        "1",
        "-1",
        "1.5",
        "1e3",
        "NaN",
        "Infinity",
        "9".repeat(30),
        "1GiB",
        "0 GiB",
        "1e400 GiB",
        "10%",
        "NaN %",
      ],
      ...[
        "n=1",
        "n=",
        "=1",
        "n",
        "1,2",
        ",",
        "1:2",
        "2:1",
        "30 d",
        "2h",
        "0 s",
        "fp16",
        "flash",
        "cuda:0",
        "x/y/z",
      ],
    ),
  },
  { weight: 2, arbitrary: hostileText },
);

/** A command line that works, with words put into it, taken out of it and put for others. */
export const commandWords: fc.Arbitrary<string[]> = fc
  .tuple(
    fc.constantFrom(
      ...Object.entries(COMMANDS).flatMap(([name, lines]) => lines.map((line) => [name, ...line])),
    ),
    fc.array(fc.tuple(fc.nat(), word, fc.constantFrom("insert", "replace", "drop")), {
      minLength: 1,
      maxLength: 4,
    }),
  )
  .map(([line, edits]) => {
    const words = [...line];
    for (const [at, text, how] of edits) {
      const place = 1 + (at % words.length);
      words.splice(place, how === "insert" ? 0 : 1, ...(how === "drop" ? [] : [text]));
    }
    return words;
  });

/** Runs a command line in this process. */
export async function commandLine(words: readonly string[]): Promise<void> {
  if (!isWritten) writeFiles();
  // Where they would write, run for long, or leave this process.
  if (words[0] === "run" && !words.includes("--dry-run")) return;
  if (words.includes("--training") || words.some((each) => each.startsWith("--fig"))) return;
  const program = new Command("bytesper")
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  for (const add of [
    addCompare,
    addEstimate,
    addExplainOom,
    addMeasure,
    addPaper,
    addReport,
    addRun,
    addSimulateContext,
    addStatus,
    addWrites,
  ])
    add(program);
  const place = process.cwd();
  const streams = [process.stdout, process.stderr];
  let output = "";
  const keep = (chunk: string | Uint8Array): boolean => {
    output += String(chunk);
    return true;
  };
  // An own property hides the method of the class until it is removed.
  for (const stream of streams) Object.defineProperty(stream, "write", { value: keep, configurable: true });
  process.chdir(FOLDER);
  // Without a file some commands read what is typed, and nobody types here.
  Object.defineProperty(process, "stdin", { value: Readable.from([]), configurable: true });
  try {
    await unlessRefusedLater(async () => {
      try {
        await program.parseAsync(words, { from: "user" });
      } catch (error) {
        if (!(error instanceof CommanderError)) throw error;
      }
    });
  } finally {
    process.chdir(place);
    for (const stream of streams) Reflect.deleteProperty(stream, "write");
    process.exitCode = 0;
    process.removeAllListeners("SIGINT");
    process.removeAllListeners("SIGTERM");
  }
  if (!words.some((each) => /NaN|Infinity|undefined/.test(each))) requireNumbers(output, "the output");
  if (/This is a defect/.test(output)) throw new Finding(output);
}

function writeFiles(): void {
  isWritten = true;
  for (const [name, content] of Object.entries(FILES)) {
    const path = join(FOLDER, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, content);
  }
}

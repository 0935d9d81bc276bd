/**
 * Every benchmark against its peer, as Markdown on stdout:
 * node bench/main.mjs [--rounds N] [--write FILE]
 */
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { attentionVsPeers } from "./attention/table.mjs";
import { contextReplan } from "./context/replan.mjs";
import { guardCheck } from "./guard/check.mjs";
import { conditions } from "./markdown.mjs";
import { measureVsMemlab } from "./measure-vs-memlab.mjs";
import { oomScan } from "./oom/scan.mjs";
import { runnerCost } from "./runner/table.mjs";
import { sessionVsTracemalloc } from "./session-vs-tracemalloc.mjs";
import { snapshotVsMemlab } from "./snapshot/table.mjs";
import { writelogScan } from "./writelog/scan.mjs";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, write: { type: "string" } },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1)
  throw new Error(`--rounds must be a whole number from 1, not ${values.rounds}`);

const attention = (rounds) =>
  attentionVsPeers(rounds, { sizes: [1024, 2048, 4096], threads: availableParallelism(), runs: 5 });
const runner = (rounds) => runnerCost(rounds, { cells: 1000, large: 10_000 });
const parts = ["# Benchmarks", conditions(rounds)];
try {
  for (const benchmark of [
    measureVsMemlab,
    sessionVsTracemalloc,
    snapshotVsMemlab,
    attention,
    runner,
    oomScan,
    contextReplan,
    guardCheck,
    writelogScan,
  ])
    parts.push(await benchmark(rounds));
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exit(1);
}
const page = `${parts.join("\n\n")}\n`;
process.stdout.write(page);
if (values.write !== undefined) writeFileSync(values.write, page);

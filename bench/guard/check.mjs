/**
 * Time of a guard's check beside the calls that it spares, as Markdown on stdout:
 * node bench/guard/check.mjs [--rounds N]
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Bench } from "tinybench";
import { MemoryGuard, MemoryLog } from "../../dist/guard/index.js";
import { wholeNumber } from "../attention/options.mjs";
import { conditions, markdownTable } from "../markdown.mjs";

const PEER = "process.memoryUsage()";
const MS_EACH = 150;
/** Above what any machine has in use, below what it has. */
const NEVER = 0.999;

/** Five rules, as a loop might have: readings of the process, of the host, and numbers of its own. */
function newGuard(options = {}) {
  return new MemoryGuard({
    numbers: { activeFlows: null, maxActiveFlows: 50_000 },
    onEvent: () => undefined,
    rules: [
      { when: "activeFlows > 0.9 * maxActiveFlows", action: { skip: "visualise" } },
      { when: "activeFlows > 0.95 * maxActiveFlows", action: "block" },
      { when: `rssBytes > ${NEVER} * hostTotalBytes`, action: "block" },
      { when: `heapUsedBytes > ${NEVER} * heapLimitBytes`, action: "stop" },
      { when: "hostAvailableBytes < 1 MiB", action: "stop" },
    ],
    ...options,
  });
}

/** As Markdown. */
export async function guardCheck(rounds) {
  const steady = newGuard();
  const counting = newGuard();
  const off = new MemoryLog();
  const sampled = newGuard();
  const withPss = new MemoryGuard({ rules: [`pssBytes > ${NEVER} * hostTotalBytes`] });
  let flows = 0;
  const contestants = [
    ["step(), fresh readings", () => steady.step()],
    [
      "set(), step(), allows(), mayGrow()",
      () => {
        flows = (flows + 1) % 40_000;
        counting.set("activeFlows", flows);
        counting.step();
        return counting.allows("visualise") && counting.mayGrow();
      },
    ],
    ["log.state(), category off", () => off.state("step")],
    [PEER, () => process.memoryUsage()],
    ["process.memoryUsage.rss()", () => process.memoryUsage.rss()],
    ["v8.getHeapStatistics()", () => getHeapStatistics()],
    ["sample() of the five rules", () => sampled.sample()],
    ["sample() of PSS", () => withPss.sample()],
  ];
  const medians = new Map(contestants.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const bench = new Bench({ time: MS_EACH, warmupTime: 20 });
    for (const [name, run] of contestants) bench.add(name, run);
    await bench.run();
    for (const task of bench.tasks) medians.get(task.name).push(task.result.latency.mean * 1000);
  }
  const us = new Map([...medians].map(([name, values]) => [name, median(values)]));
  const rows = [...us].map(([name, value]) => [
    name,
    value.toFixed(2),
    `${((100 * value) / us.get(PEER)).toFixed(1)} %`,
  ]);
  const { perSample, perGuard } = ownBytes();
  return [
    "## What a guard's check costs",
    "Five rules, one sample each 250 ms. A row is the mean time of one call, median over the rounds, with the loop of the benchmark in it. The peer reads the process's memory at every step, as a loop without a guard does.",
    markdownTable(["call", "us", `of ${PEER}`], rows),
    `A sample leaves ${perSample.toFixed(0)} bytes on V8's heap after a collection, and a guard with five rules holds ${(perGuard / 1024).toFixed(1)} KiB.`,
  ].join("\n\n");
}

/** Bytes of V8's heap after full collections. */
function ownBytes() {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  const used = () => {
    collect();
    collect();
    return process.memoryUsage().heapUsed;
  };
  const guard = newGuard();
  for (let sample = 0; sample < 200; sample++) guard.sample();
  const samples = 2000;
  const beforeSamples = used();
  for (let sample = 0; sample < samples; sample++) guard.sample();
  const perSample = (used() - beforeSamples) / samples;
  const kept = [];
  const guards = 50;
  const beforeGuards = used();
  for (let count = 0; count < guards; count++) kept.push(newGuard());
  const perGuard = (used() - beforeGuards) / guards;
  return { perSample: Math.max(0, perSample), perGuard: kept.length > 0 ? perGuard : 0 };
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { rounds: { type: "string", default: "3" } } });
  const rounds = wholeNumber("rounds", values.rounds);
  console.log([conditions(rounds), await guardCheck(rounds)].join("\n\n"));
}

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ProgramAnswer, ProgramContext } from "bytesper";
import { WriteLog } from "../subjects/gated-memory/write-log.js";
import { STREAM_DEFAULTS } from "../subjects/gated-memory/stream.js";
import type { GatedMemorySettings } from "../subjects/gated-memory/settings.js";
import { bytesPerItem, estimatedBytesPerItem } from "./memory-writes-bytes.js";
import { FULL, QUICK } from "./memory-writes-plan.js";
import type { MemoryRun, RunRequest } from "./memory-writes-run.js";
import { meanOf, rowsOf, runMemory, seedsOf, sizeAt, spread } from "./memory-writes-run.js";

/** If set, each threshold writes the log of its first stream into this folder. */
const LOGS = process.env.BYTESPER_WRITES_LOGS;

/** Runs one threshold on several streams. */
export function run({ factors, seed, quick, emit }: ProgramContext): ProgramAnswer {
  const { steps, sweepSeeds } = quick ? QUICK : FULL;
  const nearMergeThr = Number(factors.near_merge_thr);
  const runs = seedsOf(seed, sweepSeeds).map((each, index) => {
    const request = { seed: each, steps, memory: { nearMergeThr } };
    return index === 0 && LOGS !== undefined ? logged(request, LOGS) : runMemory(request);
  });
  const [first] = runs as [MemoryRun];
  emit({ seed: seedsOf(seed, 1)[0], rows: Object.fromEntries(first.rows) });
  const mean = (value: (run: MemoryRun) => number): number => meanOf(runs.map(value));
  const { memory } = runs.at(-1) as MemoryRun;
  const sizes = runs.map((each) => each.memory.size);
  const estimate = estimatedBytesPerItem(memory);
  const bytes = bytesPerItem(memory);
  const stages = mean((each) => rowsOf(each, "stage"));
  const promotions = mean((each) => rowsOf(each, "promote"));
  return {
    readings: {
      ...spread("memSize", sizes),
      memSizeQuarter: mean((each) => sizeAt(each, 1 / 4)),
      memSizeHalf: mean((each) => sizeAt(each, 1 / 2)),
      expected: expectedSize(memory.settings, steps),
      mergeShare: mean((each) => rowsOf(each, "merge") / rowsOf(each)),
      stages,
      promotions,
      promotePerStage: stages === 0 ? { absent: "nothing was staged" } : promotions / stages,
      bytesPerItemBytes: bytes,
      estimateBytes: estimate,
      measuredOverEstimate: typeof bytes === "number" ? bytes / estimate : bytes,
    },
    series: [{ reading: "memSize", over: "step", points: first.curve }],
  };
}

function logged(request: RunRequest & { memory: Partial<GatedMemorySettings> }, folder: string): MemoryRun {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `near-merge-${String(request.memory.nearMergeThr)}.csv`);
  const log = new WriteLog(file);
  try {
    return runMemory({
      ...request,
      sink: (decision) => {
        log.write(decision);
      },
    });
  } finally {
    log.close();
  }
}

/**
 * Number of items by formula, if every similarity were as expected. A cluster is full as soon as a new event has m
 * items of the cluster and k - m others near it whose mean similarity reaches the threshold: m within + (k - m)
 * shared >= k threshold. If no m is enough, only the limit on writes applies.
 */
function expectedSize(
  { nearMergeThr, mergeNeighbours, writePer100, warmupSteps }: GatedMemorySettings,
  steps: number,
): number {
  const { within, shared, clusters } = STREAM_DEFAULTS;
  const budget = Math.ceil(((steps - warmupSteps) * writePer100) / 100);
  for (let own = 0; own <= mergeNeighbours; own++) {
    const similarity = (own * within + (mergeNeighbours - own) * shared) / mergeNeighbours;
    if (similarity >= nearMergeThr) return Math.min(budget, Math.max(1, own * clusters));
  }
  return budget;
}

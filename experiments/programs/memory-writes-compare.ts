import { DEFAULTS } from "../subjects/gated-memory/settings.js";
import { STREAM_DEFAULTS } from "../subjects/gated-memory/stream.js";
import { predictedSize } from "./memory-writes-overlaps.js";
import { LOW } from "./memory-writes-plan.js";
import type { MemoryRun, RunRequest } from "./memory-writes-run.js";
import { runMemory } from "./memory-writes-run.js";

/** A stream, and a memory at the low threshold. */
export type Setting = Pick<RunRequest, "memory" | "stream">;

/** Runs of a setting, and for as many streams the sizes that random directions predict. */
export function compared(
  setting: Setting,
  steps: number,
  seeds: readonly number[],
): { runs: MemoryRun[]; predicted: number[] } {
  const memory = { nearMergeThr: LOW, ...setting.memory };
  const { warmupSteps, entropyFloor, dimension, mergeNeighbours, writePer100 } = { ...DEFAULTS, ...memory };
  const stream = { ...STREAM_DEFAULTS, ...setting.stream };
  const belowFloor = (entropyFloor - stream.lowestEntropy) / (1 - stream.lowestEntropy);
  const model = {
    dimension,
    clusters: stream.clusters,
    within: stream.within,
    shared: stream.shared,
    eventsPerStep: stream.eventsPerStep * (1 - Math.min(1, Math.max(0, belowFloor))),
    steps: steps - warmupSteps,
    threshold: memory.nearMergeThr,
    neighbours: mergeNeighbours,
    per100: writePer100,
  };
  return {
    runs: seeds.map((seed) => runMemory({ ...setting, memory, seed, steps })),
    // The seeds differ from those of the streams: only the settings are shared.
    predicted: seeds.map((seed) => predictedSize(model, seed + 500_000)),
  };
}

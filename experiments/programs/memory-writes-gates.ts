import type { ProgramAnswer, ProgramContext, ProgramReading } from "bytesper";
import type { GatedMemorySettings } from "../subjects/gated-memory/settings.js";
import type { StreamSettings } from "../subjects/gated-memory/stream.js";
import { COMPETING, NEAR_MERGE_ALONE, NEAR_MERGE_OFF, VARIANTS } from "./memory-writes-ablations.js";
import { compared } from "./memory-writes-compare.js";
import { FULL, QUICK } from "./memory-writes-plan.js";
import { meanOf, runMemory, seedsOf, spread } from "./memory-writes-run.js";
import { verdictOf } from "./memory-writes-verdict.js";

/** Actions of events that reached the near-merge gate. */
const PAST_FLOOR = new Set(["merge", "commit", "stage", "skip"]);

/** Turns each gate off in turn, on the same streams. */
export function run({ factors, seed, quick }: ProgramContext): ProgramAnswer {
  const { steps, gateSeeds, predictionSeeds } = quick ? QUICK : FULL;
  const threshold = Number(factors.near_merge_thr);
  const seeds = seedsOf(seed, gateSeeds);
  const similarities: number[] = [];
  const sizes = (
    changes: Partial<GatedMemorySettings>,
    { watched, stream = {} }: { watched?: number[]; stream?: Partial<StreamSettings> } = {},
  ): number[] =>
    seeds.map((each) => {
      const sink = ({ action, kSim }: { action: string; kSim?: number }): void => {
        if (watched !== undefined && kSim !== undefined && PAST_FLOOR.has(action)) watched.push(kSim);
      };
      const memory = { nearMergeThr: threshold, ...changes };
      return runMemory({ seed: each, steps, memory, stream, sink }).memory.size;
    });

  const allOn = sizes({}, { watched: similarities });
  const off = sizes(NEAR_MERGE_OFF.changes);
  const alone = sizes(NEAR_MERGE_ALONE.changes);
  const others = COMPETING.map(({ changes, ...named }) => ({ ...named, sizes: sizes(changes) }));
  const variants = VARIANTS.map(({ changes, ...named }) => ({ ...named, sizes: sizes(changes) }));
  const { runs, predicted } = compared(
    { memory: { nearMergeThr: threshold } },
    steps,
    seedsOf(seed, predictionSeeds),
  );
  const measured = runs.map(({ memory }) => memory.size);
  const unshared = sizes({}, { stream: { shared: 0 } });
  const evidence = {
    threshold,
    steps,
    allOn,
    off,
    alone,
    others,
    measured,
    predicted,
    unshared,
    similarities,
  };
  const verdict = verdictOf(evidence);
  const means: Record<string, ProgramReading> = {};
  for (const { reading, sizes: each } of [...others, ...variants]) means[reading] = meanOf(each);
  return {
    readings: {
      ...spread("allOn", allOn),
      [NEAR_MERGE_OFF.reading]: meanOf(off),
      [NEAR_MERGE_ALONE.reading]: meanOf(alone),
      ...means,
      predicted: meanOf(predicted),
      meanSimilarity: meanOf(similarities),
      aboveShare: verdict.aboveShare,
      confirmed: verdict.confirmed ? 1 : 0,
    },
    findings: [verdict.sentence],
  };
}

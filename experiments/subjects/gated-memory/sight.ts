import type { GatedMemorySettings } from "./settings.js";
import type { Neighbours, VectorBlock } from "./vector-block.js";

/** Similarities between a new event and the existing items, -1 to 1. */
export interface Sight {
  /** To the nearest item; -1 if there is none. */
  simMax: number;
  /** The value that the near-merge gate uses; absent if the gate is open. */
  kSim: number | undefined;
  /** Index of the nearest item; -1 if there is none. */
  nearest: number;
  /** 1 less the mean similarity to the `topk` nearest. */
  surprise: number | undefined;
}

export function look(keys: VectorBlock, embedding: Float32Array, settings: GatedMemorySettings): Sight {
  const found = keys.nearest(embedding);
  if (found.count === 0) return { simMax: -1, kSim: undefined, nearest: -1, surprise: undefined };
  return {
    simMax: meanOfFirst(found, 1),
    kSim: mergeSimilarity(found, settings),
    nearest: found.index[0] as number,
    surprise: 1 - meanOfFirst(found, settings.topk),
  };
}

function mergeSimilarity(
  found: Neighbours,
  { mergeNeighbours, fewNeighbours }: GatedMemorySettings,
): number | undefined {
  if (found.count >= mergeNeighbours || fewNeighbours === "mean") return meanOfFirst(found, mergeNeighbours);
  return fewNeighbours === "nearest" ? meanOfFirst(found, 1) : undefined;
}

/** In single precision, the product of equal directions may exceed 1 by 1e-7, so it is limited to 1. */
function meanOfFirst({ count, similarity }: Neighbours, most: number): number {
  const taken = Math.min(count, most);
  let sum = 0;
  for (let at = 0; at < taken; at++) sum += similarity[at] as number;
  return Math.max(-1, Math.min(1, sum / taken));
}

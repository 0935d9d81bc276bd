import type { SubjectContext } from "bytesper";
import { GatedMemory } from "./gated-memory.js";
import { events } from "./stream.js";

const ITEMS = 128;

/** A memory with `items` items (128 by default), to measure bytes per item. All gates are open while it is filled. */
export function create(index: number, { factors, seed }: SubjectContext): GatedMemory {
  const items = Number(factors.items ?? ITEMS);
  const memory = new GatedMemory({
    warmupSteps: 0,
    entropyFloor: 0,
    dupSkipThr: Infinity,
    nearMergeThr: Infinity,
    stageMidLow: Infinity,
    writePerTurn: Infinity,
    writePer100: Infinity,
    decayEvery: Infinity,
  });
  for (const event of events({ seed: 1000 * seed + index })) {
    if (memory.size === items) break;
    memory.write(event);
  }
  return memory;
}

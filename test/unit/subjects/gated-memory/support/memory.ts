import type { Decision, WriteEvent } from "../../../../../experiments/subjects/gated-memory/decision.js";
import type { MemoryItem } from "../../../../../experiments/subjects/gated-memory/item.js";
import { GatedMemory } from "../../../../../experiments/subjects/gated-memory/gated-memory.js";
import type { GatedMemorySettings } from "../../../../../experiments/subjects/gated-memory/settings.js";

/** The direction at an angle: two of them are as similar as the cosine of the angle between them. */
export function at(degrees: number): Float32Array {
  const angle = (degrees * Math.PI) / 180;
  return Float32Array.of(Math.cos(angle), Math.sin(angle));
}

/** The cosine of an angle in degrees. */
export function cos(degrees: number): number {
  return Math.cos((degrees * Math.PI) / 180);
}

/** A memory of the plane with every gate off, and what it told. */
export function planeMemory(changes: Partial<GatedMemorySettings> = {}): {
  memory: GatedMemory;
  told: Decision[];
  /** Offers a direction and says "action reason" of every row that this made. */
  offer: (degrees: number, event?: Partial<WriteEvent>, check?: (item: MemoryItem) => boolean) => string[];
} {
  const told: Decision[] = [];
  const memory = new GatedMemory({ ...ALL_OFF, dimension: 2, ...changes }, (decision) => told.push(decision));
  return {
    memory,
    told,
    offer: (degrees, event = {}, check = () => true) => {
      const before = told.length;
      memory.write({ step: 0, embedding: at(degrees), entropy: 1, ...event }, check);
      return told.slice(before).map(({ action, reason }) => `${action} ${reason}`);
    },
  };
}

export const ALL_OFF: Partial<GatedMemorySettings> = {
  warmupSteps: 0,
  entropyFloor: 0,
  dupSkipThr: Infinity,
  nearMergeThr: Infinity,
  stageMidLow: Infinity,
  writePerTurn: Infinity,
  writePer100: Infinity,
  promoteEvery: Infinity,
  decayEvery: Infinity,
};

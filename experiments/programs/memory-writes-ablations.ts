import type { GatedMemorySettings } from "../subjects/gated-memory/settings.js";

type Changes = Partial<GatedMemorySettings>;

/** One gate turned off: the name of its reading, a title, and the settings. */
export interface Ablation {
  reading: string;
  title: string;
  changes: Changes;
}

/** All gates except near merge. If one of them limited the memory, the memory would grow without it. */
export const COMPETING: readonly Ablation[] = [
  { reading: "warmupOff", title: "warm-up off", changes: { warmupSteps: 0 } },
  { reading: "entropyFloorOff", title: "entropy floor off", changes: { entropyFloor: 0 } },
  { reading: "duplicateSkipOff", title: "duplicate skip off", changes: { dupSkipThr: Infinity } },
  { reading: "stagingOff", title: "staging off", changes: { stageMidLow: Infinity } },
  { reading: "writePerTurnOff", title: "write_per_turn off", changes: { writePerTurn: Infinity } },
  { reading: "writePer100Off", title: "write_per_100 off", changes: { writePer100: Infinity } },
  { reading: "decayOff", title: "decay off", changes: { decayEvery: Infinity } },
];

export const NEAR_MERGE_OFF: Ablation = {
  reading: "nearMergeOff",
  title: "near merge off",
  changes: { nearMergeThr: Infinity },
};

export const NEAR_MERGE_ALONE: Ablation = {
  reading: "nearMergeAlone",
  title: "near merge alone",
  changes: Object.assign({}, ...COMPETING.map(({ changes }) => changes)) as Changes,
};

/** Other possible forms of the near-merge gate. */
export const VARIANTS: readonly Ablation[] = [
  { reading: "openBelow3", title: "near merge open below 3 items", changes: { fewNeighbours: "open" } },
  { reading: "keysMove", title: "merges move keys", changes: { keyBlend: 0.2 } },
];

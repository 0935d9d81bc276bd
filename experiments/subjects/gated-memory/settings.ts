/** What happens while the memory holds fewer items than the near-merge gate takes the mean over. */
export type FewNeighbours =
  /** The nearest item alone decides; real logs show this: their `k3_sim` equals `sim_max` at 2 items. */
  | "nearest"
  /** The mean over the items that there are. */
  | "mean"
  /** The gate is open until there are enough. */
  | "open";

/** The knobs of a gated memory. `Infinity` as a threshold, a limit or a period switches that gate off. */
export interface GatedMemorySettings {
  /** Numbers in an embedding. */
  dimension: number;
  /** Items at most; the weakest makes room. */
  maxItems: number;
  /** Staged items at most; the worst makes room. */
  shadowBankCap: number;
  /** Commits in one step at most. */
  writePerTurn: number;
  /** The most commits and promotions in any window of 100 steps. */
  writePer100: number;
  /** Similarity to the nearest item from which a newcomer is a duplicate. */
  dupSkipThr: number;
  /** Mean similarity to the nearest items from which a newcomer is merged. */
  nearMergeThr: number;
  /** Items that the near-merge gate takes the mean over: 1 logs `near_merge`, 3 logs `near_merge_k3`. */
  mergeNeighbours: number;
  fewNeighbours: FewNeighbours;
  /** Similarity to the nearest item from which a newcomer is staged instead of committed. */
  stageMidLow: number;
  /** Entropy below which the producer is too sure for the event to be worth keeping; 0 switches the gate off. */
  entropyFloor: number;
  /** Steps before the first write. */
  warmupSteps: number;
  /** Neighbours that tell how surprising a newcomer is. */
  topk: number;
  /** Share of the newcomer in an item's value after a merge. */
  valueBlend: number;
  /** The same for the item's key. 0 leaves keys where they are, so that merges change no later decision. */
  keyBlend: number;
  /** Steps between promotions from the shadow bank. */
  promoteEvery: number;
  /** Staged items that one promotion looks at, best first. */
  promoteBatch: number;
  /** Steps after which a staged item is given up. */
  shadowMaxAge: number;
  /** Steps between decays. */
  decayEvery: number;
  /** What an item's strength is multiplied by at each decay; a merge or a duplicate makes it 1 again. */
  decayFactor: number;
  /** Strength below which an item is dropped. */
  decayFloor: number;
}

/** The first ten are the public defaults of the memory that the logs come from; the others are this one's. */
export const DEFAULTS: Readonly<GatedMemorySettings> = {
  maxItems: 32_000,
  shadowBankCap: 300,
  writePerTurn: 1,
  writePer100: 6,
  dupSkipThr: 0.95,
  nearMergeThr: 0.84,
  stageMidLow: 0.73,
  entropyFloor: 0.3,
  warmupSteps: 200,
  topk: 6,
  dimension: 64,
  mergeNeighbours: 3,
  fewNeighbours: "nearest",
  valueBlend: 0.2,
  keyBlend: 0,
  promoteEvery: 50,
  promoteBatch: 12,
  shadowMaxAge: 1000,
  decayEvery: 500,
  decayFactor: 0.9,
  decayFloor: 0.3,
};

const WHOLE = ["dimension", "maxItems", "mergeNeighbours", "topk"] as const;
const FROM_0 = ["shadowBankCap", "writePerTurn", "writePer100", "warmupSteps", "promoteBatch"] as const;
const PERIODS = ["promoteEvery", "decayEvery", "shadowMaxAge"] as const;
const SHARES = ["entropyFloor", "valueBlend", "keyBlend", "decayFactor", "decayFloor"] as const;
const THRESHOLDS = ["dupSkipThr", "nearMergeThr", "stageMidLow"] as const;

/** The defaults with the given changes. Throws a `RangeError` for a setting that no memory can have. */
export function settingsOf(changes: Partial<GatedMemorySettings> = {}): GatedMemorySettings {
  const settings = { ...DEFAULTS, ...changes };
  const demand = (
    names: readonly (keyof GatedMemorySettings)[],
    what: string,
    fits: (n: number) => boolean,
  ) => {
    for (const name of names)
      if (!fits(Number(settings[name])))
        throw new RangeError(`${name} must be ${what}, not ${String(settings[name])}`);
  };
  demand(WHOLE, "a whole number from 1", (n) => Number.isInteger(n) && n >= 1);
  demand(
    FROM_0,
    "a whole number from 0, or Infinity",
    (n) => n >= 0 && (Number.isInteger(n) || n === Infinity),
  );
  demand(PERIODS, "a number of steps from 1, or Infinity", (n) => n >= 1);
  demand(SHARES, "from 0 to 1", (n) => n >= 0 && n <= 1);
  demand(
    THRESHOLDS,
    "a number; similarities are -1 to 1, and Infinity switches the gate off",
    (n) => n >= -1,
  );
  return settings;
}

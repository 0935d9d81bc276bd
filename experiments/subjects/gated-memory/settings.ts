/** What happens while the memory has fewer items than the near-merge gate averages over. */
export type FewNeighbours =
  /** The nearest item alone decides. Real logs show this: at 2 items, their `k3_sim` equals `sim_max`. */
  | "nearest"
  /** The mean over the existing items. */
  | "mean"
  /** The gate lets everything through until there are enough items. */
  | "open";

/** `Infinity` for a threshold, a limit or a period turns that gate off. */
export interface GatedMemorySettings {
  /** Numbers in an embedding. */
  dimension: number;
  /** Most items. If there are more, the weakest is dropped. */
  maxItems: number;
  /** Most staged items. If there are more, the worst is dropped. */
  shadowBankCap: number;
  /** Most commits in one step. */
  writePerTurn: number;
  /** The most commits and promotions in any window of 100 steps. */
  writePer100: number;
  /** From this similarity to the nearest item on, a new event is a duplicate. */
  dupSkipThr: number;
  /** From this mean similarity to the nearest items on, a new event is merged. */
  nearMergeThr: number;
  /** Number of items that the near-merge gate averages over: 1 logs `near_merge`, 3 logs `near_merge_k3`. */
  mergeNeighbours: number;
  fewNeighbours: FewNeighbours;
  /** From this similarity to the nearest item on, a new event is staged instead of committed. */
  stageMidLow: number;
  /** Events of lower entropy are not stored, because the program was too certain; 0 turns the gate off. */
  entropyFloor: number;
  /** Steps before the first write. */
  warmupSteps: number;
  /** Number of neighbours from which the surprise of a new event is computed. */
  topk: number;
  /** Share of the new event in an item's value after a merge. */
  valueBlend: number;
  /** The same for the item's key. With 0, keys never change, so merges do not affect later decisions. */
  keyBlend: number;
  /** Steps between promotions from the shadow bank. */
  promoteEvery: number;
  /** Number of staged items that one promotion looks at, the best first. */
  promoteBatch: number;
  /** A staged item is dropped after this many steps. */
  shadowMaxAge: number;
  /** Steps between decays. */
  decayEvery: number;
  /** Each decay multiplies an item's strength by this. A merge or a duplicate sets it to 1 again. */
  decayFactor: number;
  /** An item of lower strength is dropped. */
  decayFloor: number;
}

/** The first ten are the published defaults of the memory that wrote the real logs; the others are chosen here. */
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

/** The defaults with the given changes. Throws a `RangeError` for an invalid setting. */
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

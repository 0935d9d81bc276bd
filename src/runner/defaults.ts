/** Settings of `measure` that are used where the caller gives none. */
export const MEASURE_DEFAULTS = { trials: 5, seed: 1, timeoutMs: 300_000 };

/** Settings of `run` and `profile` that are used where the caller gives none. */
export const GRID_DEFAULTS = { out: "results", device: "auto", trials: 5, seed: 1, timeoutMs: 600_000 };

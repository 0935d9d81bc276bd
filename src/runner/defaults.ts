/** Settings of `measure` that are used where the caller gives none. */
export const MEASURE_DEFAULTS = { trials: 5, seed: 1, timeoutMs: 300_000 };

/**
 * The most device memory that a grid takes without a word of the user: little of a shared machine, and the same on every
 * one, so that tables compare.
 */
export const DEVICE_CAP_BYTES = { full: 2 * 2 ** 30, quick: 2 ** 30 };

/** Folder of the results of `--quick` where the user names none: beside the full ones. */
export const QUICK_OUT = "results-quick";

/** Settings of `run` and `profile` that are used where the caller gives none. */
export const GRID_DEFAULTS = { out: "results", device: "auto", trials: 5, seed: 1, timeoutMs: 600_000 };

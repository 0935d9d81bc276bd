import { FILE_WAIT_MS } from "./settings.js";

/** Intervals and waiting times, ms. */
export interface Timing {
  /** Time between two readings of the files. */
  lookMs: number;
  /** Time from a submission to the first question to Slurm. Each next wait is twice as long. */
  askFirstMs: number;
  askMostMs: number;
  /** How long to wait for the files of a job that is gone. */
  fileWaitMs: number;
  /** How long Slurm may take to end cancelled jobs. */
  cancelWaitMs: number;
  /** Time between calls of sbatch if Slurm is busy. */
  submitAgainMs: number;
}

export const TIMING: Timing = {
  lookMs: 500,
  askFirstMs: 10_000,
  askMostMs: 60_000,
  fileWaitMs: FILE_WAIT_MS,
  cancelWaitMs: 120_000,
  submitAgainMs: 15_000,
};

/** Time between questions, ms, when a cell was cancelled or ended without a known reason. */
export const ASK_SOON_MS = 1_000;

/**
 * How long to wait for the file of a cell that the runner ended, ms. Only its last messages are wanted, not
 * its result.
 */
export const LAST_WORDS_MS = 3_000;

import { FILE_WAIT_MS } from "./settings.js";

/** How often is looked and asked, ms. */
export interface Timing {
  /** Between looks at the files. */
  lookMs: number;
  /** From a submission to the first question to Slurm; each further one waits twice as long. */
  askFirstMs: number;
  askMostMs: number;
  /** How long the files of a job that is gone are waited for. */
  fileWaitMs: number;
  /** How long Slurm may take to end what is cancelled. */
  cancelWaitMs: number;
  /** Between calls of sbatch where Slurm is busy. */
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

/** Between questions while a cell waits for Slurm's word: it is cancelled, or ended without a reason. */
export const ASK_SOON_MS = 1_000;

/** For the file of a cell that the runner itself ended: its result is not wanted, only its last words. */
export const LAST_WORDS_MS = 3_000;

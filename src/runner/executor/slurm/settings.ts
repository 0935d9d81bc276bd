import { BytesperError } from "../../../base/errors.js";

/** The user's settings for the site. The journal holds them, so `resume` needs no options. */
export interface SlurmSettings {
  partition?: string;
  account?: string;
  /** Raw options of sbatch, such as `--constraint=a100`. They replace the same option of bytesper. */
  options: string[];
  /** Most cells of one job array; by default, the site's own limit. */
  arrayLimit?: number;
  /** How long the runner waits for the files of a job that is gone, ms. */
  fileWaitMs?: number;
}

/** Most cells that wait or run in Slurm. For each of them the runner looks for files every second. */
export const SLURM_SLOTS = 256;

/** Linux's NFS client may show an old listing of a folder for 60 s (`acdirmax`). */
export const FILE_WAIT_MS = 90_000;

/** Options that the user may not set, because the runner finds its jobs and files by them. */
const OURS = new Set([
  "array",
  "a",
  "job-name",
  "J",
  "output",
  "o",
  "chdir",
  "D",
  "wrap",
  "wait",
  "W",
  "parsable",
]);

/** Name of a raw option without dashes and value: `mem` for `--mem=4G`, `t` for `-t 10`. */
export function optionName(option: string): string {
  const [, long, short] = /^(?:--([a-z][\w-]*)|-([A-Za-z]))/.exec(option) ?? [];
  return long ?? short ?? "";
}

/** Parses a raw option, with or without `#SBATCH`. Throws `USAGE`. */
export function parseSlurmOption(text: string): string {
  const option = text.replace(/^\s*#SBATCH\s+/, "").trim();
  const name = optionName(option);
  if (name === "" || /[\r\n]/.test(option)) {
    throw new BytesperError(
      "USAGE",
      `"${text}" is not an option of sbatch; give one line such as "--constraint=a100".`,
    );
  }
  if (OURS.has(name)) {
    throw new BytesperError(
      "USAGE",
      `The option "${option}" is set by bytesper, which finds its jobs and files by it; leave it out.`,
    );
  }
  return option;
}

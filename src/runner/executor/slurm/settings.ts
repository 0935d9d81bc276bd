import { BytesperError } from "../../../base/errors.js";

/** What the user says about the site; a journal holds it, so that `resume` needs no options. */
export interface SlurmSettings {
  partition?: string;
  account?: string;
  /** Raw options of sbatch, such as `--constraint=a100`; one that we give as well takes the place of ours. */
  options: string[];
  /** Most cells of one job array; the site's own limit unless given. */
  arrayLimit?: number;
  /** How long files of a job that is gone are waited for, ms. */
  fileWaitMs?: number;
}

/** Cells that wait or run in Slurm at once; each costs the runner a look at its files every second. */
export const SLURM_SLOTS = 256;

/** Linux's NFS client may hold an old listing of a folder for 60 s (`acdirmax`). */
export const FILE_WAIT_MS = 90_000;

/** Options that the runner finds its jobs and their files by. */
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

/** Name of a raw option without its dashes and its value: `mem` of `--mem=4G`, `t` of `-t 10`. */
export function optionName(option: string): string {
  const [, long, short] = /^(?:--([a-z][\w-]*)|-([A-Za-z]))/.exec(option) ?? [];
  return long ?? short ?? "";
}

/** Takes a raw option as the user wrote it, with or without `#SBATCH`. Throws `USAGE`. */
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

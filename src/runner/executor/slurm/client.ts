import { execFile } from "node:child_process";
import { BytesperError } from "../../../base/errors.js";
import { parseAccounting, parseArrayLimit, parseQueue } from "./states.js";
import type { SlurmStates } from "./states.js";

/** A program of Slurm refused or did not answer. */
export interface Failed {
  failed: string;
}

/**
 * If the controller is full, sbatch tries again up to 15 times with growing pauses, which takes 2 minutes.
 */
const SUBMIT_PATIENCE_MS = 300_000;
const PATIENCE_MS = 60_000;
const MOST_OUTPUT_BYTES = 64 * 2 ** 20;
/** Most ids for one call of scancel, since the length of a command line is limited. */
const MOST_IDS = 500;

/** Calls the programs of Slurm and returns their answers as data. Only `requireSlurm` throws. */
export class SlurmClient {
  readonly #env: NodeJS.ProcessEnv;

  /**
   * @param env environment of Slurm's programs; it also says where they are found
   * @param env where the programs are found, and what they are told
   */
  constructor(env: NodeJS.ProcessEnv = process.env) {
    this.#env = environment(env);
  }

  /** Throws `USAGE` if Slurm's programs are missing. */
  async requireSlurm(): Promise<void> {
    const answer = await this.#run("sbatch", ["--version"], PATIENCE_MS);
    if (!("failed" in answer)) return;
    throw new BytesperError(
      "USAGE",
      `--executor slurm needs Slurm's programs, and ${answer.failed}; run it on a machine from which you submit jobs, or without --executor.`,
    );
  }

  /** Submits `submit.sh` of a folder. Slurm also opens the output files of the jobs in that folder. */
  async submit(folder: string): Promise<{ id: string } | Failed> {
    const answer = await this.#run("sbatch", ["--parsable", "submit.sh"], SUBMIT_PATIENCE_MS, folder);
    if ("failed" in answer) return answer;
    // A federation adds the cluster's name after ";". Messages of a site's plugin may come before the id.
    const id = /^(\d+)(?:;.*)?$/.exec(answer.stdout.trim().split("\n").at(-1) ?? "")?.[1];
    return id === undefined
      ? { failed: `sbatch answered "${answer.stdout.trim()}" in place of a job id` }
      : { id };
  }

  /** States of all tasks of some jobs. A task that ended some minutes ago is no longer included. */
  async states(jobs: readonly string[]): Promise<SlurmStates | Failed> {
    const answer = await this.#squeue(`--jobs=${jobs.join(",")}`, "--format=%i|%T|%r");
    if (!("failed" in answer)) return parseQueue(answer.stdout);
    // squeue says this if it was asked for one id only and no longer knows it.
    return /Invalid job id/i.test(answer.failed) ? new Map() : answer;
  }

  /** Jobs of this user with the given names, each with the states of its tasks. */
  async named(names: readonly string[]): Promise<ReadonlyMap<string, string[]> | Failed> {
    const answer = await this.#squeue(`--name=${names.join(",")}`, ...own(), "--format=%F|%T");
    if ("failed" in answer) return answer;
    const jobs = new Map<string, string[]>();
    for (const line of answer.stdout.split("\n")) {
      const [id = "", state = ""] = line.trim().split("|");
      if (state !== "") jobs.set(id, [...(jobs.get(id) ?? []), state]);
    }
    return jobs;
  }

  /** Ends tasks or whole jobs by id. An id that has already ended is no failure. */
  async cancel(ids: readonly string[]): Promise<Failed | undefined> {
    let failure: Failed | undefined;
    for (let start = 0; start < ids.length; start += MOST_IDS) {
      const answer = await this.#run(
        "scancel",
        ["--quiet", ...ids.slice(start, start + MOST_IDS)],
        PATIENCE_MS,
      );
      if ("failed" in answer && !/Invalid job id/i.test(answer.failed)) failure ??= answer;
    }
    return failure;
  }

  /** Asks the accounting about some tasks. Many sites keep no accounting. */
  async accounting(ids: readonly string[]): Promise<ReadonlyMap<string, string> | Failed> {
    const answer = await this.#run(
      "sacct",
      [
        ...["--noheader", "--parsable2", "--allocations", "--array"],
        ...[`--jobs=${ids.join(",")}`, "--format=JobID,State,ExitCode,NodeList"],
      ],
      PATIENCE_MS,
    );
    return "failed" in answer ? answer : parseAccounting(answer.stdout);
  }

  /** Most tasks of an array; 0 if arrays are switched off. */
  async arrayLimit(): Promise<number> {
    const answer = await this.#run("scontrol", ["show", "config"], PATIENCE_MS);
    return ("failed" in answer ? undefined : parseArrayLimit(answer.stdout)) ?? DEFAULT_ARRAY_LIMIT;
  }

  #squeue(...args: string[]): Promise<{ stdout: string } | Failed> {
    return this.#run("squeue", ["--noheader", "--array", "--states=all", ...args], PATIENCE_MS);
  }

  #run(file: string, args: string[], timeoutMs: number, cwd?: string): Promise<{ stdout: string } | Failed> {
    return new Promise((resolve) => {
      execFile(
        file,
        args,
        {
          env: this.#env,
          timeout: timeoutMs,
          maxBuffer: MOST_OUTPUT_BYTES,
          ...(cwd === undefined ? {} : { cwd }),
        },
        (error, stdout, stderr) => {
          if (error === null) resolve({ stdout });
          else resolve({ failed: clauseOf(file, error, stderr, timeoutMs) });
        },
      );
    });
  }
}

/** Slurm's own default of MaxArraySize. */
const DEFAULT_ARRAY_LIMIT = 1001;

function own(): string[] {
  const uid = process.getuid?.();
  return uid === undefined ? [] : [`--user=${uid}`];
}

function clauseOf(
  file: string,
  error: Error & { code?: unknown; killed?: boolean },
  stderr: string,
  timeoutMs: number,
): string {
  if (error.code === "ENOENT") return `${file} is not on the PATH`;
  if (error.killed === true) return `${file} gave no answer within ${timeoutMs / 1000} s (timed out)`;
  const said = stderr.trim().split("\n").filter(Boolean).join("; ");
  return `${file} said: ${said === "" ? error.message : said}`;
}

/**
 * Environment for Slurm's programs. The user's defaults for sbatch stay. Variables that change the format of
 * answers are removed. So are those of a job in which the runner itself runs, since its own jobs would
 * inherit them.
 */
function environment(base: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(base).filter(
    ([name]) =>
      !/^(SQUEUE|SACCT|SCANCEL|SCONTROL)_/.test(name) &&
      (!name.startsWith("SLURM_") || name === "SLURM_CONF" || name === "SLURM_CLUSTERS") &&
      !/^SBATCH_(ARRAY_INX|JOB_NAME|OUTPUT|WAIT)$/.test(name),
  );
  return { ...Object.fromEntries(kept), LC_ALL: "C" };
}

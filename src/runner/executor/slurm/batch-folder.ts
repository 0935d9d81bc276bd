import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../../../base/write.js";
import type { CellEnd } from "../../../record/cell-end.js";
import type { CellJob } from "../../cell/execute.js";
import type { EnforcementKind } from "../../../record/cell.js";

/*
 * RUN.slurm/BATCH/ is all that the runner and its tasks share:
 *
 *   manifest.json  index -> cell; written before the jobs exist and never changed
 *   submit.sh      what sbatch was given
 *   job            Slurm's id, once it is known; for people, since jobs are found by their name
 *   closed         no task may begin any more
 *   7.claim        task 7 began; made once, so that no attempt runs twice whatever is requeued or submitted twice
 *   7.end.json     its end, there as a whole or not at all
 *   7.log          what the task said of itself
 */

export interface Manifest {
  schema: "bytesper/slurm-batch@1";
  /** Name of the jobs in Slurm. */
  name: string;
  /** Version of Node that the cells were planned for. */
  node: string;
  /** How caps are to be enforced; the best that works on the node unless given. */
  enforcement?: EnforcementKind;
  jobs: CellJob[];
}

/** Who runs a task. */
export interface Claim {
  host: string;
  pid: number;
  /** Slurm's id of the task. */
  job: string;
  restart: number;
}

/** End of a task as it was written on its node. */
export interface TaskEnd {
  /** Id of the attempt; an end of another is none. */
  id: string;
  host: string;
  /** Length of the file of streamed records when the cell was over. */
  streamedBytes: number;
  end: CellEnd;
}

export function manifestPath(folder: string): string {
  return join(folder, "manifest.json");
}

/** Undefined where it is not there yet, or was cut off. */
export function readManifest(folder: string): Manifest | undefined {
  return readJson(manifestPath(folder)) as Manifest | undefined;
}

/** Numbers of the batches of a run. */
export function batchNumbers(root: string): number[] {
  return names(root)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** Names in a folder; none where it is not there. */
export function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

export function closeBatch(folder: string): void {
  writeWhole(join(folder, "closed"), "");
}

export function isClosed(folder: string): boolean {
  return existsSync(join(folder, "closed"));
}

export function writeJobId(folder: string, id: string): void {
  writeWhole(join(folder, "job"), `${id}\n`);
}

/** Takes a task for this process; false where another has it. */
export function takeClaim(folder: string, index: number, claim: Claim): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(join(folder, `${index}.claim`), "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  try {
    writeSync(descriptor, `${JSON.stringify(claim)}\n`);
  } finally {
    closeSync(descriptor);
  }
  return true;
}

export function readClaim(folder: string, index: number): Claim | undefined {
  return readJson(join(folder, `${index}.claim`)) as Claim | undefined;
}

export function writeEnd(folder: string, index: number, end: TaskEnd): void {
  writeWhole(join(folder, `${index}.end.json`), `${JSON.stringify(end)}\n`);
}

/** Undefined where there is none, or it belongs to another attempt. */
export function readEnd(folder: string, index: number, id: string): TaskEnd | undefined {
  const end = readJson(join(folder, `${index}.end.json`)) as TaskEnd | undefined;
  return end?.id === id ? end : undefined;
}

const LOG_CHARACTERS = 300;

/** The last of what a task and its shell said. */
export function lastOfLog(folder: string, index: number): string | undefined {
  const text = readText(join(folder, `${index}.log`))?.trim();
  return text === undefined || text === ""
    ? undefined
    : text.split("\n").slice(-2).join(" ").slice(-LOG_CHARACTERS);
}

/** The files are ours and written whole: what parses has its form. */
function readJson(path: string): unknown {
  const text = readText(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

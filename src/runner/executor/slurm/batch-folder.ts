import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../../../base/write.js";
import type { CellEnd } from "../../../record/cell-end.js";
import type { CellJob } from "../../cell/execute.js";
import type { EnforcementKind } from "../../../record/cell.js";

/*
 * RUN.slurm/BATCH/ holds all files that the runner and its tasks share:
 *
 *   manifest.json  which cell each index means; written before the jobs exist, never changed
 *   submit.sh      the script for sbatch
 *   job            Slurm's id once it is known; for people, since the program finds jobs by name
 *   closed         if it exists, no task may begin
 *   7.claim        task 7 began; created once, so that no attempt runs twice if Slurm starts the task twice
 *   7.end.json     end of task 7; either complete or missing
 *   7.log          messages of task 7
 */

export interface Manifest {
  schema: "bytesper/slurm-batch@1";
  name: string;
  /** Version of Node for which the cells were planned. */
  node: string;
  /** How caps are enforced; by default, the best that works on the node. */
  enforcement?: EnforcementKind;
  jobs: CellJob[];
}

export interface Claim {
  host: string;
  pid: number;
  job: string;
  restart: number;
}

export interface TaskEnd {
  /** Id of the attempt. An end with the id of another attempt is ignored. */
  id: string;
  host: string;
  /** Length of the file of records when the cell ended, bytes. */
  streamedBytes: number;
  end: CellEnd;
}

export function manifestPath(folder: string): string {
  return join(folder, "manifest.json");
}

/** Undefined if the file is missing or incomplete. */
export function readManifest(folder: string): Manifest | undefined {
  return readJson(manifestPath(folder)) as Manifest | undefined;
}

export function batchNumbers(root: string): number[] {
  return names(root)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** Names in a folder; empty if the folder is missing. */
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

/** Claims a task for this process; false if another process has claimed it. */
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

/** Undefined if there is none, or it belongs to another attempt. */
export function readEnd(folder: string, index: number, id: string): TaskEnd | undefined {
  const end = readJson(join(folder, `${index}.end.json`)) as TaskEnd | undefined;
  return end?.id === id ? end : undefined;
}

const LOG_CHARACTERS = 300;

/** The last lines of the log of a task and its shell. */
export function lastOfLog(folder: string, index: number): string | undefined {
  const text = readText(join(folder, `${index}.log`))?.trim();
  return text === undefined || text === ""
    ? undefined
    : text.split("\n").slice(-2).join(" ").slice(-LOG_CHARACTERS);
}

/** These files are written by bytesper as a whole, so their form is not checked. */
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

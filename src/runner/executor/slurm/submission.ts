import { bytesWithBinaryUnit } from "../../../base/format.js";
import type { CellJob } from "../../cell/execute.js";
import { optionName } from "./settings.js";
import type { SlurmSettings } from "./settings.js";

/** Resources that are requested from Slurm. All cells of one array request the same. */
export interface Request {
  /** Absent: the site decides about the memory. */
  memoryMiB?: number;
  minutes: number;
  gpus: number;
}

/** The parts of a cell from which its request is computed. */
export type Asking = Pick<CellJob, "work" | "capBytes" | "deviceCapBytes" | "timeoutMs">;

/** Cells that are submitted with one call of sbatch. */
export interface Batch<J extends Asking = CellJob> {
  request: Request;
  jobs: J[];
}

const MIB = 2 ** 20;
/**
 * Memory above the cell's cap: for the task that watches the cell (a Node process), the supervisor, and
 * memory that the kernel charges late.
 */
const LEAST_MARGIN_BYTES = 256 * MIB;
const MARGIN_SHARE = 0.1;
/**
 * Time above the cell's time limit: for a slow start on a busy node, the test of the cap, and writing the
 * end.
 */
const MARGIN_MINUTES = 5;
/** Slurm sends the signal up to a minute earlier than asked. */
const SIGNAL_SECONDS = 30;

/**
 * The request of a cell. Memory and time are above the cell's own limits, so that bytesper's limits act
 * before Slurm's.
 */
export function requestOf(job: Asking): Request {
  const { capBytes, timeoutMs } = job;
  return {
    ...(capBytes === undefined
      ? {}
      : { memoryMiB: Math.ceil((capBytes + Math.max(LEAST_MARGIN_BYTES, capBytes * MARGIN_SHARE)) / MIB) }),
    minutes: Math.ceil(timeoutMs / 60_000) + MARGIN_MINUTES,
    gpus: usesDevice(job) ? 1 : 0,
  };
}

function usesDevice({ work, deviceCapBytes }: Asking): boolean {
  if (work.kind === "program") return work.program.context.device.startsWith("cuda");
  return work.kind === "command" && deviceCapBytes !== undefined;
}

/**
 * Groups jobs into arrays. Jobs with the same request go together in their order, at most `limit` in one
 * array.
 *
 * @param limit the site's largest array; 0 where arrays are switched off
 */
export function batchesOf<J extends Asking>(jobs: readonly J[], limit: number): Batch<J>[] {
  const alike = new Map<string, Batch<J>>();
  for (const job of jobs) {
    const request = requestOf(job);
    const key = JSON.stringify(request);
    const known = alike.get(key);
    if (known === undefined) alike.set(key, { request, jobs: [job] });
    else known.jobs.push(job);
  }
  const most = Math.max(1, limit);
  return [...alike.values()].flatMap((batch) =>
    Array.from({ length: Math.ceil(batch.jobs.length / most) }, (_, part) => ({
      request: batch.request,
      jobs: batch.jobs.slice(part * most, (part + 1) * most),
    })),
  );
}

export interface ScriptOptions {
  name: string;
  request: Request;
  /** Number of tasks in the array. */
  count: number;
  /** Whether the site has job arrays. Without them, a script runs one cell. */
  arrays: boolean;
  settings: SlurmSettings;
  /** The path of Node, the file of the task program, and the folder of the batch. */
  command: readonly string[];
}

export function submitScript({ name, request, count, arrays, settings, command }: ScriptOptions): string {
  const given = new Set(settings.options.map(optionName));
  const own = (option: string, ...names: string[]): string[] =>
    names.some((each) => given.has(each)) ? [] : [option];
  const { memoryMiB, minutes, gpus } = request;
  const { partition, account } = settings;
  const options = [
    `--job-name=${name}`,
    ...(arrays ? [`--array=0-${count - 1}`] : []),
    `--output=${arrays ? "%a" : "0"}.log`,
    ...own("--nodes=1", "nodes", "N"),
    ...own("--ntasks=1", "ntasks", "n"),
    ...own("--no-requeue", "requeue", "no-requeue"),
    ...own(`--signal=B:USR2@${SIGNAL_SECONDS}`, "signal"),
    ...own(`--time=${timeOf(minutes)}`, "time", "t"),
    ...(memoryMiB === undefined ? [] : own(`--mem=${memoryMiB}M`, "mem", "mem-per-cpu", "mem-per-gpu")),
    ...(gpus === 0 ? [] : own(`--gres=gpu:${gpus}`, "gres", "gpus", "G", "gpus-per-node", "gpus-per-task")),
    ...(partition === undefined ? [] : own(`--partition=${partition}`, "partition", "p")),
    ...(account === undefined ? [] : own(`--account=${account}`, "account", "A")),
    ...settings.options,
  ];
  return [
    "#!/bin/sh",
    ...options.map((option) => `#SBATCH ${option}`),
    "# The task takes the place of this shell, to which Slurm sends its signals.",
    `exec ${command.map(quoted).join(" ")}`,
    "",
  ].join("\n");
}

/** Slurm's notation: days-hours:minutes:seconds. */
function timeOf(minutes: number): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${Math.floor(minutes / 1440)}-${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}:00`;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

export function describeRequest({ memoryMiB, minutes, gpus }: Request): string {
  return [
    memoryMiB === undefined ? "the site's memory" : bytesWithBinaryUnit(memoryMiB * MIB),
    `${minutes} min`,
    ...(gpus === 0 ? [] : [`${gpus} GPU`]),
  ].join(", ");
}

/**
 * A stand-in for Slurm: really runs the tasks of job arrays, as processes of this machine, with the variables and the
 * signals that Slurm gives them, and with the faults that its settings ask for. For tests only.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { runJob } from "./daemon.mjs";
import * as settings from "./settings.mjs";
import {
  cancelFile,
  ENDED,
  isAmongFirst,
  jobFolder,
  jobs,
  newJob,
  readTask,
  writeJson,
  writeTask,
} from "./state.mjs";

const [command, ...args] = process.argv.slice(2);
const option = (name) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);

const COMMANDS = {
  sbatch,
  squeue,
  sacct,
  scancel,
  scontrol: () => console.log(`MaxArraySize            = ${settings.maxArray}`),
  daemon: () => runJob(Number(args[0])),
};
COMMANDS[command]();

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}

function sbatch() {
  if (args.includes("--version")) return console.log("slurm 0 (stand-in)");
  if (isAmongFirst("sbatch", settings.sbatchFails.count)) {
    return fail(`sbatch: error: ${settings.sbatchFails.message}`);
  }
  const script = readFileSync(args.at(-1), "utf8");
  const options = script.split("\n").flatMap((line) => line.match(/^#SBATCH (.*)$/)?.[1] ?? []);
  const valueOf = (name) => options.findLast((each) => each.startsWith(`--${name}=`))?.slice(name.length + 3);
  const array = valueOf("array");
  const [from = 0, to = 0] = (array ?? "0-0").split("-").map(Number);
  if (array !== undefined && (settings.maxArray === 0 || to >= settings.maxArray)) {
    return fail("sbatch: error: Batch job submission failed: Invalid job array specification");
  }
  const id = newJob();
  const indices = Array.from({ length: to - from + 1 }, (_, step) => from + step);
  for (const index of indices) writeTask(id, index, { state: "PENDING", reason: "Priority", restart: 0 });
  writeJson(join(jobFolder(id), "job.json"), {
    id,
    indices,
    script,
    options,
    array: array !== undefined,
    name: valueOf("job-name"),
    output: valueOf("output"),
    requeue: options.includes("--requeue"),
    cwd: process.cwd(),
  });
  const log = openSync(join(jobFolder(id), "daemon.log"), "a");
  const self = fileURLToPath(import.meta.url);
  const daemon = spawn(process.execPath, [resolve(self), "daemon", String(id)], {
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  daemon.unref();
  writeFileSync(join(jobFolder(id), "daemon.pid"), String(daemon.pid));
  if (isAmongFirst("unsure", settings.sbatchUnsure)) {
    return fail("sbatch: error: Batch job submission failed: Socket timed out on send/recv operation");
  }
  console.log(String(id));
}

function squeue() {
  if (isAmongFirst("squeue", settings.squeueFails)) {
    return fail("slurm_load_jobs error: Unable to contact slurm controller (connect failure)");
  }
  const wanted = option("jobs")?.split(",").map(Number);
  const names = option("name")?.split(",");
  const known = jobs().filter(
    ({ id, name }) => (wanted?.includes(id) ?? true) && (names?.includes(name) ?? true),
  );
  const tasks = known.flatMap((job) =>
    job.indices.map((index) => ({ job, index, task: readTask(job.id, index) })),
  );
  const shown = tasks.filter(
    ({ task }) =>
      task.state !== "VANISHED" && (!ENDED.includes(task.state) || Date.now() - task.at < settings.forgetMs),
  );
  if (wanted?.length === 1 && shown.length === 0)
    return fail("slurm_load_jobs error: Invalid job id specified");
  for (const { job, index, task } of shown) {
    const letters = {
      i: job.array ? `${job.id}_${index}` : job.id,
      F: job.id,
      T: task.state,
      r: task.reason,
      j: job.name,
    };
    console.log(option("format").replaceAll(/%(\w)/g, (_, letter) => letters[letter]));
  }
}

function sacct() {
  if (settings.sacct === "disabled") return fail("Slurm accounting storage is disabled");
  if (settings.sacct === "silent") return;
  const wanted = option("jobs")?.split(",") ?? [];
  for (const { id, array, indices } of jobs()) {
    for (const index of indices) {
      const name = array ? `${id}_${index}` : String(id);
      const { state } = readTask(id, index);
      if (wanted.includes(name) && state !== "VANISHED") console.log(`${name}|${state}|0:0|stand-in`);
    }
  }
}

function scancel() {
  const names = option("name")?.split(",") ?? [];
  const ids = args.filter((arg) => !arg.startsWith("-"));
  for (const { id, name, indices } of jobs()) {
    for (const index of indices) {
      if (ids.includes(String(id)) || ids.includes(`${id}_${index}`) || names.includes(name)) {
        writeFileSync(cancelFile(id, index), "");
      }
    }
  }
}

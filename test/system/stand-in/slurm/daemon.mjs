import { spawn } from "node:child_process";
import { existsSync, openSync, closeSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clearInterval, clearTimeout, setInterval, setTimeout } from "node:timers";
import { away, bringHome } from "./late-files.mjs";
import * as settings from "./settings.mjs";
import { cancelFile, ENDED, jobFolder, readJson, readTask, writeTask } from "./state.mjs";

const LOOK_MS = 30;

/** Runs the tasks of one job to their ends, as slurmctld and slurmd would. */
export function runJob(id) {
  const job = readJson(join(jobFolder(id), "job.json"));
  const since = new Map(job.indices.map((index) => [index, Date.now()]));
  const running = new Map();
  let arriving = 0;

  const end = (index, state, reason = "None") => {
    const { restart } = readTask(id, index);
    writeTask(id, index, { state, reason, restart });
  };

  const start = (index) => {
    const { restart } = readTask(id, index);
    const late = settings.lateMs > 0;
    const shadow = join(jobFolder(id), `node-${index}`);
    const place = late ? away(job.script, job.cwd, shadow) : { script: job.script, cwd: job.cwd };
    const file = join(jobFolder(id), `script-${index}.sh`);
    writeFileSync(file, place.script);
    const output = openSync(join(place.cwd, job.output.replaceAll("%a", String(index))), "a");
    const child = spawn("sh", [file], {
      cwd: place.cwd,
      detached: true,
      stdio: ["ignore", output, output],
      env: { ...process.env, ...variables(job, index, restart) },
    });
    closeSync(output);
    const task = { child, restart, ending: undefined, timers: [] };
    running.set(index, task);
    writeTask(id, index, { state: "RUNNING", reason: "None", restart });
    child.on("exit", (code) => {
      for (const timer of task.timers) clearTimeout(timer);
      running.delete(index);
      const state = task.ending ?? (code === 0 ? "COMPLETED" : "FAILED");
      if (job.requeue && (state === "PREEMPTED" || state === "NODE_FAIL")) {
        since.set(index, Date.now());
        writeTask(id, index, { state: "PENDING", reason: "BeginTime", restart: restart + 1 });
      } else end(index, state, state === "FAILED" ? "NonZeroExitCode" : "None");
      if (!late) return;
      arriving++;
      setTimeout(() => {
        bringHome(shadow, place.runs);
        arriving--;
      }, settings.lateMs);
    });
  };

  const terminate = (task, state) => {
    if (task.ending !== undefined) return;
    task.ending = state;
    signalTree(task.child.pid, "SIGCONT");
    signalTree(task.child.pid, "SIGTERM");
    task.timers.push(setTimeout(() => signalTree(task.child.pid, "SIGKILL"), settings.killWaitMs));
  };

  /** The faults that are asked for, once their file is there; a second start meets none. */
  const strike = (index, task) => {
    const isTime = (file) => file !== undefined && task.restart === 0 && existsSync(file);
    if (isTime(settings.preemptedWith(id, index))) terminate(task, "PREEMPTED");
    if (task.ending !== undefined || !isTime(settings.killedWith(id, index))) return;
    task.ending = "NODE_FAIL";
    signalTree(task.child.pid, "SIGKILL");
  };

  const look = () => {
    for (const index of job.indices) {
      const { state } = readTask(id, index);
      const cancelled = existsSync(cancelFile(id, index));
      if (running.has(index)) {
        const task = running.get(index);
        if (cancelled) terminate(task, "CANCELLED");
        strike(index, task);
        continue;
      }
      if (ENDED.includes(state)) continue;
      if (cancelled) end(index, "CANCELLED");
      else if (Date.now() - since.get(index) < settings.startDelayMs) continue;
      else if (settings.vanishes(id, index)) end(index, "VANISHED");
      else if (running.size < settings.cpus) start(index);
    }
    const over = job.indices.every((index) => ENDED.includes(readTask(id, index).state));
    if (over && running.size === 0 && arriving === 0) clearInterval(timer);
  };
  const timer = setInterval(look, LOOK_MS);
}

function variables(job, index, restart) {
  return {
    SLURM_JOB_ID: String(job.id * 1000 + index),
    ...(job.array ? { SLURM_ARRAY_JOB_ID: String(job.id), SLURM_ARRAY_TASK_ID: String(index) } : {}),
    ...(restart > 0 ? { SLURM_RESTART_COUNT: String(restart) } : {}),
    SLURMD_NODENAME: "stand-in",
  };
}

/** Signals a process and all that descend from it, as proctrack/linuxproc does, children of children first. */
function signalTree(root, signal) {
  const children = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const text = readFileSync(`/proc/${name}/stat`, "latin1");
      const parent = Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // It ended while we looked.
    }
  }
  const all = [root];
  for (const pid of all) all.push(...(children.get(pid) ?? []));
  for (const pid of all.reverse()) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended while we looked.
    }
  }
}

import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { absent } from "../../../system/probe/reading.js";
import type { CellEnd } from "../../../record/cell-end.js";
import { isResult } from "../../../record/cell-end.js";
import type { CellJob, RunningCell } from "../../cell/execute.js";
import { executeCell } from "../../cell/execute.js";
import { UNCAPPED } from "../../cell/uncapped.js";
import type { Claim, Manifest, TaskEnd } from "./batch-folder.js";
import { isClosed, readClaim, readEnd, readManifest, takeClaim, writeEnd } from "./batch-folder.js";
import type { NodeEnforcement } from "./node-enforcement.js";
import { enforcementHere } from "./node-enforcement.js";
import { StreamFile } from "./stream-file.js";

// The task of one cell, which Slurm runs on a node: `node task.js FOLDER`. It writes its end to a file. What
// it prints goes to the log of the task, for people; the runner quotes the log if the file is missing.

/**
 * Signals from Slurm. TERM: cancelled, preempted, or out of time. USR2: the end of the time limit is near,
 * which the job requests with --signal.
 */
const SIGNALS: Partial<Record<NodeJS.Signals, string>> = {
  SIGTERM: "Slurm asked it to end (SIGTERM: cancelled, preempted or out of time)",
  SIGINT: "Slurm asked it to end (SIGINT)",
  SIGUSR2: "Slurm's time limit of the job was near",
};

/** Longest delay between signals on a busy node, ms. Each failed cell waits this long. */
const SIGNAL_LAG_MS = 1_500;

const state: {
  /** The first signal that arrived. */
  asked?: { signal: string; cause: string };
  running?: RunningCell;
} = {};
for (const [signal, cause] of Object.entries(SIGNALS)) {
  process.on(signal, () => {
    state.asked ??= { signal, cause };
    state.running?.stop("interrupted", state.asked.cause);
  });
}

const folder = process.argv[2] ?? "";
const index = Number(process.env.SLURM_ARRAY_TASK_ID ?? 0);
const claim: Claim = {
  host: hostname(),
  pid: process.pid,
  job: jobId(process.env),
  restart: Number(process.env.SLURM_RESTART_COUNT ?? 0),
};
process.exitCode = await main().catch((error: unknown) => {
  say(messageOf(error));
  return 1;
});

async function main(): Promise<number> {
  const manifest = await patiently(() => readManifest(folder));
  const job = manifest?.jobs[index];
  if (manifest === undefined || job === undefined) {
    say(`there is no cell ${index} in ${folder}/manifest.json`);
    return 1;
  }
  if (isClosed(folder)) {
    say("the runner has given this batch up");
    return 0;
  }
  if (!takeClaim(folder, index, claim)) return leave(job);
  const stream = new StreamFile(job.turnsFile);
  const end = await endOf(manifest, onThisNode(job), stream);
  const streamedBytes = stream.end();
  const evidence = {
    ...end.evidence,
    node: claim.host,
    slurmJob: claim.job,
    ...(state.asked === undefined ? {} : { slurmSignal: state.asked.signal }),
    ...(stream.lost === 0 ? {} : { turnsLost: stream.lost }),
  };
  return keep({ id: job.id, host: claim.host, streamedBytes, end: { ...end, evidence } });
}

/** Writes the end, with several tries: the disk or the file server may fail for a moment. */
async function keep(end: TaskEnd): Promise<number> {
  for (const pauseMs of [0, 1_000, 5_000, 15_000, 30_000]) {
    await pause(pauseMs);
    try {
      writeEnd(folder, index, end);
      return 0;
    } catch (error) {
      say(messageOf(error));
    }
  }
  return 1;
}

/**
 * Handles a cell that another process has claimed. The cell runs only once, even if Slurm starts its task
 * twice.
 */
function leave({ id }: CellJob): number {
  const other = readClaim(folder, index);
  if (readEnd(folder, index, id) !== undefined) return 0;
  if (other?.job !== claim.job || other.restart === claim.restart) {
    say(`the cell is taken by job ${other?.job ?? "unknown"} on ${other?.host ?? "an unknown node"}`);
    return 0;
  }
  // Slurm started the same job again. The first start is dead and left no end.
  const end = without(
    `Slurm killed it on ${other.host} and queued it again (restart ${claim.restart})`,
    "interrupted",
  );
  end.evidence = { node: other.host, slurmJob: claim.job, slurmRestart: claim.restart };
  writeEnd(folder, index, { id, host: claim.host, streamedBytes: 0, end });
  return 0;
}

async function endOf(manifest: Manifest, job: CellJob, stream: StreamFile): Promise<CellEnd> {
  if (manifest.node !== process.versions.node) {
    return without(
      `${claim.host} runs Node ${process.versions.node}, and the cell was planned for ${manifest.node}; let the nodes and the runner use the same Node`,
      "crash",
    );
  }
  let chosen: NodeEnforcement;
  try {
    chosen = await enforcementFor(manifest, job);
  } catch (error) {
    return without(messageOf(error), "crash");
  }
  if (state.asked !== undefined) return without(state.asked.cause, "interrupted");
  const { enforcement, certificate } = chosen;
  state.running = executeCell(job, enforcement, {
    onTurn: (record) => {
      stream.add(record);
    },
  });
  const end = await state.running.end;
  const proven = certificate === undefined ? end : withProof(end, certificate.message);
  if (isResult(end.outcome)) return proven;
  const asked = await signalled();
  return asked === undefined ? proven : { ...proven, outcome: "interrupted", cause: asked.cause };
}

/**
 * Waits for a signal to this task. Slurm signals the processes of a job one after the other, so the cell may
 * die of the signal, as if it had crashed, before the task gets its own.
 */
async function signalled(): Promise<typeof state.asked> {
  for (let waitedMs = 0; state.asked === undefined && waitedMs < SIGNAL_LAG_MS; waitedMs += 50)
    await pause(50);
  return state.asked;
}

function withProof(end: CellEnd, capProof: string): CellEnd {
  return { ...end, evidence: { ...end.evidence, capProof } };
}

/** As on the runner's machine, a cell needs no enforcement if it measures itself and has no cap. */
function enforcementFor({ enforcement }: Manifest, job: CellJob): Promise<NodeEnforcement> {
  const capped = job.capBytes !== undefined;
  if (!capped && job.work.kind !== "command") return Promise.resolve({ enforcement: UNCAPPED });
  return enforcementHere(join(dirname(folder), "nodes"), enforcement, capped);
}

/** Changes the device to number 0: Slurm shows the job only its own GPU, whatever number the plan had. */
function onThisNode(job: CellJob): CellJob {
  const { work } = job;
  if (work.kind !== "program" || !work.program.context.device.startsWith("cuda")) return job;
  const context = { ...work.program.context, device: "cuda:0" };
  return { ...job, work: { kind: "program", program: { ...work.program, context } } };
}

function without(cause: string, outcome: "crash" | "interrupted"): CellEnd {
  const unknown = absent("the cell was not started");
  return {
    outcome,
    cause,
    records: [],
    durationMs: 0,
    memory: { enforcement: "none", peakBytes: unknown, largestProcessPeakBytes: unknown, processes: 0 },
    evidence: {},
  };
}

/** Retries a read: a new file may take a minute to appear on another machine. */
async function patiently<T>(read: () => T | undefined): Promise<T | undefined> {
  for (let waitedMs = 0; ; waitedMs += 2_000) {
    const value = read();
    if (value !== undefined || waitedMs > 90_000 || !existsSync(dirname(folder))) return value;
    await pause(2_000);
  }
}

/** Slurm's id of the task: `12_3`, or `12` if arrays are switched off. */
function jobId({ SLURM_ARRAY_JOB_ID, SLURM_ARRAY_TASK_ID, SLURM_JOB_ID }: NodeJS.ProcessEnv): string {
  if (SLURM_ARRAY_JOB_ID !== undefined) return `${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID ?? ""}`;
  return SLURM_JOB_ID ?? "unknown";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function say(text: string): void {
  process.stderr.write(`bytesper: ${text}\n`);
}

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

// The task of one cell, run by Slurm on a node: `node task.js FOLDER`. Its end is a file; what it prints goes to the
// log of the task and is read by people, and quoted where the file is missing.

/** Slurm's signals: TERM at scancel, preemption and the end of the time, USR2 by our own --signal before the end. */
const SIGNALS: Partial<Record<NodeJS.Signals, string>> = {
  SIGTERM: "Slurm asked it to end (SIGTERM: cancelled, preempted or out of time)",
  SIGINT: "Slurm asked it to end (SIGINT)",
  SIGUSR2: "Slurm's time limit of the job was near",
};

/** On a busy node; it is paid once for each cell that fails. */
const SIGNAL_LAG_MS = 1_500;

const state: {
  /** The first signal that came. */
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

/** What was measured must not be lost to a moment without disk or server. */
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

/** Another process has, or had, this cell: it runs once, whatever Slurm starts again. */
function leave({ id }: CellJob): number {
  const other = readClaim(folder, index);
  if (readEnd(folder, index, id) !== undefined) return 0;
  if (other?.job !== claim.job || other.restart === claim.restart) {
    say(`the cell is taken by job ${other?.job ?? "unknown"} on ${other?.host ?? "an unknown node"}`);
    return 0;
  }
  // The same job, started again by Slurm: the first start is dead, and left no end.
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
 * Slurm signals the processes of a job one after the other: those of the cell may have died of it, and look like a
 * crash, before the signal to the task itself arrives.
 */
async function signalled(): Promise<typeof state.asked> {
  for (let waitedMs = 0; state.asked === undefined && waitedMs < SIGNAL_LAG_MS; waitedMs += 50)
    await pause(50);
  return state.asked;
}

function withProof(end: CellEnd, capProof: string): CellEnd {
  return { ...end, evidence: { ...end.evidence, capProof } };
}

/** As on the runner's own machine: what reads itself and has no cap needs none. */
function enforcementFor({ enforcement }: Manifest, job: CellJob): Promise<NodeEnforcement> {
  const capped = job.capBytes !== undefined;
  if (!capped && job.work.kind !== "command") return Promise.resolve({ enforcement: UNCAPPED });
  return enforcementHere(join(dirname(folder), "nodes"), enforcement, capped);
}

/** Slurm gives the job its GPU as the only one that it sees, whatever its number on the machine of the plan. */
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

/** A file that was written a moment ago may take a minute to show on another machine. */
async function patiently<T>(read: () => T | undefined): Promise<T | undefined> {
  for (let waitedMs = 0; ; waitedMs += 2_000) {
    const value = read();
    if (value !== undefined || waitedMs > 90_000 || !existsSync(dirname(folder))) return value;
    await pause(2_000);
  }
}

/** Slurm's own name of the task: `12_3`, or `12` where arrays are switched off. */
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

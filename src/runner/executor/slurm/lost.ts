import { absent } from "../../../system/probe/reading.js";
import type { CellEnd } from "../../../record/cell-end.js";
import type { CellJob } from "../../cell/execute.js";
import type { SlurmState } from "./states.js";

/** Facts about a task that left no end. */
export interface LostTask {
  job: CellJob;
  task: string;
  /** Last state that squeue reported. */
  state: SlurmState | undefined;
  /** What sacct says, or why it says nothing; absent if it was not asked. */
  accounting?: string;
  /** The node on which it began; undefined if it did not begin. */
  node: string | undefined;
  lastOfLog: string | undefined;
}

/**
 * Why an attempt ended without a result of its own, for `evidence.slurmEnd`.
 * `preempted`, `lost`: the reason is outside the cell, which runs again.
 * `limit`: a limit of Slurm ended it.
 * `cancelled`: somebody cancelled it in Slurm.
 * `unsubmitted`: Slurm did not accept it.
 */
export type SlurmEnd = "preempted" | "lost" | "limit" | "cancelled" | "unsubmitted";

export function slurmEndOf(state: string | undefined): SlurmEnd {
  switch (state?.split(" ")[0]) {
    case "PREEMPTED":
    case "REQUEUED":
      return "preempted";
    case "CANCELLED":
    case "REVOKED":
      return "cancelled";
    case "OUT_OF_MEMORY":
    case "TIMEOUT":
    case "DEADLINE":
      return "limit";
    default:
      return "lost";
  }
}

const ADVICE: Partial<Record<string, string>> = {
  OUT_OF_MEMORY: 'give the job more with --slurm-option "--mem=SIZE"',
  TIMEOUT: 'give the job more with --slurm-option "--time=MINUTES"',
};

/** Makes the end of an attempt that has none. Its cause names everything that was found. */
export function lostEnd(task: LostTask): CellEnd {
  const state = task.state?.state;
  const slurmEnd = slurmEndOf(state);
  const advice = state === undefined ? undefined : ADVICE[state];
  const cause = [
    `Slurm's job ${task.task} ${state === "REQUEUED" ? "was queued again before it had a result" : "left the queue without a result"}`,
    `squeue ${task.state === undefined ? "does not know it any more" : `said ${described(task.state)}`}`,
    ...(task.accounting === undefined ? [] : [task.accounting]),
    task.node === undefined ? "it had not begun" : `it had begun on ${task.node}`,
    ...(task.lastOfLog === undefined ? [] : [`its log ends with: ${task.lastOfLog}`]),
    ...(slurmEnd === "lost" && task.node === undefined && task.lastOfLog === undefined
      ? ["does the node see the folder of the results?"]
      : []),
    ...(advice === undefined ? [] : [advice]),
  ].join("; ");
  return endWithout(task.job, slurmEnd === "limit" ? "crash" : "interrupted", cause, {
    slurmEnd,
    slurmJob: task.task,
    ...(state === undefined ? {} : { slurmState: state }),
    ...(task.node === undefined ? {} : { node: task.node }),
  });
}

export function endWithout(
  { capBytes }: CellJob,
  outcome: "crash" | "interrupted",
  cause: string,
  evidence: CellEnd["evidence"],
): CellEnd {
  const unknown = absent("the attempt left no result");
  return {
    outcome,
    cause,
    records: [],
    durationMs: 0,
    memory: {
      enforcement: "none",
      ...(capBytes === undefined ? {} : { capBytes }),
      peakBytes: unknown,
      largestProcessPeakBytes: unknown,
      processes: 0,
    },
    evidence,
  };
}

/** Most preemptions of one cell. A busy partition preempts jobs again and again. */
const MOST_PREEMPTIONS = 20;
const MOST_LOSSES = 1;

/**
 * Decides whether an attempt is repeated, and which end is recorded. A cell that is lost twice is recorded as
 * a crash: the second loss is hardly an accident.
 *
 * @param earlier ends of the same cell after which it was run again
 */
export function settleEnd(end: CellEnd, earlier: readonly CellEnd[]): { end: CellEnd; again: boolean } {
  const { slurmEnd } = end.evidence;
  const before = earlier.filter(({ evidence }) => evidence.slurmEnd === slurmEnd).length;
  if (slurmEnd === "preempted") return { end, again: before < MOST_PREEMPTIONS };
  if (slurmEnd !== "lost") return { end, again: false };
  if (before < MOST_LOSSES) return { end, again: true };
  return { end: { ...end, outcome: "crash", cause: `${end.cause ?? ""} (the second time)` }, again: false };
}

function described({ state, reason }: SlurmState): string {
  return reason === "None" || reason === "" ? state : `${state} (${reason})`;
}

export interface SlurmState {
  state: string;
  /** Why the job waits or ended; "None" if Slurm gives no reason. */
  reason: string;
}

/** States by the id of the task (`12_3`). */
export type SlurmStates = ReadonlyMap<string, SlurmState>;

const WAITING = new Set([
  "PENDING",
  "REQUEUED",
  "REQUEUE_HOLD",
  "REQUEUE_FED",
  "RESV_DEL_HOLD",
  "SPECIAL_EXIT",
]);
const RUNNING = new Set([
  "RUNNING",
  "CONFIGURING",
  "COMPLETING",
  "SUSPENDED",
  "STOPPED",
  "SIGNALING",
  "STAGE_OUT",
  "RESIZING",
]);

export function isWaiting(state: string): boolean {
  return WAITING.has(state);
}

/** Whether the job has ended. An unknown state counts as an end. */
export function hasEnded(state: string): boolean {
  return !WAITING.has(state) && !RUNNING.has(state);
}

/** Parses the lines of squeue's format `%i|%T|%r`. */
export function parseQueue(text: string): Map<string, SlurmState> {
  const states = new Map<string, SlurmState>();
  for (const line of text.split("\n")) {
    const [id = "", state = "", reason = ""] = line.trim().split("|");
    if (state !== "") states.set(id, { state, reason });
  }
  return states;
}

/** Parses the lines of sacct's `JobID|State|ExitCode|NodeList`; gives one clause for each job. */
export function parseAccounting(text: string): Map<string, string> {
  const said = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [id = "", state = "", exitCode = "", nodes = ""] = line.trim().split("|");
    if (state === "") continue;
    said.set(
      id,
      `${state}, exit code ${exitCode}${nodes === "" || nodes === "None assigned" ? "" : ` on ${nodes}`}`,
    );
  }
  return said;
}

/** Reasons that end without help. Any other reason may hold a job for ever. */
const USUAL_REASONS = new Set([
  "None",
  "Priority",
  "Resources",
  "BeginTime",
  "JobArrayTaskLimit",
  "Dependency",
  "Licenses",
  "Prolog",
  "Cleaning",
  "NodeDown",
  "SchedDefer",
]);

/** Whether the job cannot start until a person acts. */
export function isStuck({ state, reason }: SlurmState): boolean {
  if (!isWaiting(state) || USUAL_REASONS.has(reason)) return false;
  // A limit on all jobs of a user or an account passes when other jobs end. A limit on one job does not.
  return !/^(Assoc|QOS)(Grp|Max)/.test(reason) || /PerJob|PerNode|WallDuration/.test(reason);
}

/** Most tasks of an array, from `scontrol show config`; undefined if it is not named there. */
export function parseArrayLimit(text: string): number | undefined {
  const size = /^MaxArraySize\s*=\s*(\d+)/m.exec(text)?.[1];
  const tasks = /max_array_tasks=(\d+)/.exec(text)?.[1];
  if (size === undefined) return undefined;
  return Math.min(Number(size), tasks === undefined ? Infinity : Number(tasks));
}

/**
 * Messages of sbatch when the controller is busy or not reachable. The controller may have accepted the job
 * nevertheless.
 */
const PASSING =
  /Unable to contact slurm controller|timed out|Zero Bytes were transmitted|Connection (refused|reset)|Transport endpoint|temporarily un|Unable to accept new jobs/i;
const LIMITS = /(Max|Grp)SubmitJobs?/;

/**
 * `passing`: a later call may succeed. `limit`: this user has too many jobs in Slurm. `final`: every later
 * call would be refused too.
 */
export type Refusal = "passing" | "limit" | "final";

export function refusalOf(message: string): Refusal {
  if (LIMITS.test(message)) return "limit";
  return PASSING.test(message) ? "passing" : "final";
}

/** Where a job is, in Slurm's words. */
export interface SlurmState {
  state: string;
  /** Why it waits, or why it ended; "None" where Slurm says nothing. */
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

/** Whether Slurm is done with the job. A state that is not known counts as an end only if it is none of the others. */
export function hasEnded(state: string): boolean {
  return !WAITING.has(state) && !RUNNING.has(state);
}

/** Lines of `%i|%T|%r`. */
export function parseQueue(text: string): Map<string, SlurmState> {
  const states = new Map<string, SlurmState>();
  for (const line of text.split("\n")) {
    const [id = "", state = "", reason = ""] = line.trim().split("|");
    if (state !== "") states.set(id, { state, reason });
  }
  return states;
}

/** Lines of sacct's `JobID|State|ExitCode|NodeList`, as one clause for each job. */
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

/** Reasons that pass by themselves; any other may hold a job for ever. */
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

/** Whether somebody has to do something before the job can start. */
export function isStuck({ state, reason }: SlurmState): boolean {
  if (!isWaiting(state) || USUAL_REASONS.has(reason)) return false;
  // Limits on all jobs of a user or an account pass when others end; limits on one job do not.
  return !/^(Assoc|QOS)(Grp|Max)/.test(reason) || /PerJob|PerNode|WallDuration/.test(reason);
}

/** Most tasks of an array, from `scontrol show config`; undefined where it does not say. */
export function parseArrayLimit(text: string): number | undefined {
  const size = /^MaxArraySize\s*=\s*(\d+)/m.exec(text)?.[1];
  const tasks = /max_array_tasks=(\d+)/.exec(text)?.[1];
  if (size === undefined) return undefined;
  return Math.min(Number(size), tasks === undefined ? Infinity : Number(tasks));
}

/** What sbatch says where the controller is busy or away; it may have taken the job all the same. */
const PASSING =
  /Unable to contact slurm controller|timed out|Zero Bytes were transmitted|Connection (refused|reset)|Transport endpoint|temporarily un|Unable to accept new jobs/i;
const LIMITS = /(Max|Grp)SubmitJobs?/;

/** `limit`: too many jobs of this user are in Slurm. `final`: asking again would be refused again. */
export type Refusal = "passing" | "limit" | "final";

/** How a failed sbatch is to be taken. */
export function refusalOf(message: string): Refusal {
  if (LIMITS.test(message)) return "limit";
  return PASSING.test(message) ? "passing" : "final";
}

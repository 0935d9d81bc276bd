/**
 * The stand-in is set by its environment:
 *
 *   STAND_IN_SLURM             folder of its state; every other variable may be left out
 *   STAND_IN_CPUS=4            tasks of one job that run at once
 *   STAND_IN_START_DELAY_MS=0  a task waits this long
 *   STAND_IN_KILL_WAIT_MS=2000 from SIGTERM to SIGKILL
 *   STAND_IN_MAX_ARRAY=1001    MaxArraySize
 *   STAND_IN_FORGET_MS=300000  squeue knows a task this long after its end
 *   STAND_IN_LATE_MS=0         what a task writes arrives this long after it left the queue
 *   STAND_IN_VANISH=1.0,*.3    these tasks (JOB.INDEX) leave the queue and never start
 *   STAND_IN_KILL=1.2:/x       the node of these dies when the file /x appears: nothing of them has time for a word
 *   STAND_IN_PREEMPT=1.1:/x    these are preempted then; both are queued again where the job allows it
 *   STAND_IN_SBATCH_FAILS=2|message   the first calls of sbatch fail with the message
 *   STAND_IN_SBATCH_UNSURE=1   the first calls of sbatch take the job and fail all the same
 *   STAND_IN_SQUEUE_FAILS=2    the first calls of squeue fail
 *   STAND_IN_SACCT=disabled    or "silent"
 */
const env = process.env;

function number(name, otherwise) {
  return env[name] === undefined ? otherwise : Number(env[name]);
}

export const root = env.STAND_IN_SLURM ?? "";
export const cpus = number("STAND_IN_CPUS", 4);
export const startDelayMs = number("STAND_IN_START_DELAY_MS", 0);
export const killWaitMs = number("STAND_IN_KILL_WAIT_MS", 2_000);
export const maxArray = number("STAND_IN_MAX_ARRAY", 1001);
export const forgetMs = number("STAND_IN_FORGET_MS", 300_000);
export const lateMs = number("STAND_IN_LATE_MS", 0);
export const sacct = env.STAND_IN_SACCT ?? "on";
export const sbatchUnsure = number("STAND_IN_SBATCH_UNSURE", 0);
export const squeueFails = number("STAND_IN_SQUEUE_FAILS", 0);

export const sbatchFails = (() => {
  const [count = "0", message = ""] = (env.STAND_IN_SBATCH_FAILS ?? "").split("|");
  return { count: Number(count), message };
})();

/** The word that a list such as `1.2:/x,*.0` has for a task: "" where it has none, undefined where it is not there. */
function faultOf(name, job, index) {
  for (const entry of (env[name] ?? "").split(",").filter(Boolean)) {
    const [place = "", word = ""] = entry.split(":");
    const [wantedJob, wantedIndex] = place.split(".");
    if ((wantedJob === "*" || Number(wantedJob) === job) && Number(wantedIndex) === index) return word;
  }
  return undefined;
}

export const vanishes = (job, index) => faultOf("STAND_IN_VANISH", job, index) !== undefined;
export const killedWith = (job, index) => faultOf("STAND_IN_KILL", job, index);
export const preemptedWith = (job, index) => faultOf("STAND_IN_PREEMPT", job, index);

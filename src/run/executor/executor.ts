import type { CellEvents, CellJob, RunningCell } from "../cell/execute.js";

/**
 * Where cells run. Every executor runs the same cell entry, which limits, watches and reads the cell on the
 * machine that it runs on; the executor brings the job there and its end back.
 */
export interface Executor {
  readonly name: "local" | "slurm";
  /** Cells that it takes at once. */
  readonly slots: number;
  /** Whether the cells take memory and disk of this machine. */
  readonly here: boolean;
  /** Starts the jobs, in their order. Ends never reject. */
  submit(jobs: readonly CellJob[], eventsOf: (job: CellJob) => CellEvents): Promise<RunningCell[]>;
  /** Ends what is under way and frees what the executor holds. */
  close(): Promise<void>;
}

import type { CellEnd } from "../../record/cell-end.js";
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
  /**
   * Whether an attempt that ended through no doing of the cell's is made again, and the end to record for it.
   * Absent where every end is the cell's own.
   *
   * @param earlier ends of the same cell after which it was run again
   */
  settle?(end: CellEnd, earlier: readonly CellEnd[]): { end: CellEnd; again: boolean };
  /** Ends what is under way and frees what the executor holds. */
  close(): Promise<void>;
}

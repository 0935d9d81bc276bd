import type { CellEnd } from "../../record/cell-end.js";
import type { CellEvents, CellJob, RunningCell } from "../cell/execute.js";

/**
 * A place where cells run. Every executor uses the same code to limit, watch and measure the cell on the
 * machine where it runs. The executor brings the job there and its end back.
 */
export interface Executor {
  readonly name: "local" | "slurm";
  /** Most cells that it takes at the same time. */
  readonly slots: number;
  /** Whether the cells use memory and disk of this machine. */
  readonly here: boolean;
  /** Starts the jobs in their order. The promises of their ends never reject. */
  submit(jobs: readonly CellJob[], eventsOf: (job: CellJob) => CellEvents): Promise<RunningCell[]>;
  /**
   * Decides whether an attempt runs again because it ended for a reason outside the cell, and which end is
   * recorded. Absent if no such reason exists.
   *
   * @param earlier ends of the same cell after which it was run again
   */
  settle?(end: CellEnd, earlier: readonly CellEnd[]): { end: CellEnd; again: boolean };
  /** Ends all running cells and frees the resources of the executor. */
  close(): Promise<void>;
}

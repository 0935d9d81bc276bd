import type { CellEnd } from "../../../record/cell-end.js";
import type { CellJob } from "../../cell/execute.js";
import type { TaskEnd } from "./batch-folder.js";
import { closeBatch, names, readClaim, readEnd, writeJobId } from "./batch-folder.js";
import type { SlurmState } from "./states.js";
import { lengthOf } from "./stream-file.js";

type StopOutcome = "interrupted" | "oom-watchdog" | "oom-device";

/** One cell in Slurm, from the call of sbatch to its end. */
export interface Task {
  readonly job: CellJob;
  readonly index: number;
  readonly batch: SubmittedBatch;
  readonly end: Promise<CellEnd>;
  readonly resolve: (end: CellEnd) => void;
  /** The runner ends it, and why. */
  stop: { outcome: StopOutcome; cause: string } | undefined;
  /** When; this and the others by the clock of `performance.now()`. */
  stoppedAt: number | undefined;
  /** Slurm was told. */
  cancelled: boolean;
  /** Its end by Slurm's doing, while Slurm's reason is not known. */
  held: CellEnd | undefined;
  /** When its end was first seen, while what it streamed had not all arrived. */
  arrivedAt: number | undefined;
  /** Last word of Slurm. */
  state: SlurmState | undefined;
  /** When Slurm was first seen to be done with it. */
  goneAt: number | undefined;
}

export interface BatchOptions {
  folder: string;
  name: string;
  /** For people: how many cells, and what they ask for. */
  what: string;
  jobs: readonly CellJob[];
  arrays: boolean;
}

/** Cells that went to Slurm together. */
export class SubmittedBatch {
  readonly folder: string;
  readonly name: string;
  readonly what: string;
  /** Those that have not ended. */
  readonly open: Map<number, Task>;
  /** Cells at the start. */
  readonly size: number;
  /** When sbatch is to be called again; undefined where it has not been called, or took the batch. */
  submitAt: number | undefined;
  /** A call of sbatch that is under way. */
  submitting: Promise<void> | undefined;
  /** Calls of sbatch that met a limit. */
  refusals = 0;
  readonly #arrays: boolean;
  #closed = false;
  #id: string | undefined;

  constructor({ folder, name, what, jobs, arrays }: BatchOptions) {
    this.folder = folder;
    this.name = name;
    this.what = what;
    this.#arrays = arrays;
    this.size = jobs.length;
    this.open = new Map(jobs.map((job, index) => [index, this.#task(job, index)]));
  }

  #task(job: CellJob, index: number): Task {
    let resolve: (end: CellEnd) => void = () => undefined;
    const end = new Promise<CellEnd>((settle) => (resolve = settle));
    return {
      ...{ job, index, batch: this, end, resolve },
      ...{ stop: undefined, stoppedAt: undefined, cancelled: false, held: undefined },
      ...{ arrivedAt: undefined, state: undefined, goneAt: undefined },
    };
  }

  /** Slurm's id; undefined until sbatch took it. */
  get id(): string | undefined {
    return this.#id;
  }

  set id(id: string | undefined) {
    this.#id = id;
    if (id === undefined) return;
    try {
      writeJobId(this.folder, id);
    } catch {
      // A full disk: the job is there all the same, and its name finds it.
    }
  }

  taskId({ index }: Task): string | undefined {
    if (this.#id === undefined) return undefined;
    return this.#arrays ? `${this.#id}_${index}` : this.#id;
  }

  /** None of its tasks may begin any more, wherever they are. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeBatch(this.folder);
  }

  finish(task: Task, end: CellEnd): void {
    this.open.delete(task.index);
    task.resolve(end);
  }

  /** Ends that are there as a whole, with what they streamed. One look at the folder serves all of them. */
  arrived(): { task: Task; end: TaskEnd }[] {
    if (this.open.size === 0) return [];
    return names(this.folder).flatMap((name) => {
      const index = /^(\d+)\.end\.json$/.exec(name)?.[1];
      const task = index === undefined ? undefined : this.open.get(Number(index));
      const end =
        task === undefined || task.held !== undefined
          ? undefined
          : readEnd(this.folder, task.index, task.job.id);
      return task === undefined || end === undefined ? [] : [{ task, end }];
    });
  }

  /** Indices of tasks that began. */
  begun(): Set<number> {
    return new Set(
      names(this.folder).flatMap((name) => {
        const index = /^(\d+)\.claim$/.exec(name)?.[1];
        return index === undefined ? [] : Number(index);
      }),
    );
  }

  /** The node that a task began on. */
  nodeOf({ index }: Task): string | undefined {
    return readClaim(this.folder, index)?.host;
  }
}

/** Whether everything that the cell streamed has arrived here. */
export function hasStreamed({ job }: Task, { streamedBytes }: TaskEnd): boolean {
  return streamedBytes === 0 || lengthOf(job.turnsFile) >= streamedBytes;
}

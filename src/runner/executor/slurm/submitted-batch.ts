import type { CellEnd } from "../../../record/cell-end.js";
import type { CellJob } from "../../cell/execute.js";
import type { Stop } from "../../cell/outcome.js";
import type { TaskEnd } from "./batch-folder.js";
import { closeBatch, names, readClaim, readEnd, writeJobId } from "./batch-folder.js";
import type { SlurmState } from "./states.js";
import { lengthOf } from "./stream-file.js";

/** One cell in Slurm, from the call of sbatch until its end. */
export interface Task {
  readonly job: CellJob;
  readonly index: number;
  readonly batch: SubmittedBatch;
  readonly end: Promise<CellEnd>;
  readonly resolve: (end: CellEnd) => void;
  /** Set when the runner ends the cell, with the reason. */
  stop: Stop | undefined;
  /** When the runner ended it. All times here are from `performance.now()`. */
  stoppedAt: number | undefined;
  /** Whether Slurm was told to cancel it. */
  cancelled: boolean;
  /** Its end, when Slurm ended the cell and the reason is not yet known. */
  held: CellEnd | undefined;
  /** When its end was first seen, while some of its records had not arrived. */
  arrivedAt: number | undefined;
  state: SlurmState | undefined;
  /** When Slurm first no longer had the job. */
  goneAt: number | undefined;
}

export interface BatchOptions {
  folder: string;
  name: string;
  /** Text for people: the number of cells and their request. */
  what: string;
  jobs: readonly CellJob[];
  arrays: boolean;
}

export class SubmittedBatch {
  readonly folder: string;
  readonly name: string;
  readonly what: string;
  /** Tasks that have not ended, by index. */
  readonly open: Map<number, Task>;
  /** Number of cells at the start. */
  readonly size: number;
  /** When sbatch is called again. Undefined if it has not been called, or accepted the batch. */
  submitAt: number | undefined;
  submitting: Promise<void> | undefined;
  /** Number of calls of sbatch that met a limit. */
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

  /** Slurm's id; undefined until sbatch accepted the batch. */
  get id(): string | undefined {
    return this.#id;
  }

  set id(id: string | undefined) {
    this.#id = id;
    if (id === undefined) return;
    try {
      writeJobId(this.folder, id);
    } catch {
      // The disk may be full. The job exists nevertheless and is found by its name.
    }
  }

  taskId({ index }: Task): string | undefined {
    if (this.#id === undefined) return undefined;
    return this.#arrays ? `${this.#id}_${index}` : this.#id;
  }

  /** From now on no task of the batch may begin, on any node. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeBatch(this.folder);
  }

  finish(task: Task, end: CellEnd): void {
    this.open.delete(task.index);
    task.resolve(end);
  }

  /** Complete ends whose records have arrived. The folder is read once for all of them. */
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

  begun(): Set<number> {
    return new Set(
      names(this.folder).flatMap((name) => {
        const index = /^(\d+)\.claim$/.exec(name)?.[1];
        return index === undefined ? [] : Number(index);
      }),
    );
  }

  nodeOf({ index }: Task): string | undefined {
    return readClaim(this.folder, index)?.host;
  }
}

/** Whether all records of the cell have arrived here. */
export function hasStreamed({ job }: Task, { streamedBytes }: TaskEnd): boolean {
  return streamedBytes === 0 || lengthOf(job.turnsFile) >= streamedBytes;
}

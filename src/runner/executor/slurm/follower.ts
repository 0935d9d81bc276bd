import { smallestOf } from "../../../base/stats/extremes.js";
import type { CellEnd } from "../../../record/cell-end.js";
import { isResult } from "../../../record/cell-end.js";
import type { RunningCell } from "../../cell/execute.js";
import type { TaskEnd } from "./batch-folder.js";
import { lastOfLog } from "./batch-folder.js";
import type { SlurmClient } from "./client.js";
import type { SlurmEnd } from "./lost.js";
import { endWithout, lostEnd, slurmEndOf } from "./lost.js";
import type { SlurmState } from "./states.js";
import { hasEnded, isStuck, isWaiting } from "./states.js";
import type { SubmittedBatch, Task } from "./submitted-batch.js";
import { hasStreamed } from "./submitted-batch.js";
import { Submitter } from "./submitter.js";
import type { Timing } from "./timing.js";
import { ASK_SOON_MS, LAST_WORDS_MS } from "./timing.js";

/** Time between calls of scancel, so that one call ends many cells. */
const CANCEL_AGAIN_MS = 500;

/** Failed questions in a row before the user is told. */
const SILENT_ANSWERS = 3;

/** Watches all cells of a run that are in Slurm, in one loop. */
export class Follower {
  readonly #client: SlurmClient;
  readonly #notice: (message: string) => void;
  readonly #timing: Timing;
  readonly #submitter: Submitter;
  readonly #batches = new Set<SubmittedBatch>();
  readonly #told = new Set<string>();
  #loop: Promise<void> | undefined;
  #wake: () => void = () => undefined;
  #asking: Promise<void> | undefined;
  #askedAt = 0;
  #cancelAt = 0;
  #askMs: number;
  #unanswered = 0;

  constructor(client: SlurmClient, notice: (message: string) => void, timing: Timing) {
    this.#client = client;
    this.#notice = notice;
    this.#timing = timing;
    this.#askMs = timing.askFirstMs;
    this.#submitter = new Submitter(client, timing, {
      notice,
      othersInSlurm: (batch) => [...this.#batches].some((other) => other !== batch && other.id !== undefined),
    });
  }

  /** Submits a batch now, or later if Slurm is busy. Throws what `Submitter.first` throws. */
  async start(batch: SubmittedBatch): Promise<Map<string, RunningCell>> {
    await this.#submitter.first(batch);
    this.#batches.add(batch);
    this.#askMs = this.#timing.askFirstMs;
    this.#askedAt = performance.now();
    const cells = [...batch.open.values()].map((task): [string, RunningCell] => {
      const stop: RunningCell["stop"] = (outcome, cause) => {
        task.stop ??= { outcome, cause };
        this.#wake();
      };
      return [task.job.id, { end: task.end, stop }];
    });
    this.#loop ??= this.#follow();
    return new Map(cells);
  }

  async close(): Promise<void> {
    for (const task of this.#tasks()) task.stop ??= { outcome: "interrupted", cause: "the runner ended" };
    this.#wake();
    await this.#loop;
  }

  #tasks(): Task[] {
    return [...this.#batches].flatMap(({ open }) => [...open.values()]);
  }

  async #follow(): Promise<void> {
    for (;;) {
      try {
        await this.#turn();
      } catch (error) {
        // Such an error may pass, for example a full disk or a folder that does not answer. The jobs
        // continue, and so does this loop.
        this.#tellOnce(messageOf(error));
      }
      for (const batch of this.#batches)
        if (batch.open.size === 0 && batch.submitting === undefined) this.#batches.delete(batch);
      if (this.#batches.size === 0) break;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#timing.lookMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#loop = undefined;
  }

  async #turn(): Promise<void> {
    this.#takeEnds();
    // Slurm may take minutes to answer. Files can arrive meanwhile, so the loop does not wait for it.
    for (const batch of this.#batches) this.#submitter.again(batch);
    await this.#cancelStopped();
    if (this.#asking === undefined && performance.now() >= this.#nextQuestion()) {
      this.#asking = this.#ask()
        .catch((error: unknown) => {
          this.#tellOnce(messageOf(error));
        })
        .finally(() => (this.#asking = undefined));
    }
  }

  #takeEnds(): void {
    const now = performance.now();
    for (const batch of this.#batches) {
      for (const { task, end } of batch.arrived()) {
        if (!hasStreamed(task, end)) {
          task.arrivedAt ??= now;
          if (now - task.arrivedAt < this.#timing.fileWaitMs) continue;
        }
        this.#take(task, end);
      }
    }
  }

  #take(task: Task, { end }: TaskEnd): void {
    const { slurmSignal, slurmRestart } = end.evidence;
    if (task.stop !== undefined && !isResult(end.outcome)) this.#finish(task, { ...end, ...task.stop });
    else if (end.outcome !== "interrupted") this.#finish(task, end);
    else if (slurmSignal === "SIGUSR2") this.#finish(task, because(end, "limit", undefined));
    else if (slurmRestart !== undefined) this.#finish(task, because(end, "preempted", undefined));
    // Slurm ended the cell. The end waits until Slurm has been asked for the reason.
    else task.held = end;
  }

  #finish(task: Task, end: CellEnd): void {
    task.batch.finish(task, end);
  }

  async #cancelStopped(): Promise<void> {
    const now = performance.now();
    const ids: string[] = [];
    const cancelled: Task[] = [];
    for (const batch of this.#batches) {
      const open = [...batch.open.values()];
      const stopped = open.filter(({ stop }) => stop !== undefined);
      for (const task of stopped) {
        task.stoppedAt ??= now;
        if (batch.id === undefined) this.#finishStopped(task);
        else if (now - task.stoppedAt > this.#timing.cancelWaitMs) {
          this.#tellOnce(`Slurm has not ended cells that were cancelled (${this.#idOf(task)}); see squeue.`);
          this.#finishStopped(task);
        }
      }
      const fresh = stopped.filter((task) => !task.cancelled && batch.open.has(task.index));
      if (stopped.length > 0 && stopped.length === open.length) batch.close();
      if (fresh.length > 0 && fresh.length === batch.size) ids.push(batch.id ?? "");
      else ids.push(...fresh.map((task) => this.#idOf(task)));
      cancelled.push(...fresh);
    }
    if (ids.length === 0 || now < this.#cancelAt) return;
    this.#cancelAt = now + CANCEL_AGAIN_MS;
    if (await this.#cancel(ids)) for (const task of cancelled) task.cancelled = true;
  }

  async #cancel(ids: readonly string[]): Promise<boolean> {
    const failed = await this.#client.cancel(ids);
    if (failed !== undefined) this.#tellOnce(`${failed.failed}. Cells that were cancelled go on in Slurm.`);
    return failed === undefined;
  }

  #idOf(task: Task): string {
    return task.batch.taskId(task) ?? "";
  }

  #finishStopped(task: Task): void {
    const { outcome, cause } = task.stop ?? { outcome: "interrupted", cause: "interrupted" };
    this.#finish(task, { ...endWithout(task.job, "interrupted", cause, {}), outcome });
  }

  /**
   * Time of the next question. One question covers all cells. The longer nothing changes, the longer the
   * pause.
   */
  #nextQuestion(): number {
    const tasks = this.#tasks().filter(({ batch }) => batch.id !== undefined);
    if (tasks.length === 0) return Infinity;
    const soon = this.#askedAt + ASK_SOON_MS * 2 ** Math.min(this.#unanswered, 5);
    const times = tasks.map(({ held, stop, goneAt }) => {
      if (held !== undefined || stop !== undefined) return soon;
      // Slurm is asked again when the files are overdue: one answer is not enough to give up a cell.
      return goneAt === undefined ? Infinity : Math.max(soon, goneAt + this.#timing.fileWaitMs);
    });
    return smallestOf([this.#askedAt + this.#askMs, ...times]);
  }

  async #ask(): Promise<void> {
    // Read before the question. If a job began before the question and the answer says that it waits, Slurm
    // has queued it again.
    const begun = new Map([...this.#batches].map((batch) => [batch, batch.begun()]));
    const jobs = [...this.#batches].flatMap(({ id, open }) =>
      id === undefined || open.size === 0 ? [] : id,
    );
    const states = await this.#client.states(jobs);
    this.#askedAt = performance.now();
    this.#askMs = Math.min(this.#askMs * 2, this.#timing.askMostMs);
    if ("failed" in states) {
      this.#unanswered++;
      if (this.#unanswered === SILENT_ANSWERS)
        this.#notice(`Slurm does not answer (${states.failed}); the results of cells are still collected.`);
      return;
    }
    this.#unanswered = 0;
    const overdue: Task[] = [];
    for (const task of this.#tasks()) {
      // The answer does not cover jobs that were submitted after the question.
      if (!jobs.includes(task.batch.id ?? "")) continue;
      const id = this.#idOf(task);
      const began = begun.get(task.batch)?.has(task.index) === true;
      if (await this.#judge(task, id, states.get(id), began)) overdue.push(task);
    }
    await this.#giveUp(overdue);
  }

  /** Applies Slurm's answer to one cell. Returns true if the files of the cell are overdue. */
  async #judge(task: Task, id: string, state: SlurmState | undefined, began: boolean): Promise<boolean> {
    const now = performance.now();
    const { held, stop } = task;
    task.state = state ?? task.state;
    if (state !== undefined && isWaiting(state.state) && began && stop === undefined) {
      await this.#cancel([id]);
      const node = task.batch.nodeOf(task);
      const requeued = { state: "REQUEUED", reason: state.reason };
      this.#finish(
        task,
        held === undefined
          ? lostEnd({ job: task.job, task: id, state: requeued, node, lastOfLog: undefined })
          : because(held, "preempted", requeued),
      );
      return false;
    }
    if (state !== undefined && !hasEnded(state.state)) {
      task.goneAt = undefined;
      if (isStuck(state)) {
        this.#tellOnce(
          `Slurm holds cells back for the reason ${state.reason} (job ${id}), which does not pass by itself; see squeue, and change the options or the site.`,
          state.reason,
        );
      }
      return false;
    }
    task.goneAt ??= now;
    if (held !== undefined) {
      const end = slurmEndOf(state?.state);
      this.#finish(task, because(held, end === "lost" ? "preempted" : end, state));
    } else if (stop !== undefined) {
      if (!began || now - task.goneAt >= LAST_WORDS_MS) this.#finishStopped(task);
    } else return now - task.goneAt >= this.#timing.fileWaitMs;
    return false;
  }

  /**
   * Ends cells whose jobs are gone and whose files did not arrive. The end includes what Slurm's accounting
   * says.
   */
  async #giveUp(tasks: readonly Task[]): Promise<void> {
    if (tasks.length === 0) return;
    const said = await this.#client.accounting(tasks.map((task) => this.#idOf(task)));
    this.#takeEnds();
    for (const task of tasks) {
      const { batch, index, job, state } = task;
      if (!batch.open.has(index)) continue;
      const id = this.#idOf(task);
      const accounting = "failed" in said ? said.failed : `sacct said ${said.get(id) ?? "nothing"}`;
      const node = batch.nodeOf(task);
      this.#finish(
        task,
        lostEnd({ job, task: id, state, accounting, node, lastOfLog: lastOfLog(batch.folder, index) }),
      );
    }
  }

  #tellOnce(message: string, key = message): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#notice(message);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Adds Slurm's reason to an interrupted end. */
function because(end: CellEnd, slurmEnd: SlurmEnd, state: SlurmState | undefined): CellEnd {
  const said = state === undefined ? "" : ` (squeue: ${state.state})`;
  return {
    ...end,
    outcome: slurmEnd === "limit" ? "crash" : "interrupted",
    cause: `${end.cause ?? "Slurm ended it"}${said}`,
    evidence: { ...end.evidence, slurmEnd, ...(state === undefined ? {} : { slurmState: state.state }) },
  };
}

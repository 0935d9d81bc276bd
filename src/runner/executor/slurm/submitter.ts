import { BytesperError } from "../../../base/errors.js";
import type { SlurmClient } from "./client.js";
import { endWithout } from "./lost.js";
import { refusalOf } from "./states.js";
import type { SubmittedBatch } from "./submitted-batch.js";
import type { Timing } from "./timing.js";

/**
 * The batch is given up after this many calls that met a limit on jobs. Calls are counted only if no job of
 * this run is in Slurm, whose end could make room.
 */
const MOST_REFUSALS = 8;

export interface SubmitterEvents {
  notice: (message: string) => void;
  othersInSlurm: (batch: SubmittedBatch) => boolean;
}

/** Calls sbatch, and repeats the call if Slurm is busy or full. */
export class Submitter {
  readonly #client: SlurmClient;
  readonly #timing: Timing;
  readonly #events: SubmitterEvents;
  #accepted = false;

  constructor(client: SlurmClient, timing: Timing, events: SubmitterEvents) {
    this.#client = client;
    this.#timing = timing;
    this.#events = events;
  }

  /**
   * Submits a batch. Throws `CELL_FAILED` if Slurm refuses the first batch of a run: it would refuse the
   * others too.
   */
  async first(batch: SubmittedBatch): Promise<void> {
    const refused = await this.#submit(batch);
    if (refused !== undefined && !this.#accepted) throw refused;
    if (refused !== undefined) this.#leave(batch, refused);
  }

  /** Calls sbatch again for a batch whose time has come. Returns before the answer. */
  again(batch: SubmittedBatch): void {
    const { submitAt, submitting, open } = batch;
    if (submitAt === undefined || submitting !== undefined || open.size === 0) return;
    if (performance.now() < submitAt) return;
    batch.submitting = this.#again(batch).finally(() => (batch.submitting = undefined));
  }

  async #again(batch: SubmittedBatch): Promise<void> {
    // A call that failed for the runner may still have reached Slurm, so the job is looked up by name first.
    const there = await this.#client.named([batch.name]);
    if ("failed" in there) {
      batch.submitAt = performance.now() + this.#timing.submitAgainMs;
      return;
    }
    const [id] = there.keys();
    if (id !== undefined) this.#accept(batch, id);
    else {
      const refused = await this.#submit(batch);
      if (refused !== undefined) this.#leave(batch, refused);
    }
    // The runner has stopped all cells of the batch meanwhile.
    if (batch.id !== undefined && batch.open.size === 0) await this.#client.cancel([batch.id]);
  }

  /** Calls sbatch. Returns an error if another call makes no sense. */
  async #submit(batch: SubmittedBatch): Promise<BytesperError | undefined> {
    const answer = await this.#client.submit(batch.folder);
    if ("id" in answer) {
      this.#accept(batch, answer.id);
      return undefined;
    }
    const refusal = refusalOf(answer.failed);
    if (refusal === "limit" && !this.#events.othersInSlurm(batch)) batch.refusals++;
    if (refusal === "final" || batch.refusals >= MOST_REFUSALS) {
      return new BytesperError(
        "CELL_FAILED",
        `Slurm does not take ${batch.what}: ${answer.failed}; change --slurm-partition, --slurm-account or --slurm-option, or submit fewer at once with --slots.`,
      );
    }
    if (batch.submitAt === undefined)
      this.#events.notice(`${answer.failed}; ${batch.what} wait until Slurm takes them.`);
    batch.submitAt = performance.now() + this.#timing.submitAgainMs;
    return undefined;
  }

  #accept(batch: SubmittedBatch, id: string): void {
    this.#accepted = true;
    batch.submitAt = undefined;
    batch.id = id;
    this.#events.notice(`Submitted ${batch.what} as Slurm job ${id}.`);
  }

  /** Gives a batch up. Its cells have no result, and a resume runs them. */
  #leave(batch: SubmittedBatch, { message }: BytesperError): void {
    this.#events.notice(message);
    for (const task of [...batch.open.values()])
      batch.finish(task, endWithout(task.job, "interrupted", message, { slurmEnd: "unsubmitted" }));
  }
}

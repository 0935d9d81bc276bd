import { counted } from "../../../base/format.js";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { BytesperError } from "../../../base/errors.js";
import type { CellEnd, Outcome } from "../../../record/cell-end.js";
import { isResult } from "../../../record/cell-end.js";
import { TurnFile } from "../../cell/turns.js";
import { turnsFileOf } from "../../engine/interrupted.js";
import type { RunLog } from "../../engine/log.js";
import { TurnBatch } from "../../engine/turn-batch.js";
import type { JournalRecord, StartedRecord } from "../../journal/records.js";
import { batchNumbers, closeBatch, readClaim, readEnd, readManifest } from "./batch-folder.js";
import { SlurmClient } from "./client.js";
import { hasEnded } from "./states.js";
import type { Timing } from "./timing.js";
import { ASK_SOON_MS, TIMING } from "./timing.js";

/** `DIR/runs/RUN.slurm`: the folder that the runner and its tasks share. */
export function slurmRoot(out: string, runId: string): string {
  return join(out, "runs", `${runId}.slurm`);
}

/** A cell that a dead runner submitted and whose end is not in the journal. */
interface Left {
  open: StartedRecord;
  id: string;
  folder: string;
  /** Name of the batch in Slurm. */
  name: string;
  index: number;
  turnsBefore: number;
}

export interface AdoptOptions {
  timing?: Partial<Timing>;
  notice: (message: string) => void;
}

/**
 * Copies the results of cells that a dead runner left in Slurm into the journal, and ends the cells that have
 * none. So no cell runs twice at the same time. Throws `CELL_FAILED` if Slurm does not say which jobs it
 * still has.
 */
export async function adoptCells(log: RunLog, out: string, options: AdoptOptions): Promise<void> {
  const timing = { ...TIMING, ...options.timing };
  const left = leftBehind(log, out);
  const [missing, first] = take(log, out, left, (outcome) => outcome !== "interrupted");
  let adopted = first;
  if (missing.length > 0) {
    await end(missing, timing, options.notice);
    await untilWritten(missing, timing);
    // Only results are taken now: a cell that failed may have failed because it was ended here.
    adopted += take(log, out, missing, isResult)[1];
  }
  if (left.length > 0) {
    options.notice(
      `Of ${counted(left.length, "cell")} that the former runner had in Slurm, ${adopted} had ended and are taken as they are; the others were cancelled and run again.`,
    );
  }
}

function leftBehind(log: RunLog, out: string): Left[] {
  const { units, run } = log.state;
  const open = new Map<string, { started: StartedRecord; turnsOfAttempt: number }>(
    [...units.values()].flatMap(({ open: started, turnsOfAttempt }) =>
      started === undefined
        ? []
        : [[`${started.cell}-${started.trial}-${started.attempt}`, { started, turnsOfAttempt }] as const],
    ),
  );
  if (open.size === 0) return [];
  const root = slurmRoot(out, run.runId);
  return batchNumbers(root).flatMap((number) => {
    const folder = join(root, String(number));
    const { jobs = [], name = "" } = readManifest(folder) ?? {};
    return jobs.flatMap(({ id }, index): Left[] => {
      const unit = open.get(id);
      if (unit === undefined) return [];
      return [{ open: unit.started, id, folder, name, index, turnsBefore: unit.turnsOfAttempt }];
    });
  });
}

/** Records the wanted ends that exist. Returns the other cells and the number of recorded ends. */
function take(
  log: RunLog,
  out: string,
  left: readonly Left[],
  isWanted: (outcome: Outcome) => boolean,
): [Left[], number] {
  const missing: Left[] = [];
  const records: JournalRecord[] = [];
  const files: TurnFile[] = [];
  for (const cell of left) {
    const end = readEnd(cell.folder, cell.index, cell.id)?.end;
    if (end === undefined || !isWanted(end.outcome)) missing.push(cell);
    else {
      const file = new TurnFile(turnsFileOf(out, log.state.run.runId, cell.open));
      files.push(file);
      for (const record of recordsOf(cell, end, file.read())) records.push(record);
    }
  }
  log.appendAll(records);
  if (log.writeError === undefined) for (const file of files) file.remove();
  return [missing, left.length - missing.length];
}

function recordsOf({ open, turnsBefore }: Left, end: CellEnd, turns: readonly unknown[]): JournalRecord[] {
  const { experiment, cell, trial, attempt } = open;
  const batch = new TurnBatch({ experiment, cell, trial }, attempt);
  // The journal may have the first ones already.
  for (const turn of turns.slice(turnsBefore)) batch.add(turn);
  const type = isResult(end.outcome) ? "finished" : "failed";
  const evidence = { ...end.evidence, adopted: true };
  const own = { experiment, cell, trial, attempt, beside: false };
  return [...batch.take(), { type, ...own, end: { ...end, evidence } }];
}

/** Ends all jobs of the batches, and waits until Slurm no longer has them. */
async function end(left: readonly Left[], timing: Timing, notice: (message: string) => void): Promise<void> {
  const client = new SlurmClient();
  await client.requireSlurm();
  for (const folder of new Set(left.map((cell) => cell.folder))) closeBatch(folder);
  const names = [...new Set(left.map(({ name }) => name))];
  const alive = async (): Promise<string[]> => {
    const jobs = await client.named(names);
    if ("failed" in jobs) {
      throw new BytesperError(
        "CELL_FAILED",
        `The former runner left cells in Slurm, and it is not known which of them still run: ${jobs.failed}; go on when Slurm answers.`,
      );
    }
    return [...jobs].flatMap(([id, states]) => (states.every(hasEnded) ? [] : [id]));
  };
  const jobs = await alive();
  if (jobs.length > 0) await client.cancel(jobs);
  const deadline = performance.now() + timing.cancelWaitMs;
  for (let still = jobs; still.length > 0; still = await alive()) {
    if (performance.now() > deadline) {
      // This is safe: a task of a closed batch does not begin, and the files of a running one are not read
      // again.
      notice(
        `Slurm has not ended the jobs ${still.join(", ")}, which were cancelled; look at them with squeue.`,
      );
      return;
    }
    await pause(ASK_SOON_MS);
  }
}

/** Waits for the ends of cells that began: their files may arrive here late. */
async function untilWritten(left: readonly Left[], timing: Timing): Promise<void> {
  const deadline = performance.now() + timing.fileWaitMs;
  const isAwaited = ({ folder, index, id }: Left): boolean =>
    readClaim(folder, index) !== undefined && readEnd(folder, index, id) === undefined;
  while (left.some(isAwaited) && performance.now() < deadline) await pause(timing.lookMs);
}

/**
 * Removes the folders of batches if the journal has a result for each of their cells. The others stay as
 * evidence.
 */
export function removeFinished(log: RunLog, out: string): void {
  const { units, run } = log.state;
  if (log.writeError !== undefined) return;
  const finished = new Set(
    [...units.values()].flatMap(({ last }) =>
      last?.type === "finished" ? [`${last.cell}-${last.trial}`] : [],
    ),
  );
  const root = slurmRoot(out, run.runId);
  const numbers = batchNumbers(root);
  const done = numbers.filter((number) => {
    const { jobs } = readManifest(join(root, String(number))) ?? { jobs: [] };
    // The id of an attempt is the cell, the trial and, after the last dash, the number of the attempt.
    return jobs.length > 0 && jobs.every(({ id }) => finished.has(id.slice(0, id.lastIndexOf("-"))));
  });
  for (const number of done) rmSync(join(root, String(number)), { recursive: true, force: true });
  if (done.length === numbers.length) rmSync(root, { recursive: true, force: true });
}

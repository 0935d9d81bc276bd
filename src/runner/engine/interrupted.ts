import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { absent } from "../../system/probe/reading.js";
import type { CellEnd } from "../../record/cell-end.js";
import { TurnFile } from "../cell/turns.js";
import type { JournalRecord, StartedRecord } from "../journal/records.js";
import type { RunLog } from "./log.js";
import { TurnBatch } from "./turn-batch.js";

/** The file to which one attempt at a cell writes its records. */
export function turnsFileOf(
  out: string,
  runId: string,
  { cell, trial, attempt }: Pick<StartedRecord, "cell" | "trial" | "attempt">,
): string {
  return join(out, "runs", `${runId}.cells`, `${cell}-${trial}-${attempt}.jsonl`);
}

/**
 * Closes the attempts that a killed runner left open. Records that they had written are copied into the
 * journal, and each attempt gets the outcome `interrupted`. Their processes are dead: the supervisor of a
 * cell ends with its runner.
 */
export function closeInterrupted(log: RunLog, out: string): void {
  const { state } = log;
  const records: JournalRecord[] = [];
  const files: TurnFile[] = [];
  for (const { open, turnsOfAttempt } of state.units.values()) {
    if (open === undefined) continue;
    const { experiment, cell, trial, attempt } = open;
    const unit = { experiment, cell, trial, attempt };
    const file = new TurnFile(turnsFileOf(out, state.run.runId, open));
    files.push(file);
    const batch = new TurnBatch({ experiment, cell, trial }, attempt);
    // The journal may have the first ones already.
    for (const record of file.read().slice(turnsOfAttempt)) batch.add(record);
    for (const turn of batch.take()) records.push(turn);
    records.push({ type: "interrupted", ...unit, beside: false, end: abandoned(open) });
  }
  log.appendAll(records);
  // The files are removed last: if this runner is killed before, the next one finds them again.
  if (log.writeError === undefined) for (const file of files) file.remove();
  removeIfEmpty(join(out, "runs", `${state.run.runId}.cells`));
}

export function removeIfEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
}

function abandoned({ capBytes }: StartedRecord): CellEnd {
  const nobody = absent("the runner was killed before the cell ended");
  return {
    outcome: "interrupted",
    cause: "the runner was killed while the cell ran",
    records: [],
    durationMs: 0,
    memory: {
      enforcement: "none",
      ...(capBytes === undefined ? {} : { capBytes }),
      peakBytes: nobody,
      largestProcessPeakBytes: nobody,
      processes: 0,
    },
    evidence: {},
  };
}

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { ExperimentRecord } from "../../record/experiment-record.js";
import type { CellEnd } from "../../record/cell-end.js";
import { isResult } from "../../record/cell-end.js";
import type { CellJob } from "../cell/execute.js";
import { TurnFile } from "../cell/turns.js";
import type { Executor } from "../executor/executor.js";
import type { EndedRecord, UnitOfWork } from "../journal/records.js";
import { isMistake } from "../mistake.js";
import { readDriver } from "../../system/driver/reader.js";
import { isAbsent } from "../../system/probe/reading.js";
import { ADMISSION_DEFAULTS, PEAK_MARGIN } from "../schedule/admission.js";
import { hostReader } from "../schedule/host-reader.js";
import { removeIfEmpty, turnsFileOf } from "./interrupted.js";
import type { RunLog } from "./log.js";
import type { Expectation, PlanEntry } from "./need.js";
import type { PreparedExperiment } from "./prepare.js";
import type { WorkSource } from "../schedule/work-source.js";
import { inOrder } from "../schedule/work-source.js";
import { schedule } from "../schedule/schedule.js";
import { byBisection } from "./sources.js";
import { byStages } from "./stages.js";
import { TurnBatch } from "./turn-batch.js";
import type { PlannedWork } from "./sources.js";
import type { RunRequest } from "./request.js";
import type { Watch } from "./watch.js";

export interface ExperimentOptions {
  log: RunLog;
  out: string;
  executor: Executor;
  slots: number;
  learned: ReadonlyMap<string, Expectation>;
  watch: Pick<Watch, "started" | "ended">;
  signal: AbortSignal;
  stopAtSubjectError: boolean;
  progress: (finished: number, label: string) => void;
  notice: (message: string) => void;
}

/** Interval at which the memory of a long cell is written to the journal, ms. */
const SAMPLE_MS = 5_000;

/** Age at which the memory of a cell is recorded for the first time, ms. */
const FIRST_SAMPLE_MS = 900;

interface Attempt {
  unit: UnitOfWork;
  attempt: number;
  batch: TurnBatch;
  file: TurnFile;
  sampledAt: number;
}

/**
 * Runs those cells of one experiment that are to run, and writes all events to the log. Returns the number of
 * cells.
 */
export async function runExperiment(
  { record }: PreparedExperiment,
  entries: readonly PlanEntry[],
  options: ExperimentOptions,
): Promise<number> {
  const { log, out, executor, learned, signal } = options;
  const { runId, request } = log.state.run;
  const work = entries.map((entry) => workOf(entry, learned));
  const toRun = work.filter((_, index) => entries[index]?.run === true);
  const source = sourceOf(record, work, toRun, () => settled(work, entries, log));
  const attempts = new Map<string, Attempt>();
  let finished = 0;
  let stopped = false;

  const flush = ({ batch, file }: Attempt): void => {
    for (const turn of file.read()) batch.add(turn);
    log.appendAll(batch.take());
  };

  const readHost = hostReader(out);
  const devices = executor.here && work.some(({ usesDevice }) => usesDevice) ? await devicesHere(signal) : 1;
  await schedule<PlannedWork>(source, {
    executor,
    slots: () => options.slots,
    deviceSlots: devices,
    admission: { ...ADMISSION_DEFAULTS, ...request.gate },
    readHost: async () => {
      const host = await readHost();
      // After a write error nothing more is written, so free disk space does not matter.
      return log.writeError === undefined ? host : { ...host, diskFreeBytes: undefined };
    },
    stop: () => stopped || signal.aborted,
    start: (cell, beside, device) => {
      const unit = { experiment: cell.experiment, cell: cell.cell, trial: cell.trial };
      const attempt = (log.state.units.get(cell.key)?.attempts ?? 0) + 1;
      const turnsFile = turnsFileOf(out, runId, { ...unit, attempt });
      const follower: Attempt = {
        unit,
        attempt,
        batch: new TurnBatch(unit, attempt),
        file: new TurnFile(turnsFile),
        sampledAt: performance.now() + FIRST_SAMPLE_MS - SAMPLE_MS,
      };
      attempts.set(cell.key, follower);
      options.watch.started(cell.key);
      const { capBytes } = cell;
      log.keeping(() => {
        mkdirSync(dirname(turnsFile), { recursive: true });
      });
      // The record is on disk before the process exists. A start without an end tells a resume which cells
      // were running.
      log.append({
        type: "started",
        ...unit,
        attempt,
        beside,
        ...(capBytes === undefined ? {} : { capBytes }),
      });
      return {
        job: jobOf(
          cell,
          request,
          attempt,
          log.writeError === undefined ? turnsFile : undefined,
          // With one GPU, or no driver to list them, nothing has to be hidden from a command.
          devices > 1 ? device : undefined,
        ),
        events: {
          onTurn: (turn) => {
            follower.batch.add(turn);
          },
          onSample: ({ rssBytes, largestHwmBytes }) => {
            const now = performance.now();
            if (now - follower.sampledAt < SAMPLE_MS || rssBytes === undefined) return;
            follower.sampledAt = now;
            log.append({
              type: "sample",
              ...unit,
              attempt,
              rssBytes,
              largestHwmBytes: largestHwmBytes ?? rssBytes,
            });
          },
        },
      };
    },
    tick: () => {
      for (const attempt of attempts.values()) flush(attempt);
    },
    end: (cell, end, { beside, again }) => {
      const follower = attempts.get(cell.key);
      attempts.delete(cell.key);
      if (follower !== undefined) {
        flush(follower);
        log.append(endedRecord(follower, end, beside));
        follower.file.remove();
      }
      options.watch.ended(cell.key, end.durationMs);
      if (again) return;
      finished++;
      if (isMistake(end.code, options.stopAtSubjectError)) stopped = true;
      options.progress(finished, cell.label);
    },
    pressure: (what, level, message) => {
      options.notice(message);
      log.append({ type: "pressure", what, level, message });
    },
  });
  log.keeping(() => {
    removeIfEmpty(dirname(turnsFileOf(out, runId, { cell: "", trial: 0, attempt: 0 })));
  });
  return toRun.length;
}

/** If ends decide what runs next, the source gets every cell; otherwise only the cells to run. */
function sourceOf(
  { frontier, rollout }: ExperimentRecord,
  work: readonly PlannedWork[],
  toRun: readonly PlannedWork[],
  before: () => ReadonlyMap<string, CellEnd>,
): WorkSource<PlannedWork> {
  if (frontier !== undefined) return byBisection(frontier, work, before());
  if (rollout === undefined) return inOrder(toRun);
  const followUps = toRun.filter(({ part }) => part !== undefined);
  return byStages(rollout, work, before(), followUps);
}

function workOf({ cell, key }: PlanEntry, learned: ReadonlyMap<string, Expectation>): PlannedWork {
  const peak = learned.get(cell.cell)?.peakBytes;
  const usesDevice = cell.work.kind === "command" && cell.deviceCapBytes !== undefined;
  return {
    ...cell,
    key,
    usesDevice,
    needBytes: largestProcessBytes(cell) ?? (peak === undefined ? undefined : peak * PEAK_MARGIN),
  };
}

/** What the processes of a cell may take at most; undefined where nothing limits them. */
function largestProcessBytes({ capBytes, work }: Pick<PlannedWork, "capBytes" | "work">): number | undefined {
  return work.kind === "fits" ? work.fits.memoryBytes : capBytes;
}

/** Number of GPUs here. If it is unknown, 1, so that cells with a device never share one. */
async function devicesHere(signal: AbortSignal): Promise<number> {
  const report = await readDriver("nvml", signal);
  return isAbsent(report) ? 1 : Math.max(1, report.devices.length);
}

/** Earlier ends on which a frontier search or a rollout may build. */
function settled(
  work: readonly PlannedWork[],
  entries: readonly PlanEntry[],
  log: RunLog,
): Map<string, CellEnd> {
  const ends = new Map<string, CellEnd>();
  work.forEach(({ key }, index) => {
    const last = log.state.units.get(key)?.last;
    if (last !== undefined && entries[index]?.run === false) ends.set(key, last.end);
  });
  return ends;
}

function jobOf(
  cell: PlannedWork,
  { compilers, imports }: Pick<RunRequest, "compilers" | "imports">,
  attempt: number,
  turnsFile: string | undefined,
  device: number | undefined,
): CellJob {
  return {
    id: `${cell.cell}-${cell.trial}-${attempt}`,
    work: cell.work,
    compilers,
    timeoutMs: cell.timeoutMs,
    ...(imports === undefined ? {} : { imports }),
    ...(cell.capBytes === undefined ? {} : { capBytes: cell.capBytes }),
    ...(cell.deviceCapBytes === undefined ? {} : { deviceCapBytes: cell.deviceCapBytes }),
    ...(turnsFile === undefined ? {} : { turnsFile }),
    ...(device === undefined ? {} : { device }),
    ...(cell.work.kind === "command" ? { sampleMs: 500 } : {}),
  };
}

function endedRecord({ unit, attempt, batch }: Attempt, end: CellEnd, beside: boolean): EndedRecord {
  const type = isResult(end.outcome) ? "finished" : end.outcome === "interrupted" ? "interrupted" : "failed";
  const { dropped } = batch;
  const kept = dropped === 0 ? end : { ...end, evidence: { ...end.evidence, turnsBeyondLimit: dropped } };
  return { type, ...unit, attempt, beside, end: kept };
}

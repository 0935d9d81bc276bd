import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { analyse } from "../analysis/result.js";
import { BytesperError } from "../errors.js";
import type { Experiment } from "../experiment/define.js";
import { openSubject } from "../experiment/load.js";
import type { Pilot } from "../measure/pilot.js";
import type { SubjectReference } from "../measure/subject.js";
import type { Result } from "../report/schema.js";
import { environmentOf } from "./environment.js";
import type { LocalOptions } from "./local.js";
import { runCell } from "./local.js";
import { planExperiment } from "./plan.js";
import { requireCalibration, runExperiment } from "./run-experiment.js";
import { newRunId } from "./run-id.js";

export interface MeasureOptions {
  compilers: "on" | "off";
  /** Instances of the largest population; chosen by a pilot unless given. */
  instances?: number;
  trials: number;
  snapshot: boolean;
  conversations?: string;
  seed: number;
  timeoutMs: number;
  signal?: AbortSignal;
  progress: (finished: number, total: number, label: string) => void;
}

/** Bytes per instance of one subject, with everything that a result holds. */
export async function measure(subjectText: string, options: MeasureOptions): Promise<Result> {
  const startedAt = new Date().toISOString();
  const subject = await openSubject(subjectText);
  const folder = mkdtempSync(join(tmpdir(), "bytesper-"));
  try {
    const local: LocalOptions = {
      compilers: options.compilers,
      timeoutMs: options.timeoutMs,
      signal: options.signal,
    };
    // The calibration runs beside the first cells; what they read is thrown away if it fails.
    const calibrating = requireCalibration(local);
    calibrating.catch(() => undefined);
    const pilot = await requirePilot(subject.reference, options, local);
    const instances = options.instances ?? affordable(pilot);
    const experiment: Experiment = {
      name: basename(subjectText),
      title: `Bytes per instance of ${basename(subjectText)}`,
      unit: "instance",
      factors: {},
      subject: subjectText,
      instances,
    };
    const cells = planExperiment(experiment, subject.reference, {
      quick: false,
      seed: options.seed,
      trials: options.trials,
      nullTrials: 1,
      snapshotInstances: snapshotInstances(pilot, options.instances),
      ...(options.snapshot ? { snapshotPath: join(folder, "population.heapsnapshot") } : {}),
      ...(options.conversations === undefined ? {} : { conversations: options.conversations }),
    });
    const collected = await runExperiment(experiment.name, cells, {
      ...local,
      slots: slotsHere(),
      record: () => undefined,
      progress: (finished, label) => {
        options.progress(finished, cells.length, label);
      },
      stopAtSubjectError: true,
    });
    const calibration = await calibrating;
    if (collected.interrupted)
      throw new BytesperError("INTERRUPTED", "Interrupted; nothing was measured completely.");
    const failure = collected.failed.find(({ role }) => role === "row");
    if (collected.rows.length === 0 && failure !== undefined) {
      throw new BytesperError(
        (failure.code as BytesperError["code"] | undefined) ?? "CELL_FAILED",
        `${subjectText} could not be measured: ${failure.cause}`,
      );
    }
    return analyse({
      experiment,
      grid: [{}],
      ownSlope: true,
      collected,
      calibration,
      estimates: pilot.estimates,
      instancesOf: () => instances,
      identity: {
        runId: newRunId(),
        startedAt,
        finishedAt: new Date().toISOString(),
        environment: environmentOf(options.compilers, process.cwd()),
        settings: { instances, trials: options.trials, seed: options.seed },
      },
    });
  } finally {
    subject.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function requirePilot(
  reference: SubjectReference,
  { conversations, seed }: Pick<MeasureOptions, "conversations" | "seed">,
  local: LocalOptions,
): Promise<Pilot> {
  const context = { factors: {}, seed, ...(conversations === undefined ? {} : { conversations }) };
  const end = await runCell({ kind: "pilot", subject: reference, context }, local);
  if (end.outcome === "ok") return end.data;
  if (end.outcome === "interrupted")
    throw new BytesperError("INTERRUPTED", "Interrupted before the first reading.");
  const known = end.code !== undefined;
  throw new BytesperError(
    end.code ?? "CELL_FAILED",
    known ? end.cause : `${reference.name} could not be measured: ${end.cause}.`,
  );
}

/** Cells that run side by side; readings are of each process alone and do not disturb one another. */
export function slotsHere(): number {
  return Math.max(1, Math.min(4, availableParallelism()));
}

const MOST_INSTANCES = 1000;
const FEWEST_INSTANCES = 6;
/** Larger populations cost collections time and add nothing to a slope that is exact at this size. */
const POPULATION_BYTES = 2 ** 20;
/** Several processes run side by side, each with a population of this size at most, */
const MOST_POPULATION_BYTES = 2 ** 26;
/** and one whose objects are written to a file of up to twice their size. */
const MOST_SNAPSHOT_BYTES = 2 ** 28;
/** A process creates each level three times after a warm-up: 11 times the largest population. */
const CREATIONS = 11;
const CREATE_BUDGET_MS = 2000;

/** The largest population of the slope that time and memory afford. */
function affordable({ createMs, instanceBytes, heapLimitBytes }: Pilot): number {
  const byTime = CREATE_BUDGET_MS / CREATIONS / Math.max(createMs, 1e-6);
  const byMemory = Math.min(heapLimitBytes / 4, MOST_POPULATION_BYTES) / Math.max(instanceBytes, 1);
  const byUse = Math.max(200, POPULATION_BYTES / Math.max(instanceBytes, 1));
  return bounded(Math.min(MOST_INSTANCES, byTime, byMemory, byUse));
}

/** Instances of the snapshot, which needs about four times their memory. */
function snapshotInstances(
  { createMs, instanceBytes, heapLimitBytes }: Pilot,
  asked: number | undefined,
): number {
  const byTime = CREATE_BUDGET_MS / Math.max(createMs, 1e-6);
  const byMemory = Math.min(heapLimitBytes / 8, MOST_SNAPSHOT_BYTES) / Math.max(instanceBytes, 1);
  return bounded(Math.min(Math.max(asked ?? 0, MOST_INSTANCES), byTime, byMemory));
}

function bounded(instances: number): number {
  return Math.max(FEWEST_INSTANCES, Math.floor(instances));
}

import { basename } from "node:path";
import type { Collected } from "../analysis/collected.js";
import { collect } from "../analysis/collected.js";
import type { AnalysisInput } from "../analysis/result.js";
import { analyse } from "../analysis/result.js";
import type { SubjectReference } from "../experiment/subject.js";
import { isAbsent } from "../system/probe/reading.js";
import { BytesperError } from "../base/errors.js";
import type { Experiment } from "../experiment/define.js";
import type { ReadySubject } from "../experiment/load.js";
import { openSubject } from "../experiment/load.js";
import type { Pilot } from "../measure/pilot.js";
import type { Result } from "../record/schema.js";
import { environmentOf } from "./environment.js";
import { runCells } from "./measure-cells.js";
import { isMistake } from "./mistake.js";
import { planExperiment } from "./plan.js";
import { newRunId } from "./run-id.js";
import { requireCalibration, requirePilot, runSingleCell } from "./single-cell.js";
import type { SingleCellOptions } from "./single-cell.js";
import type { Left } from "./schedule/time-left.js";
import type { Compilers } from "../record/cell.js";

export interface MeasureOptions {
  compilers: Compilers;
  /** Instances of the largest population; by default, chosen by a pilot run. */
  instances?: number;
  trials: number;
  snapshot: boolean;
  /** Whether the kernel weighs a large population too; true by default. */
  kernel?: boolean;
  conversations?: string;
  seed: number;
  timeoutMs: number;
  signal?: AbortSignal;
  /** Modules that each measured process loads first, as `node --import` does. */
  imports?: readonly string[];
  /** Whether an earlier calibration does not count. */
  recalibrate?: boolean;
  /** Whether what the instances refer to and do not hold alone is divided among them. */
  countShared?: boolean;
  /** A subject that is not a file of its own, already opened. `run` then runs its cells. */
  opened?: ReadySubject;
  run?: SingleCellOptions["run"];
  progress: (finished: number, total: number, label: string, left: Left) => void;
}

/** Measures the bytes per instance of one subject, as a complete result. */
export async function measure(subjectText: string, options: MeasureOptions): Promise<Result> {
  const startedAt = new Date().toISOString();
  const subject = options.opened ?? (await openSubject(subjectText, undefined, undefined, options.imports));
  const { compilers, timeoutMs, signal, imports, run } = options;
  const single: SingleCellOptions = { compilers, timeoutMs, signal, imports, run };
  try {
    // The calibration runs while the first cells run. If it fails, their readings are discarded.
    const calibrating = requireCalibration(single, options.recalibrate);
    calibrating.catch(() => undefined);
    const pilot = await requirePilot(subject.reference, options, single);
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
      fits: false,
      quick: false,
      seed: options.seed,
      trials: options.trials,
      nullTrials: 1,
      snapshotInstances: snapshotInstances(pilot, options.instances),
      snapshot: options.snapshot,
      kernel: options.kernel !== false,
      ...(options.conversations === undefined ? {} : { conversations: options.conversations }),
    });
    const ended = await runCells(cells, single, options.progress);
    const collected = collect(ended, "population");
    const calibration = await calibrating;
    if (collected.interrupted)
      throw new BytesperError("INTERRUPTED", "Interrupted; nothing was measured completely.");
    const failure = collected.failed.find(({ role }) => role === "row");
    if (failure !== undefined && (isMistake(failure.code, true) || collected.rows.length === 0)) {
      throw new BytesperError(
        (failure.code as BytesperError["code"] | undefined) ?? "CELL_FAILED",
        isMistake(failure.code, true)
          ? failure.cause
          : `${subjectText} could not be measured: ${failure.cause}`,
      );
    }
    const input: AnalysisInput = {
      experiment: {
        experiment: experiment.name,
        kind: "population",
        title: experiment.title ?? experiment.name,
        unit: collected.rows.some(({ data }) => data.returnsNothing) ? "call" : experiment.unit,
        hasUnits: false,
        ownSlope: true,
        grid: [{ factors: {}, instances, units: 1 }],
        parts: [],
        estimates: pilot.estimates,
      },
      collected,
      calibration,
      countShared: options.countShared === true,
      identity: {
        runId: newRunId(),
        startedAt,
        finishedAt: new Date().toISOString(),
        environment: environmentOf(options.compilers, process.cwd()),
        settings: { instances, trials: options.trials, seed: options.seed },
      },
    };
    const first = analyse(input);
    const whole = await wholeHeap(first, subject.reference, options, single);
    const result = whole === undefined ? first : analyse({ ...input, collected: { ...collected, whole } });
    const compiled = subject.doubts.map((message) => ({ name: "compiled-otherwise", message }));
    return { ...result, warnings: [...compiled, ...loadedFirst(imports), ...result.warnings] };
  } finally {
    subject.dispose();
  }
}

/** What a user's module does in a measured process is read with the subject. */
function loadedFirst(imports: readonly string[] = []): Result["warnings"] {
  if (imports.length === 0) return [];
  return [
    {
      name: "loaded-first",
      message: `${imports.join(", ")} was loaded first in each measured process, and memory that it takes or frees later moves the readings by some hundred bytes; measure more instances, or without --import, and compare.`,
    },
  ];
}

/** Less than this per instance is drift between the two methods. */
const ACCOUNTED_WITHIN = 0.01;
const LEAST_UNACCOUNTED_BYTES = 4;

/**
 * Where the snapshot of the instances does not account for the line, the growth of the whole heap between two
 * snapshots is looked at: it holds what is kept elsewhere, and who keeps it.
 */
async function wholeHeap(
  { fit, crossCheck }: Result,
  subject: SubjectReference,
  { seed, conversations, compilers }: MeasureOptions,
  single: SingleCellOptions,
): Promise<Collected["whole"]> {
  if (isAbsent(fit) || isAbsent(crossCheck) || single.run !== undefined || compilers === "on")
    return undefined;
  const { relativeDifference, slopePerUnitBytes, snapshotPerUnitBytes } = crossCheck;
  if (Math.abs(relativeDifference) <= ACCOUNTED_WITHIN) return undefined;
  if (Math.abs(slopePerUnitBytes - snapshotPerUnitBytes) < LEAST_UNACCOUNTED_BYTES) return undefined;
  const instances = bounded(
    Math.min(crossCheck.instances, MOST_WHOLE, MOST_WHOLE_BYTES / Math.max(1, slopePerUnitBytes)),
  );
  const context = { factors: {}, seed, ...(conversations === undefined ? {} : { conversations }) };
  const end = await runSingleCell(
    { kind: "snapshot", snapshot: { subject, context, instances, path: "", whole: true } },
    single,
  );
  return end.outcome === "ok" ? (end.data as Collected["whole"]) : undefined;
}

/** Tables double, so both snapshots have them filled to the same share. */
const MOST_WHOLE = 512;
const MOST_WHOLE_BYTES = 2 ** 25;

const MOST_INSTANCES = 1000;
const FEWEST_INSTANCES = 6;
/** Larger populations make collections slower and do not improve the slope, which is exact at this size. */
const POPULATION_BYTES = 2 ** 20;
/** Several processes run at the same time, and each may hold a population of this size. */
const MOST_POPULATION_BYTES = 2 ** 26;
/** A snapshot writes its objects to a file of up to twice this size. */
const MOST_SNAPSHOT_BYTES = 2 ** 25;
/**
 * A process creates each level three times after a warm-up. Together that is 11 times the largest population.
 */
const CREATIONS = 11;
const CREATE_BUDGET_MS = 2000;

/** The largest population that time and memory allow for the slope. */
function affordable({ createMs, instanceBytes, heapLimitBytes }: Pilot): number {
  const byTime = CREATE_BUDGET_MS / CREATIONS / Math.max(createMs, 1e-6);
  const byMemory = Math.min(heapLimitBytes / 4, MOST_POPULATION_BYTES) / Math.max(instanceBytes, 1);
  const byUse = Math.max(200, POPULATION_BYTES / Math.max(instanceBytes, 1));
  return bounded(Math.min(MOST_INSTANCES, byTime, byMemory, byUse));
}

/** Number of instances in the snapshot. A snapshot needs about four times their memory. */
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

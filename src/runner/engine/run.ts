import { basename, resolve } from "node:path";
import { fileCorpus } from "../../corpus/index.js";
import type { SelectedDevice } from "../../device/index.js";
import { selectDevice } from "../../device/index.js";
import { BytesperError } from "../../base/errors.js";
import type { Experiment } from "../../experiment/define.js";
import type { Result } from "../../record/schema.js";
import type { Outcome } from "../../record/cell-end.js";
import { readDriver } from "../../system/driver/reader.js";
import { DEVICE_CAP_BYTES } from "../defaults.js";
import { environmentOf } from "../environment.js";
import type { Executor } from "../executor/executor.js";
import { LocalSite } from "../executor/local-site.js";
import type { Site, SiteEnforcement } from "../executor/site.js";
import { SlurmSite } from "../executor/slurm/site.js";
import { Journal } from "../journal/journal.js";
import { ownIdentity } from "../../system/owner.js";
import type { ReadJournal } from "../journal/read.js";
import type { RunRecord } from "../journal/records.js";
import type { Drawings } from "../figures.js";
import { removeUnfinishedFiles, writeResult } from "../results-folder.js";
import { requireExperimentFolders, requireResultsFolder } from "../results-mark.js";
import { newRunId } from "../run-id.js";
import type { Left } from "../schedule/time-left.js";
import { requireCalibration, requirePilot } from "../single-cell.js";
import { closeInterrupted } from "./interrupted.js";
import { expectations } from "./learned.js";
import { forecast } from "./forecast.js";
import { timeLeftOf } from "./watch.js";
import { RunLog } from "./log.js";
import type { PlanEntry } from "./need.js";
import { orphansOf, planOf } from "./need.js";
import type { PreparedExperiment } from "./prepare.js";
import { prepareExperiment } from "./prepare.js";
import type { RequestedExperiment, RunRequest } from "./request.js";
import { writeRollback } from "./rollback.js";
import { settingsOf } from "./request.js";
import { deriveResult } from "./results.js";
import { runExperiment } from "./run-experiment.js";
import { experimentFile } from "./shipped.js";

export interface RunOptions {
  request: RunRequest;
  out: string;
  command: "run" | "resume" | "retry";
  /** The journal to continue, already read. Absent: a new run starts. */
  journal?: { path: string; read: ReadJournal };
  /** Cells that ended with one of these outcomes run again. */
  retry: readonly Outcome[];
  signal: AbortSignal;
  /** Whether an error thrown by a subject ends its experiment, because every cell would meet it. */
  stopAtSubjectError: boolean;
  /** Experiments that no file holds, by the file that the request names for them. */
  given?: ReadonlyMap<string, Experiment>;
  /** Whether figures, pages and the index are written at the end; by default they are. */
  pages?: boolean;
  events: RunEvents;
}

/** Messages for the user while cells run. */
export interface RunEvents {
  /** Called when the journal exists and another process can follow the run. */
  started?: (journal: string) => void;
  /** @param left how long the others will take; absent where it is not asked for */
  progress: (finished: number, total: number, label: string, left: Left) => void;
  /** Something that may take long and shows nothing by itself begins; the answer is called at its end. */
  step?: (what: string) => () => void;
  /** @param folder where the result was written; undefined where that failed */
  finished: (result: Result, folder: string | undefined) => void;
  notice: (message: string) => void;
}

export interface RunOutcome {
  results: Result[];
  interrupted: boolean;
  /** Error of an experiment that could not be measured and ended the run. */
  failure?: BytesperError;
  /** The first write that failed. The results are complete nevertheless. */
  writeError?: BytesperError;
}

/** A grid that is ready to run: all files are loaded, all cells planned, and nothing has started. */
export interface OpenGrid {
  experiments: PreparedExperiment[];
  device: SelectedDevice | undefined;
  dispose: () => void;
}

/**
 * Loads the experiments and plans their cells. Errors in the arguments, the conversations or a subject are
 * found here, before the first cell.
 */
export async function openGrid(
  request: RunRequest,
  options: {
    modules?: string;
    signal?: AbortSignal;
    given?: RunOptions["given"];
    notice: (message: string) => void;
  },
): Promise<OpenGrid> {
  if (request.conversations !== undefined) fileCorpus(request.conversations);
  const experiments: PreparedExperiment[] = [];
  let asked: Promise<SelectedDevice> | undefined;
  const dispose = (): void => {
    for (const each of experiments) each.dispose();
  };
  const { compilers, timeoutMs, imports, seed, conversations } = request;
  try {
    for (const entry of request.experiments) {
      const value = givenExperiment(entry, options.given);
      const prepared = await prepareExperiment(experimentFile(entry), {
        request,
        ...(value === undefined ? {} : { value }),
        ...(options.modules === undefined ? {} : { modules: options.modules }),
        notice: options.notice,
        device: () => (asked ??= deviceOf(request, options)),
        pilot: (subject) =>
          requirePilot(
            subject,
            { conversations, seed },
            { compilers, timeoutMs, imports, signal: options.signal },
          ),
      });
      const { experiment } = prepared.record;
      if (experiments.some(({ record }) => record.experiment === experiment)) {
        prepared.dispose();
        throw new BytesperError(
          "BAD_EXPERIMENT",
          `Two of the files define the experiment "${experiment}"; give each a "name" of its own.`,
        );
      }
      if (request.only.length === 0 || request.only.includes(experiment)) experiments.push(prepared);
      else prepared.dispose();
    }
    if (experiments.length === 0) {
      throw new BytesperError(
        "USAGE",
        `--only ${request.only.join(",")} names none of the experiments that were given.`,
      );
    }
    requireFactors(request, experiments);
    return { experiments, device: await asked, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** The value of an experiment that a program holds. Throws `BAD_EXPERIMENT` if this process does not hold it. */
function givenExperiment(
  { file, given }: RequestedExperiment,
  values: RunOptions["given"],
): Experiment | undefined {
  const value = values?.get(file);
  if (given !== true || value !== undefined) return value;
  throw new BytesperError(
    "BAD_EXPERIMENT",
    `The experiment "${basename(file)}" was given by a program and is in no file; run that program again.`,
  );
}

/** A filter on an unknown factor would have no effect, so it is an error. */
function requireFactors({ filter }: RunRequest, experiments: readonly PreparedExperiment[]): void {
  const known = new Set(
    experiments.flatMap(({ cells }) => cells.flatMap(({ factors }) => Object.keys(factors))),
  );
  const unknown = Object.keys(filter).find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new BytesperError(
    "USAGE",
    `--filter names the factor "${unknown}", which no experiment has; the factors are ${[...known].join(", ") || "none"}.`,
  );
}

async function deviceOf(
  request: RunRequest,
  { notice, signal }: { notice: (message: string) => void; signal?: AbortSignal },
): Promise<SelectedDevice> {
  const { device: name, deviceCapBytes, quick, recalibrate } = request;
  const device = await selectDevice(name, {
    defaultCapBytes: quick ? DEVICE_CAP_BYTES.quick : DEVICE_CAP_BYTES.full,
    ...(signal === undefined ? {} : { signal }),
    ...(recalibrate === true ? { fresh: true } : {}),
    ...(deviceCapBytes === undefined ? {} : { capBytes: deviceCapBytes }),
  });
  for (const message of device.notices) notice(message);
  return device;
}

/**
 * Runs the missing cells of a grid, one experiment after the other, and writes each result when it is
 * complete. An interrupt, a full disk or a failed cell loses no measurement.
 */
export async function runGrid(options: RunOptions): Promise<RunOutcome> {
  const { request, events, signal } = options;
  requireResultsFolder(options.out);
  const out = resolve(options.out);
  const outcome: RunOutcome = { results: [], interrupted: false };
  const runId = options.journal === undefined ? newRunId() : basename(options.journal.path, ".jsonl");
  const site = siteOf(request, out, runId, events.notice);
  let grid: OpenGrid | undefined;
  let journal: Journal | undefined;
  try {
    grid = await during(events, "loading the experiments and checking the device", () =>
      openGrid(request, {
        signal,
        notice: events.notice,
        ...(options.given === undefined ? {} : { given: options.given }),
        ...(site.modules === undefined ? {} : { modules: site.modules }),
      }),
    );
    requireExperimentFolders(
      out,
      grid.experiments.map(({ record }) => record.experiment),
    );
    const cells = grid.experiments.flatMap((each) => each.cells);
    // The journal is locked before anything is measured, so that a running run is not disturbed.
    const log = openLog(options, out, runId);
    journal = log.journal;
    const enforcement = await during(events, "proving that caps on memory hold here", () =>
      site.enforce(cells),
    );
    if (log.isEmpty) log.append(await runRecord(options, runId, enforcement, grid));
    const { command } = options;
    log.append({ type: "runner", owner: ownIdentity(), command, moreMemory: request.moreMemory });
    // Not before: `status` has nothing to tell of a journal without a record.
    if (journal !== undefined) events.started?.(journal.path);
    await site.adopt(log);
    closeInterrupted(log, out);
    log.append(
      ...enforcement.certificates.map((certificate) => ({ type: "certificate", certificate }) as const),
    );
    if (
      log.state.calibration === undefined &&
      grid.experiments.some(({ record }) => record.kind !== "command")
    ) {
      const { compilers, timeoutMs, imports, recalibrate } = request;
      log.append({
        type: "calibration",
        calibration: await during(events, "calibrating the instrument", () =>
          requireCalibration({ compilers, timeoutMs, imports, signal }, recalibrate),
        ),
      });
    }
    if (grid.device !== undefined) {
      const { device, capBytes, instructionSet, warnings } = grid.device;
      log.append({
        type: "device",
        settings: { device, deviceCapBytes: capBytes, instructionSet },
        warnings,
      });
    }
    const executor = await site.open();
    try {
      await runExperiments(grid, log, out, executor, outcome, options);
    } finally {
      await executor.close();
    }
    site.removeFinished(log);
    if (options.pages !== false)
      await during(events, "drawing figures and writing the pages", () => finish(log, out, outcome, events));
    if (log.writeError !== undefined) outcome.writeError = log.writeError;
    return outcome;
  } finally {
    journal?.close();
    grid?.dispose();
    site.dispose();
  }
}

/** Tells what is under way. */
async function during<T>({ step }: RunEvents, what: string, work: () => Promise<T>): Promise<T> {
  const done = step?.(what);
  try {
    return await work();
  } finally {
    done?.();
  }
}

function siteOf(
  { executor, slots, slurm, enforcement }: RunRequest,
  out: string,
  runId: string,
  notice: (message: string) => void,
): Site {
  if (executor === "local") return new LocalSite({ slots, enforcement, notice });
  return new SlurmSite(out, {
    ...{ runId, notice, settings: slurm ?? { options: [] } },
    ...(enforcement === undefined ? {} : { enforcement }),
    ...(slots === undefined ? {} : { slots }),
  });
}

function openLog(options: RunOptions, out: string, runId: string): RunLog {
  const { events, journal: former } = options;
  if (former === undefined) {
    // If the folder is not writable, all cells are measured and the tables printed nevertheless.
    const log = new RunLog(undefined, [], events.notice);
    const journal = log.keeping(() => Journal.create(out, runId));
    const opened = new RunLog(journal, [], events.notice);
    opened.writeError = log.writeError;
    return opened;
  }
  const { journal, records, tornFile } = Journal.open(former.path, former.read);
  if (tornFile !== undefined)
    events.notice(`The end of the journal was torn; what was cut off is kept in ${tornFile}.`);
  const log = new RunLog(journal, records, events.notice);
  // The former runners are dead, since this runner has the lock on their journal.
  const runners = records.flatMap((record) => (record.type === "runner" ? [record.owner.pid] : []));
  log.keeping(() => {
    removeUnfinishedFiles(out, runners);
  });
  return log;
}

async function runRecord(
  { request, signal }: RunOptions,
  runId: string,
  enforcement: SiteEnforcement,
  { device, experiments }: OpenGrid,
): Promise<RunRecord> {
  const usesDevice =
    device !== undefined ||
    experiments.some(({ cells }) => cells.some(({ deviceCapBytes }) => deviceCapBytes !== undefined));
  const nvml = usesDevice ? await readDriver("nvml", signal) : undefined;
  return {
    type: "run",
    schema: "bytesper/journal@1",
    runId,
    request,
    environment: environmentOf(request.compilers, process.cwd(), enforcement.described, nvml),
    settings: settingsOf(request),
    enforcement: enforcement.record,
  };
}

async function runExperiments(
  grid: OpenGrid,
  log: RunLog,
  out: string,
  executor: Executor,
  outcome: RunOutcome,
  options: RunOptions,
): Promise<void> {
  const { events, signal, retry } = options;
  const plans = grid.experiments.map((prepared) => planExperiment(prepared, log, retry));
  const total = plans.reduce((sum, { entries }) => sum + entries.filter(({ run }) => run).length, 0);
  const learned = expectations(out, log.state);
  const slotsOf = (prepared: PreparedExperiment): number =>
    executor.here && prepared.cells.some(({ exclusive }) => exclusive) ? 1 : executor.slots;
  const watch = timeLeftOf(plans, slotsOf, learned, options.request.quick);
  events.notice(
    forecast({
      cells: plans.flatMap(({ entries }) => entries.filter(({ run }) => run).map(({ cell }) => cell)),
      ...(watch.hasRunHere ? { left: watch.left() } : {}),
      slots: executor.slots,
      device: grid.device,
      memoryBytes: log.state.run.environment.memoryBytes,
      learned: learned.cells,
    }),
  );
  let before = 0;
  for (const { prepared, entries } of plans) {
    const { experiment } = prepared.record;
    const ran = await runExperiment(prepared, entries, {
      log,
      out,
      executor,
      learned: learned.cells,
      watch,
      signal,
      stopAtSubjectError: options.stopAtSubjectError,
      slots: slotsOf(prepared),
      progress: (finished, label) => {
        events.progress(before + finished, total, label, watch.left());
      },
      notice: events.notice,
    });
    before += ran;
    const { result, collected } = deriveResult(log.state, experiment, log.journal?.name, prepared.shown);
    if (collected.interrupted && signal.aborted) outcome.interrupted = true;
    if (result !== undefined) {
      outcome.results.push(result);
      const folder = log.keeping(() => {
        const written = writeResult(out, result, undefined, options.request.replace);
        writeRollback(written, result);
        return written;
      });
      events.finished(result, log.writeError === undefined ? (folder ?? out) : undefined);
    } else if (!outcome.interrupted) {
      const failure = collected.failed[0];
      outcome.failure = new BytesperError(
        (failure?.code as BytesperError["code"] | undefined) ?? "CELL_FAILED",
        `${experiment} could not be measured: ${failure?.cause ?? "no cell answered"}`,
      );
    }
    if (outcome.interrupted || (outcome.failure !== undefined && options.stopAtSubjectError)) break;
  }
}

/**
 * Writes the plan of one experiment to the journal: its record, cells that it no longer has, and new cells.
 */
function planExperiment(
  prepared: PreparedExperiment,
  log: RunLog,
  retry: readonly Outcome[],
): { prepared: PreparedExperiment; entries: PlanEntry[] } {
  const { record, cells } = prepared;
  const entries = planOf(cells, log.state, retry);
  const orphans = [...orphansOf(cells, log.state)].map(
    ([experiment, hashes]) => ({ type: "orphans", experiment, cells: hashes }) as const,
  );
  log.append({ type: "experiment", ...record }, ...orphans);
  // Computed after the orphans are recorded. If a cell has fewer trials now, its remaining trials are planned
  // again.
  const planned = entries
    .filter(({ key }) => log.state.units.get(key)?.orphan !== false)
    .map(({ cell, reason }) => {
      const { experiment, trial, role, part, factors, seed, instances, label } = cell;
      const own = { experiment, cell: cell.cell, trial, role, factors, instances, label, reason };
      return {
        type: "planned",
        ...own,
        ...(seed === undefined ? {} : { seed }),
        ...(part === undefined ? {} : { part }),
      } as const;
    });
  log.appendAll(planned);
  return { prepared, entries };
}

/** Adds the hash of the complete journal to the results, and draws the figures. */
async function finish(log: RunLog, out: string, outcome: RunOutcome, events: RunEvents): Promise<void> {
  const { journal } = log;
  if (journal === undefined || outcome.results.length === 0 || log.writeError !== undefined) return;
  // These modules take some tenths of a second to load, so they are loaded after the last cell.
  const [{ writeIndex }, { drawFigures }] = await Promise.all([
    import("../results-index.js"),
    import("../figures.js"),
  ]);
  const drawings = new Map<Result, Drawings>();
  // After an interrupt no figures are drawn, so that the program ends soon. "bytesper report" draws them.
  if (!outcome.interrupted)
    for (const result of outcome.results) drawings.set(result, await drawFigures(result));
  // A set: a package that is missing is missing for each experiment.
  for (const problem of new Set([...drawings.values()].flatMap(({ problems }) => problems)))
    events.notice(problem);
  log.keeping(() => {
    const hash = journal.sha256();
    outcome.results = outcome.results.map((result) => {
      const whole = { ...result, journalSha256: hash };
      writeResult(out, whole, drawings.get(result), log.state.run.request.replace);
      return whole;
    });
    for (const problem of writeIndex(out)) events.notice(problem);
  });
}

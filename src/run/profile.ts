import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { analysePrograms } from "../analysis/program-result.js";
import { analyse } from "../analysis/result.js";
import { fileCorpus } from "../corpus/index.js";
import type { SelectedDevice } from "../device/select.js";
import { selectDevice } from "../device/select.js";
import { BytesperError } from "../errors.js";
import type { Estimate, Experiment } from "../experiment/define.js";
import { gridOf } from "../experiment/grid.js";
import type { LoadedExperiment } from "../experiment/load.js";
import { openExperiment, openSubject } from "../experiment/load.js";
import type { Calibration } from "../measure/calibration.js";
import type { Result } from "../report/schema.js";
import { environmentOf } from "./environment.js";
import type { JournalRecord } from "./journal.js";
import { Journal } from "./journal.js";
import type { LocalOptions } from "./local.js";
import { requirePilot, slotsHere } from "./measure.js";
import type { PlannedCell } from "./plan.js";
import { factorsOf, hasOwnSlope, instancesOf, planExperiment } from "./plan.js";
import type { ProgramPart } from "./plan-programs.js";
import { planPrograms, programParts } from "./plan-programs.js";
import { writeIndex, writeResult } from "./results-folder.js";
import { requireCalibration, runExperiment } from "./run-experiment.js";
import { newRunId } from "./run-id.js";

export interface ProfileOptions {
  /** Names of shipped experiments; all when empty. */
  names: string[];
  out: string;
  quick: boolean;
  compilers: "on" | "off";
  conversations?: string;
  /** A subject that takes the place of the crisis state in `instance-overhead`. */
  subject?: string;
  /** Where programs take device memory: "auto", "cpu", "cuda" or "cuda:N". */
  device: string;
  /** Most bytes of device memory; what is there unless given. */
  deviceCapBytes?: number;
  trials: number;
  seed: number;
  timeoutMs: number;
  signal: AbortSignal;
  events: ProfileEvents;
}

/** What the user is told while a profile runs. */
export interface ProfileEvents {
  progress: (finished: number, total: number, label: string) => void;
  finished: (result: Result, folder: string) => void;
  notice: (message: string) => void;
}

export interface ProfileOutcome {
  results: Result[];
  interrupted: boolean;
  /** The experiment that could not be measured, if one ended the run. */
  failure?: BytesperError;
  /** The first failure to write; the results are whole all the same. */
  writeError?: BytesperError;
}

const EXPERIMENTS = fileURLToPath(new URL("../../experiments/", import.meta.url));
const SUFFIX = /\.experiment\.[cm]?[jt]s$/;

/** Names of the experiments that ship with bytesper. */
export function shippedExperiments(): string[] {
  return readdirSync(EXPERIMENTS)
    .filter((file) => SUFFIX.test(file))
    .map((file) => file.replace(SUFFIX, ""))
    .sort();
}

interface Prepared {
  loaded: LoadedExperiment;
  experiment: Experiment;
  cells: PlannedCell[];
  estimates: readonly Estimate[];
  /** Of an experiment of programs. */
  parts: readonly ProgramPart[];
  dispose: () => void;
}

/**
 * Runs the experiments one after the other and writes each result as soon as it is there. What is wrong with
 * the arguments, the conversations or a subject shows before the first cell; what happens later (an interrupt,
 * a full disk, a failed cell) loses nothing that was measured.
 */
export async function profile(options: ProfileOptions): Promise<ProfileOutcome> {
  const out = resolve(options.out);
  const snapshots = mkdtempSync(join(tmpdir(), "bytesper-"));
  const prepared: Prepared[] = [];
  try {
    const conversations = options.conversations === undefined ? undefined : resolve(options.conversations);
    if (conversations !== undefined) fileCorpus(conversations);
    const local: LocalOptions = {
      compilers: options.compilers,
      timeoutMs: options.timeoutMs,
      signal: options.signal,
    };
    const device = onceAsked(() => selectedDevice(options));
    for (const name of chosen(options)) {
      const snapshotPath = join(snapshots, `${name}.heapsnapshot`);
      prepared.push(await prepare(name, options, conversations, snapshotPath, local, device));
    }
    const calibration = await requireCalibration(local);
    const selected = prepared.some(({ parts }) => parts.length > 0) ? await device() : undefined;
    return await runAll(prepared, calibration, selected, out, options, local);
  } finally {
    for (const { dispose } of prepared) dispose();
    rmSync(snapshots, { recursive: true, force: true });
  }
}

/** The device, with its notices told; asked for only where an experiment needs one. */
async function selectedDevice(options: ProfileOptions): Promise<SelectedDevice> {
  const { device: name, deviceCapBytes, quick } = options;
  const device = await selectDevice(name, {
    quick,
    ...(deviceCapBytes === undefined ? {} : { capBytes: deviceCapBytes }),
  });
  for (const notice of device.notices) options.events.notice(notice);
  return device;
}

function onceAsked<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => (asked ??= ask());
}

function chosen({ names, subject }: ProfileOptions): string[] {
  const known = shippedExperiments();
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new BytesperError(
      "UNKNOWN_EXPERIMENT",
      `There is no experiment "${unknown}"; the experiments are ${known.join(", ")}.`,
    );
  }
  if (subject !== undefined && names.join() !== "instance-overhead") {
    throw new BytesperError(
      "USAGE",
      "--subject belongs to one experiment: bytesper profile instance-overhead --subject FILE.",
    );
  }
  return names.length === 0 ? known : names;
}

async function prepare(
  name: string,
  options: ProfileOptions,
  conversations: string | undefined,
  snapshotPath: string,
  local: LocalOptions,
  device: () => Promise<SelectedDevice>,
): Promise<Prepared> {
  const file = readdirSync(EXPERIMENTS).find(
    (entry) => SUFFIX.test(entry) && entry.replace(SUFFIX, "") === name,
  );
  const loaded = await openExperiment(join(EXPERIMENTS, file ?? name));
  const other = options.subject === undefined ? undefined : await openSubject(options.subject);
  const dispose = (): void => {
    loaded.dispose();
    other?.dispose();
  };
  try {
    const source = { seed: options.seed, ...(conversations === undefined ? {} : { conversations }) };
    const subject = other ?? loaded.subject;
    if (subject === undefined) return await preparePrograms(loaded, options, device, dispose);
    const experiment =
      other === undefined ? loaded.experiment : withSubject(loaded.experiment, options.subject ?? "");
    const grid = gridOf(factorsOf(experiment, options.quick), experiment.exclude);
    const largest = grid.at(-1) ?? {};
    if (other !== undefined) await requirePilot(subject.reference, source, local);
    const estimated = (await experiment.estimate?.(largest, source)) ?? [];
    return {
      loaded,
      experiment,
      dispose,
      parts: [],
      estimates: Array.isArray(estimated) ? (estimated as readonly Estimate[]) : [estimated as Estimate],
      cells: planExperiment(experiment, subject.reference, {
        quick: options.quick,
        seed: options.seed,
        trials: experiment.repetitions ?? options.trials,
        nullTrials: 2,
        snapshotInstances: 1000,
        snapshotPath,
        ...(conversations === undefined ? {} : { conversations }),
      }),
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

async function preparePrograms(
  loaded: LoadedExperiment,
  options: ProfileOptions,
  device: () => Promise<SelectedDevice>,
  dispose: () => void,
): Promise<Prepared> {
  const { experiment, programs } = loaded;
  const { device: name, capBytes, searchCapBytes, instructionSet } = await device();
  const parts = programParts(experiment, programs, options.quick);
  const context = {
    seed: options.seed,
    quick: options.quick,
    device: name,
    deviceCapBytes: capBytes,
    searchCapBytes,
    instructionSet,
  };
  const cells = planPrograms(experiment, parts, context, experiment.repetitions ?? options.trials);
  return { loaded, experiment, cells, estimates: [], parts, dispose };
}

/** The same question about another class, whose bytes nobody has estimated. */
function withSubject(shipped: Experiment, subject: string): Experiment {
  const name = basename(subject);
  const experiment = { ...shipped };
  delete experiment.estimate;
  return {
    ...experiment,
    title: `Instance overhead of ${name}`,
    question: `How many bytes does one instance of ${name} cost, and where do they go?`,
    subject,
    ...(experiment.table === undefined ? {} : { table: { ...experiment.table, title: name } }),
  };
}

async function runAll(
  prepared: readonly Prepared[],
  calibration: Calibration,
  device: SelectedDevice | undefined,
  out: string,
  options: ProfileOptions,
  local: LocalOptions,
): Promise<ProfileOutcome> {
  const runId = newRunId();
  const environment = environmentOf(options.compilers, process.cwd());
  const settings: Result["settings"] = {
    quick: options.quick,
    seed: options.seed,
    trials: options.trials,
    conversations: options.conversations === undefined ? "generated" : basename(options.conversations),
  };
  const total = prepared.reduce((sum, { cells }) => sum + cells.length, 0);
  const outcome: ProfileOutcome = { results: [], interrupted: false };
  const keeping = keeper(outcome, options.events);
  const journal = keeping(() => new Journal(out, runId));
  const record = (entry: JournalRecord): void => {
    if (outcome.writeError === undefined)
      keeping(() => {
        journal?.append(entry);
      });
  };
  record({ type: "run", runId, environment, settings, calibration });

  let before = 0;
  for (const { experiment, cells, estimates, parts } of prepared) {
    const startedAt = new Date().toISOString();
    for (const { role, factors, trial, instances } of cells) {
      record({ type: "planned", experiment: experiment.name, role, factors, trial, instances });
    }
    const collected = await runExperiment(experiment.name, cells, {
      ...local,
      // A program takes all cores and the memory of the device.
      slots: parts.length > 0 ? 1 : slotsHere(),
      record,
      progress: (finished, label) => {
        options.events.progress(before + finished, total, label);
      },
      stopAtSubjectError: true,
    });
    before += cells.length;
    if (collected.interrupted) outcome.interrupted = true;
    if (collected.rows.length + collected.programs.length > 0) {
      const identity = { runId, startedAt, finishedAt: new Date().toISOString(), environment, settings };
      const grid = gridOf(factorsOf(experiment, options.quick), experiment.exclude);
      const result =
        parts.length > 0
          ? analysePrograms({
              experiment,
              grids: [...parts],
              collected,
              calibration,
              identity: { ...identity, settings: { ...settings, ...deviceSettings(device) } },
            })
          : analyse({
              experiment,
              grid,
              ownSlope: hasOwnSlope(experiment, grid),
              collected,
              calibration,
              estimates,
              instancesOf: (factors) => instancesOf(experiment, factors),
              identity,
            });
      if (parts.length > 0) result.warnings.unshift(...(device?.warnings ?? []));
      if (journal !== undefined) result.journal = journal.name;
      outcome.results.push(result);
      const folder = keeping(() => writeResult(out, result));
      options.events.finished(result, folder ?? out);
    } else if (!collected.interrupted) {
      const failure = collected.failed[0];
      outcome.failure = new BytesperError(
        (failure?.code as BytesperError["code"] | undefined) ?? "CELL_FAILED",
        `${experiment.name} could not be measured: ${failure?.cause ?? "no cell answered"}`,
      );
    }
    if (outcome.interrupted || outcome.failure !== undefined) break;
  }
  journal?.close();
  if (journal === undefined || outcome.results.length === 0 || outcome.writeError !== undefined)
    return outcome;
  // Written before, in case the run would end early; now the journal is complete and has its final hash.
  const hash = journal.sha256();
  keeping(() => {
    for (const result of outcome.results) writeResult(out, { ...result, journalSha256: hash });
    for (const problem of writeIndex(out)) options.events.notice(problem);
  });
  return outcome;
}

function deviceSettings(selected: SelectedDevice | undefined): Result["settings"] {
  if (selected === undefined) return {};
  const { device, capBytes, instructionSet } = selected;
  return { device, deviceCapBytes: capBytes, instructionSet };
}

/** Runs a step that writes; its failure is told at once and kept, and measuring goes on. */
function keeper(outcome: ProfileOutcome, events: ProfileEvents): <T>(step: () => T) => T | undefined {
  return (step) => {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof BytesperError) || error.code !== "WRITE_FAILED") throw error;
      if (outcome.writeError === undefined)
        events.notice(`${error.message} The tables are printed at the end.`);
      outcome.writeError ??= error;
      return undefined;
    }
  };
}

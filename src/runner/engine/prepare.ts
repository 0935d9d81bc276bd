import { readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { ExperimentRecord, GridPoint } from "../../record/experiment-record.js";
import type { SelectedDevice } from "../../device/index.js";
import { parseDuration } from "../../base/duration.js";
import { BytesperError } from "../../base/errors.js";
import type { Experiment, Factors, Level } from "../../experiment/define.js";
import { estimatesOf, unitsOf } from "../../experiment/computed.js";
import { gridOf } from "../../experiment/grid.js";
import type { FigureSpec } from "../../experiment/figure-spec.js";
import type { LoadedExperiment } from "../../experiment/load.js";
import { fillIn, openExperiment, openSubject, tellsRepetition } from "../../experiment/load.js";
import type { SubjectReference } from "../../experiment/subject.js";
import type { RolloutPlan } from "../../experiment/rollout/index.js";
import { resolveRollout } from "../../experiment/rollout/index.js";
import { parseSize } from "../../base/size.js";
import type { CommandSpec } from "../cell/command.js";
import type { CellWork } from "../cell/work.js";
import type { PlannedCell } from "../plan.js";
import {
  describe,
  factorsOf,
  hasOwnSlope,
  instancesOf,
  planExperiment,
  pointsOf,
  repetitionsOf,
  requireCellCount,
} from "../plan.js";
import { seedOf } from "../seeds.js";
import { planPrograms, programParts } from "../plan-programs.js";
import { commandHash, fileHash, hashOf, urlHash } from "./content-hash.js";
import type { RunRequest } from "./request.js";
import type { Shown } from "./shown.js";
import { shownOf } from "./shown.js";

const VERSION = (
  JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as { version: string }
).version;

export interface PreparedCell extends PlannedCell {
  experiment: string;
  /**
   * Hash of the content: source, levels, settings and Node's version. The trial and the caps are not part of
   * it.
   */
  cell: string;
  capBytes?: number;
  deviceCapBytes?: number;
  timeoutMs: number;
  /** No other cell runs beside this one, because it uses all cores or the device. */
  exclusive: boolean;
}

/** An experiment that is ready to run. Its compiled modules exist until `dispose` is called. */
export interface PreparedExperiment {
  record: ExperimentRecord;
  cells: PreparedCell[];
  shown: Shown;
  dispose: () => void;
}

export interface PrepareOptions {
  request: RunRequest;
  /** The experiment, if a program holds it and no file does. */
  value?: Experiment;
  /** Folder for compiled modules; a temporary folder by default. */
  modules?: string;
  /** Called only if an experiment needs a device. */
  device: () => Promise<SelectedDevice>;
  notice: (message: string) => void;
  /** Tries a new subject; throws what is wrong with it. */
  pilot: (subject: SubjectReference) => Promise<unknown>;
}

/** Loads an experiment file and plans its cells. Throws `BAD_EXPERIMENT` and `BAD_SUBJECT`. */
export async function prepareExperiment(file: string, options: PrepareOptions): Promise<PreparedExperiment> {
  const { request } = options;
  const { imports = [] } = request;
  const loaded = await openExperiment(file, options.modules, options.value, imports);
  const other =
    request.subject === undefined
      ? undefined
      : await openSubject(request.subject, process.cwd(), options.modules, imports);
  const dispose = (): void => {
    loaded.dispose();
    other?.dispose();
  };
  try {
    const chosen = narrowed(
      other === undefined ? loaded.experiment : withSubject(loaded.experiment, request.subject ?? ""),
      request,
    );
    requireCellCount(chosen, request);
    const shown = shownOf(chosen);
    if (chosen.command !== undefined)
      return { ...(await prepareCommands(chosen, loaded, request)), shown, dispose };
    const subject = other ?? loaded.subject;
    for (const doubt of subject?.doubts ?? []) options.notice(doubt);
    if (subject === undefined) return { ...(await preparePrograms(chosen, loaded, options)), shown, dispose };
    if (other !== undefined) await options.pilot(subject.reference);
    return { ...(await preparePopulations(chosen, subject.reference, options)), shown, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

type Prepared = Omit<PreparedExperiment, "dispose" | "shown">;

async function preparePopulations(
  experiment: Experiment,
  subject: SubjectReference,
  { request }: PrepareOptions,
): Promise<Prepared> {
  const { conversations, seed, quick } = request;
  const source = { seed, ...(conversations === undefined ? {} : { conversations }) };
  const factors = gridOf(factorsOf(experiment, quick), experiment.exclude);
  const estimates = await estimatesOf(experiment, factors.at(-1) ?? {}, source);
  const cells = planExperiment(experiment, subject, {
    quick,
    seed,
    trials: repetitionsOf(experiment, request),
    nullTrials: 2,
    snapshotInstances: 1000,
    snapshot: true,
    kernel: true,
    fits: !quick && !request.minimal && Object.keys(request.filter).length === 0,
    ...(conversations === undefined ? {} : { conversations }),
  });
  const hash = await urlHash(subject.url);
  return {
    record: { ...commonRecord(experiment, "population", factors), estimates },
    cells: await Promise.all(cells.map((cell) => identified(experiment, cell, hash, request, false))),
  };
}

async function preparePrograms(
  experiment: Experiment,
  { programs }: LoadedExperiment,
  options: PrepareOptions,
): Promise<Prepared> {
  const { request } = options;
  const selected = await options.device();
  const { device, searchCapBytes, instructionSet } = selected;
  const cap = experiment.caps?.device;
  const deviceCapBytes = cap === undefined ? selected.capBytes : Math.min(parseSize(cap), selected.capBytes);
  const parts = programParts(experiment, programs, request.quick);
  const { seed, quick } = request;
  const context = {
    seed,
    quick,
    device,
    deviceCapBytes,
    searchCapBytes: Math.min(searchCapBytes, deviceCapBytes),
    instructionSet,
  };
  const cells = planPrograms(experiment, parts, context, repetitionsOf(experiment, request));
  const hashes = new Map<string, string>();
  for (const { program } of parts) hashes.set(program.url, await urlHash(program.url));
  const grid = parts.find(({ part }) => part === undefined)?.grid ?? [];
  return {
    record: {
      ...commonRecord(experiment, "program", grid),
      parts: (experiment.followUps ?? []).map(({ name, table }) => ({
        name,
        table,
        grid: parts.find(({ part }) => part === name)?.grid ?? [],
      })),
    },
    cells: await Promise.all(
      cells.map((cell) => {
        const url = cell.work.kind === "program" ? cell.work.program.program.url : "";
        return identified(experiment, cell, hashes.get(url) ?? "", request, true);
      }),
    ),
  };
}

async function prepareCommands(
  experiment: Experiment,
  { file }: LoadedExperiment,
  request: RunRequest,
): Promise<Prepared> {
  const cwd = dirname(resolve(file));
  const grid = pointsOf(experiment, request.quick);
  const trials = repetitionsOf(experiment, request);
  const isTold = tellsRepetition(experiment);
  const source = { seed: request.seed };
  const points = await Promise.all(
    grid.map(async (factors): Promise<GridPoint> => {
      const point = {
        factors,
        instances: populationOf(experiment, factors),
        units: unitsOf(experiment, factors),
      };
      const [first] = await estimatesOf(experiment, factors, source);
      return first === undefined
        ? point
        : { ...point, estimate: { bytes: first.bytes, formula: first.formula } };
    }),
  );
  const cells: PreparedCell[] = [];
  const hashes = new Map<string, string>();
  for (let trial = 0; trial < trials; trial++) {
    for (const factors of grid) {
      const { command, seed } = commandOf(experiment, factors, cwd, request, trial);
      // All repetitions of a cell have one identity: that of the first.
      const first = commandOf(experiment, factors, cwd, request, 0).command;
      const planned: PlannedCell = {
        role: "command",
        label: [experiment.name, describe(factors, experiment), trials > 1 ? `trial ${trial + 1}` : ""]
          .filter(Boolean)
          .join(" "),
        factors,
        trial,
        ...(isTold ? { seed } : {}),
        instances: populationOf(experiment, factors),
        work: { kind: "command", command },
      };
      const { argv, env, required } = first;
      const source = await commandHash(argv, cwd, hashes);
      const content = { argv, env, required, ...(isTold ? { seeds: experiment.seeds ?? "different" } : {}) };
      cells.push(await identified(experiment, planned, source, request, false, content));
    }
  }
  return { record: { ...commonRecord(experiment, "command", grid), grid: points }, cells };
}

/** The command of one repetition, with its levels and its seed filled in. */
function commandOf(
  { command = [], env = {}, requires = [], seeds }: Experiment,
  factors: Factors,
  cwd: string,
  request: RunRequest,
  trial: number,
): { command: CommandSpec; seed: Level } {
  const seed = seedOf(factors, request.seed, trial, seeds);
  const levels = { repetition: trial + 1, ...factors, seed };
  return {
    command: {
      argv: command.map((word) => fillIn(word, levels)),
      cwd,
      env: Object.fromEntries(Object.entries(env).map(([name, text]) => [name, fillIn(text, levels)])),
      required: [...requires],
    },
    seed,
  };
}

/** Number of units in a command's cell: the level of the population factor, or 1 without one. */
function populationOf(experiment: Experiment, factors: Factors): number {
  const level = experiment.population === undefined ? 1 : factors[experiment.population];
  return typeof level === "number" ? level : 1;
}

/** A figure as plain data: its function is called when the numbers are there. */
function recordedFigure(figure: FigureSpec): NonNullable<ExperimentRecord["figures"]>[number] {
  const spec = { ...figure };
  delete spec.finding;
  return spec as unknown as NonNullable<ExperimentRecord["figures"]>[number];
}

function commonRecord(
  experiment: Experiment,
  kind: ExperimentRecord["kind"],
  grid: readonly Factors[],
): ExperimentRecord {
  const { name, title = name, question, unit, population, table, figures, frontier, rollout } = experiment;
  return {
    experiment: name,
    kind,
    title,
    ...(question === undefined ? {} : { question }),
    unit,
    ...(population === undefined ? {} : { population }),
    hasUnits: experiment.unitsPerInstance !== undefined,
    ownSlope: hasOwnSlope(experiment, grid),
    grid: grid.map((factors) => ({
      factors,
      instances: kind === "population" ? instancesOf(experiment, factors) : 1,
      units: unitsOf(experiment, factors),
    })),
    parts: [],
    estimates: [],
    ...(table === undefined ? {} : { table }),
    ...(figures === undefined ? {} : { figures: figures.map(recordedFigure) }),
    ...(frontier === undefined ? {} : { frontier }),
    ...(rollout === undefined ? {} : { rollout: resolveRollout(rollout) }),
  };
}

async function identified(
  experiment: Experiment,
  planned: PlannedCell,
  source: string,
  request: RunRequest,
  exclusive: boolean,
  work: unknown = contentOf(planned.work, request, experiment.seeds),
): Promise<PreparedCell> {
  const { caps = {} } = experiment;
  const content = {
    version: VERSION,
    node: process.versions.node,
    compilers: request.compilers,
    ...(request.imports === undefined ? {} : { imports: request.imports }),
    experiment: experiment.name,
    role: planned.role,
    part: planned.part,
    factors: planned.factors,
    source,
    work,
  };
  return Promise.resolve({
    ...planned,
    experiment: experiment.name,
    cell: hashOf(content),
    ...(caps.memory === undefined
      ? {}
      : { capBytes: Math.round(parseSize(caps.memory) * request.moreMemory) }),
    ...(caps.device === undefined ? {} : { deviceCapBytes: parseSize(caps.device) }),
    timeoutMs: caps.time === undefined ? request.timeoutMs : parseDuration(caps.time),
    exclusive,
  });
}

const conversationHashes = new Map<string, string>();

/**
 * The part of the work that identifies the cell. Paths are left out, and so is what changes from trial to trial: the
 * order of levels, and the seed of a program.
 */
function contentOf(
  work: CellWork,
  { conversations, seed }: RunRequest,
  seeds: Experiment["seeds"] = "different",
): unknown {
  const sourceOf = <T extends { conversations?: string }>(context: T): T => {
    if (conversations === undefined) return context;
    const known = conversationHashes.get(conversations) ?? fileHash(conversations);
    conversationHashes.set(conversations, known);
    return { ...context, conversations: known };
  };
  switch (work.kind) {
    case "protocol": {
      const { context, levels, warmUp } = work.protocol;
      return { context: sourceOf(context), levels: [...levels].sort((a, b) => a - b), warmUp, cold: true };
    }
    case "growth":
      return { context: sourceOf(work.growth.context), instances: work.growth.instances };
    case "snapshot":
      return { context: sourceOf(work.snapshot.context), instances: work.snapshot.instances };
    case "fits":
      return { context: sourceOf(work.fits.context), memoryBytes: work.fits.memoryBytes };
    case "program":
      return { ...work.program.context, seed, seeds };
    default:
      return work.kind;
  }
}

/** The shipped experiment with another class as its subject. There is no estimate for that class. */
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

/**
 * The experiment with only the levels that `--minimal` and `--filter` keep. Throws `USAGE` if none is left.
 */
function narrowed(experiment: Experiment, { minimal, filter, quick }: RunRequest): Experiment {
  const narrow = (factors: Record<string, readonly Level[]>): Record<string, readonly Level[]> =>
    Object.fromEntries(
      Object.entries(factors).map(([name, levels]) => {
        const wanted = Object.hasOwn(filter, name) ? filter[name] : undefined;
        const kept = wanted === undefined ? levels : levels.filter((level) => wanted.includes(String(level)));
        if (kept.length === 0) {
          throw new BytesperError(
            "USAGE",
            `${experiment.name} has no level ${name}=${wanted?.join(",") ?? ""}; its levels are ${levels.join(", ")}.`,
          );
        }
        return [name, minimal ? kept.slice(0, 1) : kept];
      }),
    );
  if (!minimal && Object.keys(filter).length === 0) return experiment;
  const { rollout } = experiment;
  if (rollout !== undefined && Object.keys(filter).length > 0) {
    throw new BytesperError(
      "USAGE",
      `${experiment.name} runs stages that build on one another, of which --filter can leave none out; --minimal runs the first alone.`,
    );
  }
  const followUps = experiment.followUps?.map((part) => ({
    ...part,
    factors: narrow(factorsOf({ ...experiment, factors: part.factors, quick: part.quick ?? {} }, quick)),
    quick: {},
  }));
  return {
    ...experiment,
    factors: narrow(factorsOf(experiment, quick)),
    quick: {},
    ...(rollout === undefined ? {} : { rollout: firstStage(rollout) }),
    ...(followUps === undefined ? {} : { followUps }),
  };
}

/** The rollout with its first stage only, for `--minimal`. */
function firstStage(rollout: RolloutPlan): RolloutPlan {
  const [first] = resolveRollout(rollout);
  return {
    ...rollout,
    stages: rollout.stages
      .filter(({ name }) => name === first?.name)
      .map((stage) => ({ ...stage, after: [] })),
    fallback: [],
  };
}

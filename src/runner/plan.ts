import { largestOf } from "../base/stats/extremes.js";
import { BytesperError } from "../base/errors.js";
import { parseSize } from "../base/size.js";
import type { CellRole } from "../record/cell.js";
import type { Experiment, Factors, Level } from "../experiment/define.js";
import { gridOf } from "../experiment/grid.js";
import { resolveRollout, rolloutGrid, WHOLE } from "../experiment/rollout/index.js";
import { NULL_SUBJECT } from "../measure/load-subject.js";
import type { ContextData, SubjectReference } from "../experiment/subject.js";
import { seededRandom, shuffled } from "../base/stats/random.js";
import type { CellWork } from "./cell/work.js";
import { numberSeedOf } from "./seeds.js";

export interface PlannedCell {
  role: CellRole;
  /** The follow-up that the cell belongs to, if any. */
  part?: string;
  /** Name of the cell in messages, such as `session-scaling sessions=100 trial 2`. */
  label: string;
  factors: Factors;
  trial: number;
  /** Absent where every repetition does the same. */
  seed?: Level;
  /** Number of instances that the cell's main reading covers. */
  instances: number;
  work: CellWork;
}

export interface PlanSettings {
  quick: boolean;
  seed: number;
  trials: number;
  nullTrials: number;
  conversations?: string;
  /** Number of instances in the snapshot. A fair cross-check needs a population of at least 1,000. */
  snapshotInstances: number;
  snapshot: boolean;
  /** Whether the kernel's pages of a large population are weighed too. */
  kernel: boolean;
  /** Whether it is searched how many instances fit the containers that the experiment names. */
  fits: boolean;
}

const ROUNDS = 3;
const SLOPE_LEVELS = 5;
/** Most instances that are created to warm up. All cells of an experiment warm up equally. */
const MOST_WARM_UP = 100;

/** Levels of a slope in random order. Each level occurs once in each round. */
export function slopeLevels(largest: number, seed: number): number[] {
  const random = seededRandom(seed);
  const levels = Array.from({ length: SLOPE_LEVELS }, (_, index) =>
    Math.max(1, Math.round((largest * (index + 1)) / SLOPE_LEVELS)),
  );
  const distinct = [...new Set(levels)];
  return Array.from({ length: ROUNDS }, () => shuffled(distinct, random)).flat();
}

export function factorsOf(experiment: Experiment, quick: boolean): Record<string, readonly Level[]> {
  return { ...experiment.factors, ...(quick ? experiment.quick : {}) };
}

/** Most cells of one experiment. Each is planned in memory and written to the journal before the first runs. */
const MOST_CELLS = 1_000_000;

/** The trials that a user asks for, and those without a word of the user or the experiment. */
export interface AskedTrials {
  trials: number;
  askedTrials?: number;
}

/** Trials of each cell: as many as the user asks for, else as the experiment says. A command runs once by default. */
export function repetitionsOf(
  { repetitions, command }: Pick<Experiment, "repetitions" | "command">,
  { trials, askedTrials }: AskedTrials,
): number {
  return askedTrials ?? repetitions ?? (command === undefined ? trials : 1);
}

/** Throws `BAD_EXPERIMENT` for more cells than can be planned. The grid is not made for that. */
export function requireCellCount(experiment: Experiment, asked: { quick: boolean } & AskedTrials): void {
  const { quick } = asked;
  const repetitions = repetitionsOf(experiment, asked);
  const parts = [
    factorsOf(experiment, quick),
    ...(experiment.followUps ?? []).map((part) => ({ ...part.factors, ...(quick ? part.quick : {}) })),
  ];
  const points = parts.reduce(
    (sum, factors) => sum + Object.values(factors).reduce((product, levels) => product * levels.length, 1),
    0,
  );
  const cells = points * repetitions;
  if (cells <= MOST_CELLS) return;
  throw new BytesperError(
    "BAD_EXPERIMENT",
    `${experiment.name} has ${points.toLocaleString("en-US")} combinations of levels, ${repetitions.toLocaleString("en-US")} times each: ${cells.toLocaleString("en-US")} cells, and at most ${MOST_CELLS.toLocaleString("en-US")} can be planned; take fewer levels or repetitions.`,
  );
}

/** The points of the experiment's own table: its grid, or the stages of its rollout. */
export function pointsOf(experiment: Experiment, quick: boolean): Factors[] {
  const { rollout, exclude } = experiment;
  if (rollout !== undefined) return rolloutGrid(resolveRollout(rollout));
  return gridOf(factorsOf(experiment, quick), exclude);
}

/**
 * The cells of an experiment in running order: trial by trial, with the grid shuffled in each trial. A slow
 * change of the machine then does not look like the effect of a factor.
 */
export function planExperiment(
  experiment: Experiment,
  subject: SubjectReference,
  settings: PlanSettings,
): PlannedCell[] {
  const grid = gridOf(factorsOf(experiment, settings.quick), experiment.exclude);
  const context = (factors: Factors): ContextData => ({
    factors,
    // Each trial measures the same content, so that trials differ by the instrument alone.
    seed: numberSeedOf(factors, settings.seed, 0),
    ...(settings.conversations === undefined ? {} : { conversations: settings.conversations }),
  });
  const single = hasOwnSlope(experiment, grid);
  const warmUp = Math.min(MOST_WARM_UP, largestOf(grid.map((factors) => instancesOf(experiment, factors))));
  const cell = (
    role: "row" | "null",
    target: SubjectReference,
    factors: Factors,
    trial: number,
  ): PlannedCell => {
    const instances = instancesOf(experiment, factors);
    const levels = single
      ? slopeLevels(instances, settings.seed + trial)
      : Array.from({ length: ROUNDS }, () => instances);
    return {
      role,
      label: [experiment.name, describe(factors), role === "null" ? "null control" : "", `trial ${trial + 1}`]
        .filter(Boolean)
        .join(" "),
      factors,
      trial,
      instances,
      work: {
        kind: "protocol",
        protocol: { subject: target, context: context(factors), levels, warmUp },
      },
    };
  };

  const cells: PlannedCell[] = [];
  const random = seededRandom(settings.seed);
  for (let trial = 0; trial < settings.trials; trial++) {
    for (const factors of shuffled(grid, random)) cells.push(cell("row", subject, factors, trial));
  }
  const largest = grid.reduce((a, b) => (instancesOf(experiment, b) > instancesOf(experiment, a) ? b : a));
  for (let trial = 0; trial < settings.nullTrials; trial++) {
    cells.push(cell("null", NULL_SUBJECT, largest, trial));
  }
  if (settings.kernel && isOneKind(experiment, grid)) {
    const instances = instancesOf(experiment, largest);
    cells.push({
      role: "growth",
      label: `${experiment.name} pages`,
      factors: largest,
      trial: 0,
      instances,
      work: { kind: "growth", growth: { subject, context: context(largest), instances } },
    });
  }
  const snapshotFactors = { ...(grid[0] ?? {}), ...experiment.snapshotFactors };
  if (settings.fits && isOneKind(experiment, grid)) {
    for (const memory of experiment.fits ?? [])
      cells.push({
        role: "fits",
        label: `${experiment.name} fits ${memory}`,
        factors: { memory },
        trial: 0,
        instances: 1,
        work: {
          kind: "fits",
          fits: { subject, context: context(snapshotFactors), memoryBytes: parseSize(memory) },
        },
      });
  }
  if (!settings.snapshot) return cells;
  // The snapshot cell comes first, because parsing takes longest.
  cells.unshift({
    role: "snapshot",
    label: `${experiment.name} snapshot`,
    factors: snapshotFactors,
    trial: 0,
    instances: settings.snapshotInstances,
    work: {
      kind: "snapshot",
      snapshot: {
        subject,
        context: context(snapshotFactors),
        instances: settings.snapshotInstances,
        // Set later: a folder is created where the cell runs.
        path: "",
      },
    },
  });
  return cells;
}

/**
 * Number of instances in a cell: the level of the population factor, or the fixed number of the experiment.
 */
export function instancesOf(experiment: Experiment, factors: Factors): number {
  const level = experiment.population === undefined ? experiment.instances : factors[experiment.population];
  return typeof level === "number" ? level : DEFAULT_INSTANCES;
}

const DEFAULT_INSTANCES = 1000;

/**
 * Whether each cell measures its own slope, because the grid does not have several populations to compare.
 */
export function hasOwnSlope(experiment: Experiment, grid: readonly Factors[]): boolean {
  if (experiment.population === undefined) return true;
  const name = experiment.population;
  return new Set(grid.map((factors) => factors[name])).size < 2;
}

/** Whether all cells hold the same instances, so that one line over their number speaks for the experiment. */
function isOneKind({ population, unitsPerInstance }: Experiment, grid: readonly Factors[]): boolean {
  if (population === undefined && unitsPerInstance !== undefined) return grid.length === 1;
  const others = grid.map((factors) =>
    JSON.stringify(Object.entries(factors).filter(([name]) => name !== population)),
  );
  return new Set(others).size < 2;
}

export function describe(factors: Factors, { rollout }: Pick<Experiment, "rollout"> = {}): string {
  if (rollout !== undefined) return describeStage(factors);
  return Object.entries(factors)
    .map(([name, level]) => `${name}=${level}`)
    .join(" ");
}

/** Names a stage. Its flags are left out: they are in the plan. */
function describeStage(factors: Factors): string {
  const { stage, change } = factors;
  const flag = String(change);
  return change === WHOLE
    ? `stage ${String(stage)}`
    : `stage ${String(stage)} with ${flag}=${String(factors[flag])} alone`;
}

import type { RolloutPlan } from "./rollout/index.js";
import type { ColumnSpec } from "./column-spec.js";
import type { FigureSpec } from "./figure-spec.js";

export type Level = number | string | boolean;
export type Factors = Record<string, Level>;

/** What a subject is told about the cell it is made in. */
export interface SubjectContext {
  /** The level of each factor. */
  factors: Factors;
  /** Path of a conversations file (one JSON object a line); absent means generated text. */
  conversations?: string;
  seed: number;
  /** Streams a record of the subject's own into the journal. */
  emit: (record: unknown) => void;
}

/**
 * What is measured. `create` makes the instance with the given index (0, 1, ...), which may be awaited;
 * everything that stays reachable through the returned value is its cost.
 */
export interface Subject<T = unknown> {
  create: (index: number, context: SubjectContext) => T | Promise<T>;
  /** Undoes what dropping the instance does not: closes handles, leaves registries. */
  release?: (instance: T) => void | Promise<void>;
  /** Loads fixtures (a corpus, a model) before the first reading, so that they are not charged to the instances. */
  prepare?: (context: SubjectContext) => void | Promise<void>;
}

/** What a program is told about its cell. */
export interface ProgramContext {
  factors: Factors;
  seed: number;
  quick: boolean;
  /** Where device memory comes from: "cpu" or "cuda:N". */
  device: string;
  /** Most bytes that pools on the device may reserve together. */
  deviceCapBytes: number;
  /** Most bytes that a search for a limit fills: the cap where the user gave one, else less. */
  searchCapBytes: number;
  /** The code that passed the check at the start of the run, such as "avx2". */
  instructionSet: string;
  emit: (record: unknown) => void;
}

/** A reading of a program: a number, unknown for a reason, or known only to be above a bound. */
export type ProgramReading = number | { absent: string } | { above: number; reason: string };

/** One reading over the steps of a cell, for a figure. */
export interface ProgramSeries {
  /** Name with its unit, as readings have it. */
  reading: string;
  /** What the first number of a point counts, such as "step". */
  over: string;
  /** At most 200: a result is no log. What is longer belongs into the journal, with `emit`. */
  points: readonly (readonly [number, number])[];
}

/** What a program answers. Keys carry the unit: `usedBytes`, `durationMs`; others are plain numbers. */
export interface ProgramAnswer {
  readings: Record<string, ProgramReading>;
  /** `oom-device` where a pool's cap was met; the readings until then count. */
  outcome?: "ok" | "oom-device";
  /** One clause; with `oom-device` the request that was not met. */
  cause?: string;
  /** Sentences that answer the experiment's question, computed from what was read. */
  findings?: readonly string[];
  warnings?: readonly { name: string; message: string }[];
  series?: readonly ProgramSeries[];
}

/** A module that reads a whole cell by itself, in a fresh process. */
export interface Program {
  run: (context: ProgramContext) => ProgramAnswer | Promise<ProgramAnswer>;
}

/** A further question of an experiment, with cells and a table of its own. */
export interface FollowUp {
  name: string;
  factors: Record<string, readonly Level[]>;
  quick?: Record<string, readonly Level[]>;
  program: string;
  table: { title: string; columns: readonly ColumnSpec[]; notes?: readonly string[] };
}

/** Bytes per unit that a formula predicts. */
export interface Estimate {
  bytes: number;
  /** The formula with its numbers filled in. */
  formula: string;
  name?: string;
  /** Kinds of the breakdown that the estimate means to cover; the other kinds are its residual. */
  covers?: readonly string[];
}

export interface EstimateContext {
  conversations?: string;
  seed: number;
}

/** Limits of one cell. Out of memory under a cap is a result, not a failure. */
export interface Caps {
  /** Memory of the cell's whole process tree, such as `"2 GiB"`. */
  memory?: string;
  /** Device memory, such as `"8 GiB"`: the cap of programs' pools; a command gets it as BYTESPER_DEVICE_CAP_BYTES. */
  device?: string;
  /** Wall time, such as `"20 s"` or `"5 min"`. */
  time?: string;
}

/** A subject with its factors, its estimate and its tables. */
export interface Experiment {
  name: string;
  title?: string;
  /** What the tables answer, as one sentence. */
  question?: string;
  /** What one is: "session", "message", "instance". */
  unit: string;
  /** The grid: each factor with its levels; one cell where there are none. */
  factors?: Record<string, readonly Level[]>;
  /** Levels that replace those of `factors` under `--quick`. */
  quick?: Record<string, readonly Level[]>;
  exclude?: readonly Factors[];
  /** Trials of each cell, every one in a fresh process. */
  repetitions?: number;
  /** A module with `create`, relative to the experiment file, `"file#export"`, or the subject itself. */
  subject?: string | Subject<never>;
  /** In place of a subject: a module with `run(context)`, relative to the experiment file. */
  program?: string;
  /**
   * In place of a subject: any program with its arguments, run in the folder of the experiment file; `{name}` stands
   * for the level of a factor, `{seed}` for the seed of the run. Lines of JSON that it prints become readings under
   * their own names.
   */
  command?: readonly string[];
  /** Variables of the command's environment, with the same placeholders. */
  env?: Readonly<Record<string, string>>;
  /** Readings without which the command has failed, whatever its exit code. */
  requires?: readonly string[];
  /** A numeric factor that memory grows with: the largest level that fits is searched instead of running all. */
  frontier?: string;
  /**
   * In place of `factors`: feature flags that come back in stages, each stage in a cell of its own with its flags as
   * levels, up to the first that fails. See docs/rollout.md.
   */
  rollout?: RolloutPlan;
  /** Further questions, answered by programs. */
  followUps?: readonly FollowUp[];
  /** The factor that says how many instances live in the cell. */
  population?: string;
  /** Instances of a cell where no factor says how many; bytes per instance are then a slope within each cell. */
  instances?: number;
  /** Units in one instance; 1 unless given. */
  unitsPerInstance?: (factors: Factors) => number;
  /** Levels at which the heap snapshot is taken; the first level of each factor unless given. */
  snapshotFactors?: Factors;
  /** Bytes per unit; of a command, bytes of the whole cell. */
  estimate?: (
    factors: Factors,
    context: EstimateContext,
  ) => Estimate | readonly Estimate[] | Promise<Estimate | readonly Estimate[]>;
  /** Heading and columns of the main table. */
  table?: { title: string; columns: readonly ColumnSpec[]; notes?: readonly string[] };
  /** Figures beside those that every experiment of its kind has: the line, the breakdown and the estimates. */
  figures?: readonly FigureSpec[];
  caps?: Caps;
}

/** Gives an experiment file its types and changes nothing: a plain object works as well. */
export function defineExperiment(experiment: Experiment): Experiment {
  return experiment;
}

import type { Answer } from "./answer.js";
import type { RolloutPlan } from "./rollout/index.js";
import type { ColumnSpec } from "./column-spec.js";
import type { FigureSpec } from "./figure-spec.js";

export type Level = number | string | boolean;
export type Factors = Record<string, Level>;

/** What a subject is told about the cell it is made in. */
export interface SubjectContext {
  /** The level of each factor. */
  factors: Factors;
  /** Path of a conversations file (one JSON object per line); if absent, the text is generated. */
  conversations?: string;
  seed: number;
  /** Writes a record of the subject's own to the journal. */
  emit: (record: unknown) => void;
}

/**
 * What is measured. `create` makes the instance with the given index (0, 1, ...); it may be async. Everything
 * that is reachable through the returned value counts as the cost of the instance.
 */
export interface Subject<T = unknown> {
  create: (index: number, context: SubjectContext) => T | Promise<T>;
  /** Cleans up what the garbage collector cannot: closes handles, leaves registries. */
  release?: (instance: T) => void | Promise<void>;
  /**
   * Loads fixtures (a corpus, a model) before the first reading, so that the instances are not charged for
   * them.
   */
  prepare?: (context: SubjectContext) => void | Promise<void>;
  /** One turn of an instance in service, such as a message that it takes: `fits --grow` calls it. */
  use?: (instance: T, turn: number, context: SubjectContext) => void | Promise<void>;
}

/** What a program learns about its cell. */
export interface ProgramContext {
  factors: Factors;
  /** Another one for each repetition. */
  seed: number;
  quick: boolean;
  /** Where device memory comes from: "cpu" or "cuda:N". */
  device: string;
  /** The most bytes that all pools on the device may reserve together. */
  deviceCapBytes: number;
  /** The most bytes that a search for a limit fills: the user's cap if there is one, otherwise less. */
  searchCapBytes: number;
  /** The instruction set that passed the check at the start of the run, such as "avx2". */
  instructionSet: string;
  emit: (record: unknown) => void;
}

export type ProgramReading = number | { absent: string } | { above: number; reason: string };

/** One reading over the steps of a cell, for a figure. */
export interface ProgramSeries {
  /** Name with its unit, like the names of readings. */
  reading: string;
  /** What the first number of each point counts, such as "step". */
  over: string;
  /** At most 200 points. Write longer series to the journal with `emit`. */
  points: readonly (readonly [number, number])[];
}

/**
 * What a program answers. The end of a key gives the unit: `usedBytes`, `durationMs`; other keys are plain
 * numbers.
 */
export interface ProgramAnswer {
  readings: Record<string, ProgramReading>;
  /** `oom-device` if the cap of a pool was reached; the readings taken before still count. */
  outcome?: "ok" | "oom-device";
  /** One clause; for `oom-device`, the request that was refused. */
  cause?: string;
  /** Sentences that answer the experiment's question, computed from the readings. */
  findings?: readonly string[];
  warnings?: readonly { name: string; message: string }[];
  series?: readonly ProgramSeries[];
}

/** A module that takes all readings of a cell itself, in a fresh process. */
export interface Program {
  run: (context: ProgramContext) => ProgramAnswer | Promise<ProgramAnswer>;
}

export interface FollowUp {
  name: string;
  factors: Record<string, readonly Level[]>;
  quick?: Record<string, readonly Level[]>;
  program: string;
  table: { title: string; columns: readonly ColumnSpec[]; notes?: readonly string[] };
}

export interface Estimate {
  bytes: number;
  /** The formula with its numbers filled in. */
  formula: string;
  name?: string;
  /** Kinds of the breakdown that the estimate covers; the other kinds are its residual. */
  covers?: readonly string[];
}

export interface EstimateContext {
  conversations?: string;
  seed: number;
}

/** Limits of one cell. Out of memory under a cap is a result, not a failure. */
export interface Caps {
  /** Cap on the memory of the cell's whole process tree, such as `"2 GiB"`. */
  memory?: string;
  /**
   * Cap on device memory, such as `"8 GiB"`. It limits the pools of programs; a command gets it as
   * BYTESPER_DEVICE_CAP_BYTES.
   */
  device?: string;
  /** Cap on wall time, such as `"20 s"` or `"5 min"`. */
  time?: string;
}

export interface Experiment {
  name: string;
  title?: string;
  /** The question that the tables answer, as one sentence. */
  question?: string;
  /**
   * Answers the question in one sentence from the numbers of the result; for an experiment of programs or commands. The
   * bytes of one unit are told without it.
   */
  answer?: Answer;
  /** Name of one unit: "session", "message", "instance". */
  unit: string;
  /** The grid: each factor with its levels. Without factors there is one cell. */
  factors?: Record<string, readonly Level[]>;
  /** Levels that replace those of `factors` under `--quick`. */
  quick?: Record<string, readonly Level[]>;
  exclude?: readonly Factors[];
  /** Number of trials of each cell, each in a fresh process. `--trials` of the command line takes its place. */
  repetitions?: number;
  /**
   * Whether the repetitions of a command or a program get different seeds (the default) or the same one. The first
   * always has the level of a factor named "seed", or the seed of the run.
   */
  seeds?: "different" | "same";
  /**
   * What to measure: a module with `create`, relative to the experiment file, or `"file#export"`, or the
   * subject itself.
   */
  subject?: string | Subject<never>;
  /** Instead of a subject: a module with `run(context)`, relative to the experiment file. */
  program?: string;
  /**
   * Instead of a subject: any program with its arguments, run in the folder of the experiment file. `{name}`
   * stands for the level of a factor, `{seed}` for the seed of the repetition and `{repetition}` for its number
   * from 1. JSON lines that it prints become readings under their own names.
   */
  command?: readonly string[];
  /** Environment variables of the command, with the same placeholders. */
  env?: Readonly<Record<string, string>>;
  /** Readings that the command must print; without them it has failed, whatever its exit code. */
  requires?: readonly string[];
  /**
   * A numeric factor that memory grows with. The run searches the largest level that fits instead of running
   * all levels.
   */
  frontier?: string;
  /**
   * Instead of `factors`: feature flags that are switched on again in stages. Each stage runs in its own
   * cell, with its flags as levels, up to the first stage that fails. See docs/rollout.md.
   */
  rollout?: RolloutPlan;
  /** Further questions, answered by programs. */
  followUps?: readonly FollowUp[];
  /** The factor that gives the number of instances alive in the cell. */
  population?: string;
  /**
   * Number of instances in a cell where no factor gives it; bytes per instance are then a slope within each
   * cell.
   */
  instances?: number;
  /**
   * Containers such as `"512 MiB"`, for an experiment with a subject: how many instances a plain process holds in each is
   * searched with real processes. Without it, and under `--quick`, the number is predicted from the line.
   */
  fits?: readonly string[];
  /** Units in one instance; the default is 1. */
  unitsPerInstance?: (factors: Factors) => number;
  /** Levels for the heap snapshot; the default is the first level of each factor. */
  snapshotFactors?: Factors;
  /** Estimated bytes per unit; for a command, bytes of the whole cell. */
  estimate?: (
    factors: Factors,
    context: EstimateContext,
  ) => Estimate | readonly Estimate[] | Promise<Estimate | readonly Estimate[]>;
  /** Heading and columns of the main table. */
  table?: { title: string; columns: readonly ColumnSpec[]; notes?: readonly string[] };
  /**
   * Figures in addition to those that every experiment of its kind has: the line, the breakdown and the
   * estimates.
   */
  figures?: readonly FigureSpec[];
  caps?: Caps;
}

export function defineExperiment(experiment: Experiment): Experiment {
  return experiment;
}

import type { Estimate, Experiment, Factors } from "../experiment/define.js";
import type { ExperimentKind } from "./kind.js";
import type { Result } from "./schema.js";
import type { ResolvedStage } from "../experiment/rollout/index.js";

/** A point of the grid, with all values that were computed from its levels. */
export interface GridPoint {
  factors: Factors;
  instances: number;
  /** Units in one instance. */
  units: number;
  /** Bytes that the whole cell should take; only for an experiment that runs a command. */
  estimate?: { bytes: number; formula: string };
}

/** A further table of an experiment of programs. */
export interface PartRecord {
  name: string;
  table: NonNullable<Experiment["table"]>;
  grid: Factors[];
}

/**
 * An experiment as plain data: what the analysis needs beside the readings. Every function of the experiment
 * file was already applied. The journal holds it, so that tables can be derived without that file.
 */
export interface ExperimentRecord {
  experiment: string;
  kind: ExperimentKind;
  title: string;
  question?: string;
  unit: string;
  /** The factor that says how many instances live in a cell. */
  population?: string;
  /** Whether the experiment file says how many units an instance has. */
  hasUnits: boolean;
  /** Whether each trial gives a slope of its own. */
  ownSlope: boolean;
  grid: GridPoint[];
  parts: PartRecord[];
  estimates: readonly Estimate[];
  table?: NonNullable<Experiment["table"]>;
  figures?: NonNullable<Result["figures"]>;
  /** The factor whose largest fitting level is searched. */
  frontier?: string;
  /** The stages of a rollout, in the order of running. */
  rollout?: ResolvedStage[];
}

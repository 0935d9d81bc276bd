import { basename } from "node:path";
import type { Result } from "../../record/schema.js";
import type { AdmissionSettings } from "../schedule/admission.js";
import type { SlurmSettings } from "../executor/slurm/settings.js";
import type { Compilers, EnforcementKind } from "../../record/cell.js";

/** Where an experiment comes from. */
export interface RequestedExperiment {
  /** A name if the experiment is shipped, else a path. */
  file: string;
  shipped: boolean;
  /** The file does not exist: a program holds the experiment, and only that program can run it. */
  given?: boolean;
}

/** Options of a run, as plain data. The journal holds them, so `resume` needs no options. */
export interface RunRequest {
  /** Names of shipped experiments, or the user's experiment files. */
  experiments: RequestedExperiment[];
  quick: boolean;
  minimal: boolean;
  only: string[];
  filter: Record<string, string[]>;
  compilers: Compilers;
  conversations?: string;
  /** Subject that replaces the crisis state in `instance-overhead`. */
  subject?: string;
  /** Device on which programs take memory: "auto", "cpu", "cuda" or "cuda:N". */
  device: string;
  /** Limit on device memory; by default, all memory of the device. */
  deviceCapBytes?: number;
  /** Repetitions of each cell of populations and programs, if neither the user nor the experiment sets them. */
  trials: number;
  /** Repetitions that the user asks for, of every cell. Journals of earlier versions lack it. */
  askedTrials?: number;
  seed: number;
  timeoutMs: number;
  /** Modules that each Node process loads first. Paths are absolute. */
  imports?: string[];
  /** Whether an earlier calibration does not count. */
  recalibrate?: boolean;
  /** Most cells at the same time; by default, chosen from the machine. */
  slots?: number;
  executor: "local" | "slurm";
  /** Settings for Slurm; absent with another executor. */
  slurm?: SlurmSettings;
  /** Enforcement to use; by default, the best that works here. */
  enforcement?: EnforcementKind;
  /** Thresholds of admission that differ from the defaults. Journals hold them under the name `gate`. */
  gate?: Partial<AdmissionSettings>;
  /** Factor on every memory cap, for another try after out of memory. */
  moreMemory: number;
  /** Whether a result of fewer cells may replace a fuller one of another run. */
  replace?: boolean;
}

export function settingsOf(request: RunRequest): Result["settings"] {
  const { quick, seed, trials, conversations } = request;
  const selection = selectionOf(request);
  return {
    quick,
    seed,
    trials,
    conversations: conversations === undefined ? "generated" : basename(conversations),
    ...(selection === undefined ? {} : { selection }),
  };
}

/** Which cells the user chose; undefined for all. */
function selectionOf({ minimal, filter }: RunRequest): string | undefined {
  const kept = Object.entries(filter).map(([name, levels]) => `${name}=${levels.join(",")}`);
  if (minimal) kept.push("the first level of each factor");
  return kept.length === 0 ? undefined : kept.join(", ");
}

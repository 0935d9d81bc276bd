import { resolve } from "node:path";
import { BytesperError } from "../base/errors.js";
import type { Experiment, Level } from "../experiment/define.js";
import type { EnforcementKind } from "../record/cell.js";
import type { CommonOptions } from "./common-options.js";
import { commonSettings } from "./common-options.js";
import { GRID_DEFAULTS } from "./defaults.js";
import type { AdmissionSettings } from "./schedule/admission.js";
import type { RunRequest } from "./engine/request.js";
import { shippedExperiments } from "./engine/shipped.js";
import type { SlurmSettings } from "./executor/slurm/settings.js";
import { pathOf, requireWhole } from "./option-checks.js";

/** Settings that grids of the user's own and shipped experiments have in common. */
export interface CommonGridOptions extends CommonOptions {
  /** Where device memory is taken: "auto" (the default), "cpu", "cuda" or "cuda:N". */
  device?: string;
  /** Most bytes of device memory; all that is there by default. */
  deviceCapBytes?: number;
  /** Whether a result of fewer cells may replace a fuller one of another run; false by default. */
  replace?: boolean;
}

/** Settings of the command `run` that become part of its request. */
export interface FileGridOptions extends CommonGridOptions {
  /** Only the first level of each factor. */
  minimal?: boolean;
  /** Only the experiments with these names. */
  only?: readonly string[];
  /** Only these levels of a factor. */
  filter?: Readonly<Record<string, readonly Level[]>>;
  /** Cells that run at once; as many as there are cores by default, but at most 4. */
  slots?: number;
  /** How caps on memory are enforced; by default the best kind that works on this machine. */
  enforcement?: EnforcementKind;
  /** Below how much memory and disk of the host no cell starts. */
  admission?: Partial<AdmissionSettings>;
  /** Where cells run; "local" by default. */
  executor?: "local" | "slurm";
  /** Settings of the site for the executor "slurm". */
  slurm?: SlurmSettings;
}

/** Settings of the command `profile` that become part of its request. */
export interface ShippedGridOptions extends CommonGridOptions {
  /** Names of shipped experiments; all of them by default. */
  experiments?: readonly string[];
  /** Smaller populations. */
  quick?: boolean;
  /** Measures this class in `instance-overhead`, which must then be the only experiment: FILE or FILE#export. */
  subject?: string | URL;
}

/** A file, or an experiment that the calling program holds. */
export type ExperimentSource = string | URL | Experiment;

/** The request of `run` for files and for experiments that a program holds. Throws `USAGE`. */
export function fileRequest(sources: readonly ExperimentSource[], options: FileGridOptions): RunRequest {
  const { minimal, only, filter = {}, slots, enforcement, admission = {}, executor, slurm } = options;
  if (sources.length === 0)
    throw new BytesperError("USAGE", "No experiment was given; give the path of an experiment file.");
  requireWhole("slots", slots, 1);
  return {
    ...commonRequest(options),
    experiments: sources.map((source) =>
      isFile(source)
        ? { file: resolve(pathOf(source)), shipped: false }
        : { file: placeOf(source), shipped: false, given: true },
    ),
    minimal: minimal ?? false,
    only: [...(only ?? [])],
    filter: Object.fromEntries(
      Object.entries(filter).map(([name, levels]) => [name, levels.map((level) => String(level))]),
    ),
    gate: admission,
    ...(options.trials === undefined ? {} : { askedTrials: options.trials }),
    executor: executor ?? "local",
    ...(slots === undefined ? {} : { slots }),
    ...(enforcement === undefined ? {} : { enforcement }),
    ...(slurm === undefined ? {} : { slurm }),
  };
}

/** The request of `profile`. Throws `USAGE`. */
export function shippedRequest(options: ShippedGridOptions): RunRequest {
  const { experiments = [], quick, subject } = options;
  if (subject !== undefined && experiments.join() !== "instance-overhead") {
    throw new BytesperError(
      "USAGE",
      "--subject belongs to one experiment: bytesper profile instance-overhead --subject FILE.",
    );
  }
  const names = new Set(experiments.length === 0 ? shippedExperiments() : experiments);
  return {
    ...commonRequest(options),
    experiments: [...names].map((file) => ({ file, shipped: true })),
    quick: quick ?? false,
    ...(subject === undefined ? {} : { subject: pathOf(subject) }),
  };
}

function commonRequest(options: CommonGridOptions): Omit<RunRequest, "experiments"> {
  const { device = GRID_DEFAULTS.device, deviceCapBytes, replace } = options;
  requireWhole("deviceCapBytes", deviceCapBytes, 0);
  return {
    quick: false,
    minimal: false,
    only: [],
    filter: {},
    ...commonSettings(options, GRID_DEFAULTS),
    device,
    ...(deviceCapBytes === undefined ? {} : { deviceCapBytes }),
    executor: "local",
    moreMemory: 1,
    ...(replace === undefined ? {} : { replace }),
  };
}

export function isFile(source: ExperimentSource): source is string | URL {
  return typeof source === "string" || source instanceof URL;
}

/** The file that stands for an experiment without one: paths in it are relative to the working directory. */
export function placeOf({ name }: Experiment): string {
  return resolve(name);
}

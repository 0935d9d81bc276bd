import { basename } from "node:path";
import type { Result } from "../../record/schema.js";
import type { GateSettings } from "./gate.js";
import type { SlurmSettings } from "../executor/slurm/settings.js";
import type { EnforcementKind } from "../../record/cell.js";

/** What the user asked for, as plain data: a journal holds it, so that `resume` needs no options. */
export interface RunRequest {
  /** Shipped experiments by name, or files of the user's. */
  experiments: { file: string; shipped: boolean }[];
  quick: boolean;
  /** Only the first level of each factor. */
  minimal: boolean;
  /** Only these experiments. */
  only: string[];
  /** Only these levels of a factor. */
  filter: Record<string, string[]>;
  compilers: "on" | "off";
  conversations?: string;
  /** A subject that takes the place of the crisis state in `instance-overhead`. */
  subject?: string;
  /** Where programs take device memory: "auto", "cpu", "cuda" or "cuda:N". */
  device: string;
  /** Most bytes of device memory; what is there unless given. */
  deviceCapBytes?: number;
  /** Repetitions of each cell where the experiment does not say. */
  trials: number;
  seed: number;
  timeoutMs: number;
  /** Cells at once; chosen by the machine unless given. */
  slots?: number;
  executor: "local" | "slurm";
  /** What the site's Slurm is told; absent with another executor. */
  slurm?: SlurmSettings;
  /** Rung of the ladder to use instead of the best. */
  enforcement?: EnforcementKind;
  /** Thresholds of the watchdog of the host; the defaults unless given. */
  gate?: Partial<GateSettings>;
  /** Factor on every cap on memory, after out of memory. */
  moreMemory: number;
}

/** The settings as a result records them. */
export function settingsOf({ quick, seed, trials, conversations }: RunRequest): Result["settings"] {
  return {
    quick,
    seed,
    trials,
    conversations: conversations === undefined ? "generated" : basename(conversations),
  };
}

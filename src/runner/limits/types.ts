import type { EnforcementKind } from "../../record/cell.js";
import type { Absent } from "../../system/probe/reading.js";

export interface Rung {
  kind: EnforcementKind;
  /** If absent, the reason says what would make the rung available. */
  available: true | Absent;
}

export interface CellLimitOptions {
  /** Letters, digits and `-`; unique among the attempts of this runner. */
  id: string;
  /** Most bytes that the whole process tree may hold. Undefined: the tree is only counted. */
  capBytes: number | undefined;
}

export interface Enforcement {
  kind: EnforcementKind;
  /** One clause for tables. */
  description: string;
  /** Whether the kernel holds the cap for the whole tree. */
  exact: boolean;
  /** Throws `BAD_INPUT` for an impossible cap or name, and `CELL_FAILED` if the group cannot be created. */
  open(options: CellLimitOptions): Promise<CellLimit>;
}

export interface CellLimit {
  /** Options for the supervisor. */
  supervisorArguments: string[];
  /** Returns the command that must be started for this command of the supervisor. */
  wrap(command: string[]): string[];
  /**
   * Reads the evidence, kills the processes left in the group and removes it. Call it when the tree is dead.
   * Does not throw if the group is gone.
   */
  close(): Promise<LimitEvidence>;
}

export interface LimitEvidence {
  peak: { bytes: number; source: "memory.peak" | "memory.max_usage_in_bytes" } | Absent;
  /**
   * Number of processes that the kernel killed because of this cap. If several threads exceed a v2 cap at
   * once, the kernel may count one too many; a number above 0 is certain.
   */
  oomKills: number | Absent;
  /** Raw counters by `file:key`, read when the tree was dead. Units are the kernel's. */
  counters: Record<string, number>;
}

import type { EnforcementKind } from "../../record/cell.js";
import type { Absent } from "../../system/probe/reading.js";

export interface Rung {
  kind: EnforcementKind;
  /** The reason names what would make the rung available. */
  available: true | Absent;
}

export interface CellLimitOptions {
  /** Letters, digits and `-`; not used by another attempt of this runner. */
  id: string;
  /** Bytes that the whole process tree may hold; without it the tree is only counted. */
  capBytes: number | undefined;
}

export interface Enforcement {
  kind: EnforcementKind;
  /** One clause for tables. */
  description: string;
  /** Whether the kernel holds the cap for the whole tree. */
  exact: boolean;
  /** Throws `BAD_INPUT` for a cap or a name that cannot be, and `CELL_FAILED` where the group cannot be made. */
  open(options: CellLimitOptions): Promise<CellLimit>;
}

export interface CellLimit {
  /** Options for the cell guard. */
  guardArguments: string[];
  /** The guard's command line as it must be started. */
  wrap(command: string[]): string[];
  /**
   * Reads the evidence and removes the group, with whatever still lives in it. To be called when the tree is dead;
   * does not throw for a group that is gone.
   */
  close(): Promise<LimitEvidence>;
}

export interface LimitEvidence {
  peak: { bytes: number; source: "memory.peak" | "memory.max_usage_in_bytes" } | Absent;
  /**
   * Processes that the kernel's killer took because of this cap. With several threads over a v2 cap at once the kernel
   * may count one too many; that it is above 0 is certain.
   */
  oomKills: number | Absent;
  /** Raw counters by `file:key` when the tree was dead; bytes where the kernel counts bytes. */
  counters: Record<string, number>;
}

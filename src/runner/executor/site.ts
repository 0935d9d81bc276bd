import type { RunLog } from "../engine/log.js";
import type { RunRecord } from "../journal/records.js";
import type { Certificate } from "../limits/index.js";
import type { Executor } from "./executor.js";

/** What the enforcement of caps depends on. */
export interface CappedCell {
  capBytes?: number;
  work: { kind: string };
}

export interface SiteEnforcement {
  /** As the record of the run holds it. */
  record: RunRecord["enforcement"];
  /** As the environment of the results names it. */
  described: string;
  certificates: Certificate[];
}

/** The place of one run: what its executor needs before the first cell, and does after the last. */
export interface Site {
  /** Folder for compiled modules, readable from wherever a cell runs. Absent: a temporary folder is enough. */
  readonly modules?: string;
  /** Chooses how caps are enforced, and tests that they are. Throws `NO_ENFORCEMENT`. */
  enforce(cells: readonly CappedCell[]): Promise<SiteEnforcement>;
  /** Takes over the cells of a dead runner that still run or ended meanwhile. */
  adopt(log: RunLog): Promise<void>;
  /** The executor. Called after `enforce`. */
  open(): Promise<Executor>;
  /** Removes the files of cells whose results are in the journal. */
  removeFinished(log: RunLog): void;
  /** Removes what only this run of the runner needs. */
  dispose(): void;
}

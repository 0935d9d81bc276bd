import type { Absent, Reading } from "../../system/probe/reading.js";
import type { MisreadColumn } from "../read/header-trust.js";
import type { UsedLayout } from "../read/candidates.js";
import type { UnplacedLine } from "../read/unplaced.js";
import type { RunBeginning } from "../runs.js";
import type { Bucket } from "./buckets.js";
import type { CommitsEnd } from "./change-point.js";
import type { Gate, ScoreEvidence } from "./gates.js";
import type { Increase } from "./increases.js";
import type { LagCorrelation } from "./windows.js";

/** Counts of events, of one run or of all. */
export interface Figures {
  events: number;
  actions: Record<string, number>;
  reasons: Record<string, number>;
  /** By reason, with the share of all merges. */
  merges: Record<string, { rows: number; share: number }>;
  memSize: { min: Reading; max: Reading; maxLine: Reading; last: Reading };
  commits: {
    count: number;
    firstStep: Reading;
    lastStep: Reading;
    distinctSteps: Reading;
    firstLine: Reading;
    lastLine: Reading;
  };
  promotePerStage: Reading;
  /** Steps from staging to promotion: the lower end of ten steps. */
  promotionDelay: { median: number; p95: number } | Absent;
  gates: Gate[];
  scores: ScoreEvidence;
  commitsEnd: CommitsEnd | Absent;
  correlations: LagCorrelation[];
  increaseCount: number;
}

export interface RunFigures extends Figures {
  run: number;
  began: RunBeginning;
  /** Of the whole run in the file, whatever steps are asked for. */
  firstLine: number;
  lastLine: number;
  eventsInFile: number;
  firstStep: Reading;
  lastStep: Reading;
  memSizeMax: Reading;
  memSizeLast: Reading;
  shadowSizeLast: Reading;
  /** Of the whole run: the row that last raised `mem_size`, and the run's last step. */
  lastIncrease: { step: number; line: number; size: number } | Absent;
  lastStepInFile: number;
}

/** How often a kind of row comes before an increase of `mem_size`, against how often it comes at all. */
export interface PrecedingKind {
  action: string;
  reason: string;
  /** Increases that such a row brought. */
  brought: number;
  /** Share of the rows right before an increase, and of those in the windows before one. */
  justBeforeShare: number;
  windowShare: number;
  /** Share of all rows of the runs. */
  baseShare: number;
}

export interface LogFile {
  path: string;
  lines: number;
  blankLines: number;
  events: number;
  headers: { line: number; columns: readonly string[] }[];
  lastLineCut: boolean;
}

export interface WriteReport extends Figures {
  file: LogFile;
  steps: { from: number; to: number } | Absent;
  buckets: Bucket[];
  topBuckets: Record<"commit" | "stage" | "promote" | "merge", Bucket[]>;
  runs: RunFigures[];
  /** Runs beyond those that are listed; their rows are in the totals. */
  omittedRuns: number;
  layouts: UsedLayout[];
  unplacedLines: UnplacedLine[];
  unplacedCount: number;
  header: { misread: MisreadColumn[] } | Absent;
  increases: Increase[];
  precedingKinds: PrecedingKind[];
  windowRows: number;
  warnings: { name: string; message: string }[];
}

/** One sentence on what the log shows, and the lines of the log that it rests on. */
export interface Finding {
  name: string;
  message: string;
  lines: number[];
}

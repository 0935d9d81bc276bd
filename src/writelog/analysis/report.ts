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

/** Counts of events, of one run or of all runs. */
export interface Figures {
  events: number;
  actions: Record<string, number>;
  reasons: Record<string, number>;
  /** By reason. `share` is the share of all merges. */
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
  /** Steps from staging to promotion. They are counted in bins of ten steps; this is the lower end of the bin. */
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
  /** These three are about the whole run in the file, not only about the steps that were asked for. */
  firstLine: number;
  lastLine: number;
  eventsInFile: number;
  firstStep: Reading;
  lastStep: Reading;
  memSizeMax: Reading;
  memSizeLast: Reading;
  shadowSizeLast: Reading;
  /** These two are about the whole run: the row that last increased `mem_size`, and the last step. */
  lastIncrease: { step: number; line: number; size: number } | Absent;
  lastStepInFile: number;
}

/** How often a kind of row comes before an increase of `mem_size`, and how often it comes anywhere. */
export interface PrecedingKind {
  action: string;
  reason: string;
  brought: number;
  /** Share of the rows right before an increase, and share of the rows in the windows before increases. */
  justBeforeShare: number;
  windowShare: number;
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
  /** Runs that are not in `runs`. Their rows are in the totals. */
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

/** One sentence about what the log shows, and the numbers of the lines that it is based on. */
export interface Finding {
  name: string;
  message: string;
  lines: number[];
}

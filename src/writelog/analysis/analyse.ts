import { absent } from "../../system/probe/reading.js";
import type { Layout } from "../layouts.js";
import { logBytes } from "../read/source.js";
import { WriteLogReader } from "../read/reader.js";
import type { StepRange } from "./analysis.js";
import { WriteLogAnalysis } from "./analysis.js";
import { bucketsOf, topBuckets } from "./buckets.js";
import { figuresOf } from "./figures-of.js";
import type { PrecedingKind, RunFigures, WriteReport } from "./report.js";
import type { RunTally } from "./run-tally.js";
import { warningsOf } from "./warnings.js";
import type { Kind } from "../event.js";
import { BytesperError } from "../../base/errors.js";

export interface AnalyseOptions {
  steps?: StepRange;
  layouts?: readonly Layout[];
  warn?: (message: string) => void;
}

export interface Analysed {
  report: WriteReport;
  /** `mem_size` of each run over its steps. */
  runs: readonly RunTally[];
}

const TOP_BUCKETS = 10;
/** Correlations are computed for the first runs only. */
const MOST_CORRELATED = 20;

/** Reads a write log and analyses it. Throws `BAD_INPUT` if the file cannot be read or has no row. */
export async function analyseWriteLog(path: string, options: AnalyseOptions = {}): Promise<Analysed> {
  const analysis = new WriteLogAnalysis(options.steps);
  const reader = new WriteLogReader((event) => {
    analysis.see(event);
  }, options.layouts);
  for await (const piece of logBytes(path, options.warn ?? (() => undefined))) reader.push(piece);
  reader.finish();
  if (reader.events === 0) throw noRows(path, reader);
  return { report: reportOf(path, reader, analysis, options.steps), runs: analysis.runs };
}

function noRows(path: string, { lines, headers, unplaced }: WriteLogReader): BytesperError {
  const first = unplaced.listed[0];
  const came =
    lines === 0
      ? "it is empty"
      : first === undefined
        ? headers.length > 0
          ? "it has only a header"
          : "its lines are blank"
        : `line ${first.line} is "${first.beginning}": ${first.why}`;
  return new BytesperError(
    "BAD_INPUT",
    `${path} holds no row of a write log: ${came}; give a CSV log with step, action and mem_size, or name its columns with --layout.`,
  );
}

function reportOf(
  path: string,
  reader: WriteLogReader,
  analysis: WriteLogAnalysis,
  steps: StepRange | undefined,
): WriteReport {
  const { kinds } = reader;
  const total = analysis.total();
  const parts = [...analysis.runs.map(({ tally }) => tally), analysis.rest];
  const increases = analysis.runs.flatMap((run) => run.increases.listed);
  const buckets = bucketsOf(total.cells);
  const runs = analysis.runs.map((run): RunFigures => runFigures(run, kinds));
  const report: WriteReport = {
    ...figuresOf(total, parts, kinds, true),
    increaseCount: runs.reduce((sum, { increaseCount }) => sum + increaseCount, 0),
    file: {
      path,
      lines: reader.lines,
      blankLines: reader.blankLines,
      events: reader.events,
      headers: reader.headers,
      lastLineCut: reader.lastLineCut,
    },
    steps: steps ?? absent("all steps"),
    buckets,
    topBuckets: {
      commit: topBuckets(buckets, "commit", TOP_BUCKETS),
      stage: topBuckets(buckets, "stage", TOP_BUCKETS),
      promote: topBuckets(buckets, "promote", TOP_BUCKETS),
      merge: topBuckets(buckets, "merge", TOP_BUCKETS),
    },
    runs,
    omittedRuns: analysis.restRuns.size,
    layouts: reader.layouts,
    unplacedLines: [...reader.unplaced.listed].sort((one, other) => one.line - other.line),
    unplacedCount: reader.unplaced.count,
    header:
      reader.trust === undefined ? absent("the log has no header") : { misread: reader.trust.misread() },
    increases: increases.sort((one, other) => one.line - other.line),
    precedingKinds: precedingKinds(analysis, kinds),
    windowRows: analysis.runs.reduce((sum, { increases: { windowRows } }) => sum + windowRows, 0),
    warnings: [],
  };
  report.warnings = warningsOf(report, analysis, total.cells.omitted);
  return report;
}

function runFigures(run: RunTally, kinds: readonly Kind[]): RunFigures {
  const { tally } = run;
  const figures = figuresOf(tally, [tally], kinds, run.index < MOST_CORRELATED);
  const none = absent("no event is within these steps");
  return {
    run: run.index + 1,
    began: run.began,
    firstLine: run.firstLine,
    lastLine: run.lastLine,
    eventsInFile: run.eventsInFile,
    ...figures,
    increaseCount: run.increases.count,
    firstStep: tally.events === 0 ? none : tally.firstStep,
    lastStep: tally.events === 0 ? none : Math.max(tally.lastStep, tally.firstStep),
    memSizeMax: figures.memSize.max,
    memSizeLast: figures.memSize.last,
    lastIncrease: run.lastIncrease ?? absent("mem_size never grows"),
    lastStepInFile: run.lastStep,
    shadowSizeLast: tally.shadowSize.rows === 0 ? absent("no row has a shadow_size") : tally.shadowSize.last,
  };
}

function precedingKinds(analysis: WriteLogAnalysis, kinds: readonly Kind[]): PrecedingKind[] {
  const base = analysis.rowsInRuns(kinds);
  const all = base.reduce((sum, rows) => sum + rows, 0);
  const totals = { withBefore: 0, windowRows: 0 };
  const sums = kinds.map(() => ({ brought: 0, justBefore: 0, inWindow: 0 }));
  for (const { increases } of analysis.runs) {
    totals.withBefore += increases.withBefore;
    totals.windowRows += increases.windowRows;
    sums.forEach((sum, id) => {
      sum.brought += increases.bringing[id] ?? 0;
      sum.justBefore += increases.justBefore[id] ?? 0;
      sum.inWindow += increases.inWindow[id] ?? 0;
    });
  }
  if (totals.windowRows === 0) return [];
  return kinds
    .map(({ action, reason }, id) => {
      const { brought, justBefore, inWindow } = sums[id] as (typeof sums)[number];
      return {
        action,
        reason,
        brought,
        justBeforeShare: justBefore / totals.withBefore,
        windowShare: inWindow / totals.windowRows,
        baseShare: (base[id] ?? 0) / all,
      };
    })
    .filter(({ brought, windowShare, baseShare }) => brought > 0 || windowShare > 0 || baseShare > 0)
    .sort((one, other) => other.brought - one.brought || other.windowShare - one.windowShare);
}

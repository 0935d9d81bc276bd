import { counted, fixed } from "../../base/format.js";
import type { RunTally } from "../analysis/run-tally.js";
import type { Summary, SummaryColumn, SummaryIncrease } from "./read.js";

/** A run is taken for the run of the summary if it agrees in this share of the steps. */
const SAME_RUN = 0.99;
const MOST_LISTED = 1000;

export interface RunAgreement {
  run: number;
  /** Steps of the summary that are within the run. */
  compared: number;
  agreeing: number;
  /** Of the compared steps. */
  largestDifference: number;
  firstDifference:
    { step: number; summaryLine: number; summary: number; logLine: number; log: number } | undefined;
}

export interface SummaryReport {
  path: string;
  rows: number;
  firstStep: number;
  lastStep: number;
  memSizeAtSteps: { step: number; memSize: number }[];
  memSizeMax: number;
  increases: SummaryIncrease[];
  means: Record<string, number>;
  last: Record<string, number>;
  columns: Record<string, SummaryColumn>;
  runs: RunAgreement[];
  /** The run that the summary describes, as far as `mem_size` tells. */
  bestRun: number | undefined;
  contradictions: string[];
  unplacedCount: number;
  unplacedLines: Summary["unplaced"]["listed"];
}

export function joinSummary(summary: Summary, runs: readonly RunTally[]): SummaryReport {
  const { series, columns, increases } = summary;
  const agreements = runs.filter(({ curve }) => curve.omitted === 0).map((run) => agreement(summary, run));
  const best = agreements.reduce<RunAgreement | undefined>(
    (found, one) => (one.compared > 0 && (found === undefined || better(one, found)) ? one : found),
    undefined,
  );
  return {
    path: summary.path,
    rows: summary.rows,
    firstStep: summary.firstStep,
    lastStep: summary.lastStep,
    memSizeAtSteps: chosenSteps(summary.lastStep).flatMap((step) => {
      const memSize = sizeAt(series, step);
      return memSize === undefined ? [] : { step, memSize };
    }),
    memSizeMax: series.sizes.reduce((max, size) => Math.max(max, size), 0),
    increases: increases.slice(0, MOST_LISTED),
    means: Object.fromEntries(Object.entries(columns).map(([name, { mean }]) => [name, mean])),
    last: Object.fromEntries(Object.entries(columns).map(([name, { last }]) => [name, last])),
    columns,
    runs: agreements,
    bestRun: best?.run,
    contradictions: contradictions(summary, runs, best),
    unplacedCount: summary.unplaced.count,
    unplacedLines: summary.unplaced.listed,
  };
}

/** 1 and 5 times each power of ten from 100 on, and the last step. */
function chosenSteps(last: number): number[] {
  const steps: number[] = [];
  for (let power = 100; power <= last; power *= 10) steps.push(power, 5 * power);
  return [...new Set([...steps.filter((step) => step < last), last])];
}

function sizeAt({ steps, sizes }: Summary["series"], step: number): number | undefined {
  const place = steps.lastIndexOf(step);
  return place === -1 ? undefined : sizes[place];
}

/** The number of steps counts, not the share: a short run may agree in all its steps by chance. */
function better(one: RunAgreement, other: RunAgreement): boolean {
  return one.agreeing > other.agreeing;
}

function agreement({ series }: Summary, { curve, index, lastStep }: RunTally): RunAgreement {
  const { steps, sizes, lines } = series;
  const result: RunAgreement = {
    run: index + 1,
    compared: 0,
    agreeing: 0,
    largestDifference: 0,
    firstDifference: undefined,
  };
  const first = curve.steps[0] ?? Number.POSITIVE_INFINITY;
  steps.forEach((step, row) => {
    // The log does not say what the memory held before the first row of the run or after its last row.
    if (step < first || step > lastStep) return;
    const place = curve.at(step);
    const log = curve.sizes[place] as number;
    const size = sizes[row] as number;
    result.compared += 1;
    const difference = Math.abs(size - log);
    result.largestDifference = Math.max(result.largestDifference, difference);
    if (difference === 0) result.agreeing += 1;
    else
      result.firstDifference ??= {
        step,
        summaryLine: lines[row] as number,
        summary: size,
        logLine: curve.lines[place] as number,
        log,
      };
  });
  return result;
}

function contradictions(
  summary: Summary,
  runs: readonly RunTally[],
  best: RunAgreement | undefined,
): string[] {
  const found: string[] = [];
  const [unplaced] = summary.unplaced.listed;
  if (unplaced !== undefined)
    found.push(
      `The summary has ${counted(summary.unplaced.count, "line")} that could not be read with its header; the first is line ${fixed(unplaced.line, 0)}: ${unplaced.why}.`,
    );
  const max = summary.series.sizes.reduce((most, size) => Math.max(most, size), 0);
  for (const { index, tally, firstLine, lastLine } of runs)
    if (tally.events > 0 && tally.memSize.max > max)
      found.push(
        `mem_size reaches ${fixed(tally.memSize.max, 0)} in line ${fixed(tally.memSize.maxLine, 0)} of the log (run ${index + 1}, lines ${fixed(firstLine, 0)} to ${fixed(lastLine, 0)}) and never more than ${fixed(max, 0)} in the summary: the summary describes another run.`,
      );
  if (best === undefined) {
    found.push("No run of the log has a step of the summary: the two files are of different runs.");
    return found;
  }
  const share = best.agreeing / best.compared;
  const { firstDifference: first } = best;
  if (first !== undefined)
    found.push(
      `${share >= SAME_RUN ? `Run ${best.run} fits the summary best, but the two` : `No run fits the summary. Run ${best.run} is the nearest; the two`} differ in mem_size at ${fixed(best.compared - best.agreeing, 0)} of ${fixed(best.compared, 0)} steps, first at step ${fixed(first.step, 0)}: ${fixed(first.summary, 0)} in line ${fixed(first.summaryLine, 0)} of the summary, ${fixed(first.log, 0)} in line ${fixed(first.logLine, 0)} of the log.`,
    );
  const run = runs.find(({ index }) => index + 1 === best.run);
  if (run !== undefined) found.push(...increaseContradictions(summary, run));
  return found;
}

function increaseContradictions({ increases, lastStep }: Summary, run: RunTally): string[] {
  const found: string[] = [];
  const steps = (list: readonly { step: number }[]): string =>
    list
      .slice(0, 5)
      .map(({ step }) => fixed(step, 0))
      .join(", ") + (list.length > 5 ? ", …" : "");
  const logged = growthOf(run);
  if (logged.length !== increases.length)
    found.push(
      `The summary has ${counted(increases.length, "increase")} of mem_size (steps ${steps(increases)}), run ${run.index + 1} of the log ${fixed(logged.length, 0)} (steps ${steps(logged)}).`,
    );
  else if (increases.some(({ step }, at) => step !== logged[at]?.step))
    found.push(
      `mem_size grows at steps ${steps(increases)} in the summary and at ${steps(logged)} in run ${run.index + 1} of the log${shiftNote(increases, logged)}.`,
    );
  const last = run.lastStep;
  if (last > lastStep)
    found.push(
      `Run ${run.index + 1} of the log goes on to step ${fixed(last, 0)}, the summary ends at ${fixed(lastStep, 0)}.`,
    );
  return found;
}

/** Steps at which the memory of a run grows, within the whole run. */
function growthOf({ curve: { steps, sizes } }: RunTally): { step: number }[] {
  return steps.flatMap((step, at) => ((sizes[at] as number) > (sizes[at - 1] ?? 0) ? { step } : []));
}

/** If the difference is the same everywhere, the two files count steps differently; it is not another run. */
function shiftNote(one: readonly { step: number }[], other: readonly { step: number }[]): string {
  const shifts = new Set(one.map(({ step }, at) => step - (other[at]?.step ?? Number.NaN)));
  const [shift] = shifts;
  if (shifts.size !== 1 || shift === undefined || Number.isNaN(shift)) return "";
  const later = shift > 0 ? "later" : "earlier";
  return `: always ${fixed(Math.abs(shift), 0)} ${Math.abs(shift) === 1 ? "step" : "steps"} ${later}, so the two count steps differently`;
}

/**
 * bytesper for programs. Importing this module loads nothing of what measures: experiment files import it inside the
 * measured processes. Whatever measures is loaded by the first call that needs it.
 *
 * Bytes are plain numbers of bytes, times are milliseconds, and names end in their unit. Nothing is printed, no exit
 * code is set and no signal is caught. What a user can cause is rejected with a {@link BytesperError}, whose message is
 * one sentence and whose `code` names the cause.
 *
 * @packageDocumentation
 */
import type { Result } from "./record/schema.js";
import type { ExperimentSource } from "./runner/grid-request.js";
import type { MeasureOptions } from "./runner/measure-subject.js";
import type { Grid, GridOptions, ProfileOptions } from "./runner/run-grid.js";

export type { Answer, AnswerRow, AnswerTables, AnswerWords } from "./experiment/answer.js";
export type { ErrorCode } from "./base/errors.js";
export { BytesperError } from "./base/errors.js";
export type {
  Caps,
  Estimate,
  EstimateContext,
  Experiment,
  Factors,
  FollowUp,
  Level,
  Program,
  ProgramAnswer,
  ProgramContext,
  ProgramReading,
  ProgramSeries,
  Subject,
  SubjectContext,
} from "./experiment/define.js";
export { defineExperiment } from "./experiment/define.js";
export type { FigureSpec } from "./experiment/figure-spec.js";
export type { Result } from "./record/schema.js";
export type { Figure } from "./report/figure/figure.js";
export { GridError } from "./runner/grid-error.js";
export type { ExperimentSource } from "./runner/grid-request.js";
export type { MeasureOptions } from "./runner/measure-subject.js";
export type { Message } from "./runner/message.js";
export type { Grid, GridOptions, ProfileOptions } from "./runner/run-grid.js";

/**
 * Measures the bytes per instance of one subject, in fresh processes.
 *
 * @param subject path or file URL of a module that exports `create(index)`; with `#name` at its end, the class or
 *   function that it exports under that name. Paths are relative to the working directory. The class itself cannot be
 *   given, because a fresh process has to import it.
 * @returns the document that `bytesper measure --json` prints. `fit.totalPerUnitBytes` is what one instance costs
 *   the process, with its interval and its `parts`; `fit.perUnitBytes` is its heap and external memory, and
 *   `fit.nativePerUnitBytes` its memory of malloc; `fit` is `{ absent: reason }` where no line could be fitted.
 * @throws BytesperError `BAD_SUBJECT`, `SUBJECT_THREW`, `SUBJECT_TIMEOUT` or `BAD_CONVERSATIONS` for what was given,
 *   `USAGE` for an option, `INSTRUMENT_OFF` or `NO_ADDON` where nothing can be measured, `CELL_FAILED` where the
 *   measured process died, `INTERRUPTED` after `options.signal`.
 * @example
 * const { fit } = await measure(new URL("./session.mjs#Session", import.meta.url));
 */
export async function measure(subject: string | URL, options: MeasureOptions = {}): Promise<Result> {
  const { measureSubject } = await import("./runner/measure-subject.js");
  return measureSubject(subject, options);
}

/**
 * Runs a grid, as `bytesper run` does: every cell in a process of its own, every cell kept in a journal.
 *
 * @param experiments one or several, each as the path or file URL of an experiment file or as the experiment itself.
 *   In an experiment that is given itself, paths are relative to the working directory and the subject is named by
 *   its path. `bytesper resume` can continue a run only if all its experiments were given as files.
 * @returns the results and where they were written. A cell that ran out of memory under its cap is a row of its
 *   result; a cell that failed is in `missing` of its result, which then is not `complete`.
 * @throws BytesperError before the first cell: `BAD_EXPERIMENT`, `BAD_SUBJECT`, `BAD_CONVERSATIONS`, `USAGE`,
 *   `NO_ENFORCEMENT`, `NO_DEVICE`, `INSTRUMENT_OFF`, `NO_ADDON`.
 * @throws GridError afterwards, with the results that are there: `INTERRUPTED` after `options.signal`, `NO_SPACE` or
 *   `WRITE_FAILED` where files could not be written, and the code of its first failure (such as `CELL_FAILED` or
 *   `SUBJECT_THREW`) where an experiment has no result.
 */
export async function runGrid(
  experiments: ExperimentSource | readonly ExperimentSource[],
  options: GridOptions = {},
): Promise<Grid> {
  const { runFiles } = await import("./runner/run-grid.js");
  return runFiles(experiments, options);
}

/**
 * Runs experiments that ship with bytesper, as `bytesper profile` does; all of them unless `options.experiments` names
 * some. Returns and throws what {@link runGrid} does, and `UNKNOWN_EXPERIMENT` for a name that does not ship.
 */
export async function profile(options: ProfileOptions = {}): Promise<Grid> {
  const { runShipped } = await import("./runner/run-grid.js");
  return runShipped(options);
}

/**
 * Checks the text of a `result.json`. It is asynchronous because what checks is loaded by the first call;
 * `bytesper/result` has the same function without a promise.
 *
 * @param file what the text is called in the sentence of an error
 * @throws BytesperError `BAD_RESULT`, with the first place that does not fit.
 */
export async function parseResult(text: string, file = "the text"): Promise<Result> {
  const { parseResult: parse } = await import("./record/schema.js");
  return parse(text, file);
}

import { resolve } from "node:path";
import type { Experiment } from "../experiment/define.js";
import type { Result } from "../record/schema.js";
import { GRID_DEFAULTS, QUICK_OUT } from "./defaults.js";
import type { RunRequest } from "./engine/request.js";
import type { RunEvents, RunOutcome } from "./engine/run.js";
import { runGrid as runCells } from "./engine/run.js";
import { GridError } from "./grid-error.js";
import type { ExperimentSource, FileGridOptions, ShippedGridOptions } from "./grid-request.js";
import { fileRequest, isFile, placeOf, shippedRequest } from "./grid-request.js";
import type { Message } from "./message.js";
import { progressMessage } from "./message.js";

/** What a program says about the run itself. */
export interface RunControl {
  /** Folder of the results; "results" by default, and "results-quick" for a quick profile. */
  out?: string;
  /** Ends the run: the promise is then rejected with the code `INTERRUPTED`, and finished cells are kept. */
  signal?: AbortSignal;
  /** Told how far the run is, and its notices. Nothing is printed. */
  onMessage?: (message: Message) => void;
}

/** Settings of `runGrid`. Each one that is absent has the value that the command line gives it. */
export interface GridOptions extends FileGridOptions, RunControl {}

/** Settings of `profile`. Each one that is absent has the value that the command line gives it. */
export interface ProfileOptions extends ShippedGridOptions, RunControl {}

/** A grid that was run, and where it was written. */
export interface Grid {
  /** One result for each experiment; cells that failed are listed in its `missing`. */
  results: Result[];
  /** Absolute path of the folder of the results; each result is in `<out>/<experiment>/result.json`. */
  out: string;
  /** Absolute path of the journal with every cell; absent if it could not be written. */
  journal?: string;
}

export interface NewRunOptions {
  out: string;
  signal: AbortSignal;
  events: RunEvents;
  /** Experiments that no file holds, by the file that the request names for them. */
  given?: ReadonlyMap<string, Experiment>;
}

/** Starts a new run, for the command line and for programs. `resume` continues one that exists. */
export function newRun(request: RunRequest, options: NewRunOptions): Promise<RunOutcome> {
  return runCells({
    request,
    ...options,
    command: "run",
    retry: [],
    stopAtSubjectError: request.experiments.every(({ shipped }) => shipped),
  });
}

/** Runs the grids of files, or of experiments that the program holds. */
export async function runFiles(
  experiments: ExperimentSource | readonly ExperimentSource[],
  options: GridOptions = {},
): Promise<Grid> {
  const sources = isList(experiments) ? experiments : [experiments];
  const given = new Map(
    sources.flatMap((source) => (isFile(source) ? [] : [[placeOf(source), source] as const])),
  );
  return runQuietly(fileRequest(sources, options), options, given);
}

/** Runs shipped experiments. */
export async function runShipped(options: ProfileOptions = {}): Promise<Grid> {
  const { quick = false, out = quick ? QUICK_OUT : GRID_DEFAULTS.out } = options;
  return runQuietly(shippedRequest(options), { ...options, out });
}

function isList(
  experiments: ExperimentSource | readonly ExperimentSource[],
): experiments is readonly ExperimentSource[] {
  return Array.isArray(experiments);
}

async function runQuietly(
  request: RunRequest,
  { out = GRID_DEFAULTS.out, signal = new AbortController().signal, onMessage }: RunControl,
  given: ReadonlyMap<string, Experiment> = new Map(),
): Promise<Grid> {
  const grid: Grid = { results: [], out: resolve(out) };
  const events: RunEvents = {
    started: (journal) => {
      grid.journal = resolve(journal);
    },
    progress: (finished, total, label, left) => onMessage?.(progressMessage(finished, total, label, left)),
    notice: (text) => onMessage?.({ text }),
    finished: ({ experiment }, folder) => {
      if (folder !== undefined) onMessage?.({ text: `${experiment} is written to ${folder}` });
    },
  };
  const outcome = await newRun(request, { out: grid.out, signal, events, given });
  grid.results = outcome.results;
  const { writeError, interrupted, failure } = outcome;
  const error = writeError ?? (interrupted ? undefined : failure);
  if (error !== undefined) throw new GridError(error.code, error.message, grid, { cause: error });
  if (interrupted) {
    throw new GridError(
      "INTERRUPTED",
      `Interrupted; every finished cell is in ${grid.journal ?? "no journal"}. Go on with: bytesper resume ${grid.out}`,
      grid,
    );
  }
  return grid;
}

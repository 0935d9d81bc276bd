import { absent } from "../probe/reading.js";
import type { Result } from "../report/schema.js";
import type { Collected, ProgramTrial } from "./collected.js";
import type { ExperimentRecord } from "./experiment-record.js";
import { fitProcesses } from "./fit.js";

/** What bytes per unit are read from, the best that every cell has first. */
const SOURCES = ["mainPssBytes", "pssBytes", "peakBytes"] as const;

/**
 * Bytes per unit of a command: the line over the populations of its cells, trial by trial. Cells that ran out of
 * memory are bounds and have no part in it.
 */
export function commandFit(experiment: ExperimentRecord, { programs }: Collected): Result["fit"] {
  const { population } = experiment;
  if (population === undefined)
    return absent("no factor says how many units a cell has (population), so there is nothing to divide by");
  const answered = programs.filter(({ data }) => data.outcome === "ok");
  const others = new Set(
    answered.map(({ factors }) =>
      JSON.stringify(Object.entries(factors).filter(([name]) => name !== population)),
    ),
  );
  if (others.size > 1) return absent("the grid has several factors; each row has readings of its own");
  const source = SOURCES.find((name) => answered.every((trial) => numberOf(trial, name) !== undefined));
  if (source === undefined || answered.length === 0) return absent("no cell has a reading of its memory");
  const trials = new Map<number, { x: number; y: number }[]>();
  for (const trial of answered) {
    const x = Number(trial.factors[population]);
    const y = numberOf(trial, source);
    if (y !== undefined) trials.set(trial.trial, [...(trials.get(trial.trial) ?? []), { x, y }]);
  }
  const fit = fitProcesses([...trials.values()], 0);
  if (fit === undefined) return absent("a line needs two populations of different size that fitted");
  return {
    ...fit,
    source,
    nativePerUnitBytes: absent("a command is read from outside"),
    externalPerUnitBytes: absent("a command is read from outside"),
  };
}

function numberOf({ data, end }: ProgramTrial, name: (typeof SOURCES)[number]): number | undefined {
  if (name === "peakBytes")
    return typeof end.memory.peakBytes === "number" ? end.memory.peakBytes : undefined;
  const value = data.readings[name];
  return typeof value === "number" ? value : undefined;
}

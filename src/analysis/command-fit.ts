import { ownValue } from "../base/own-value.js";
import type { Factors } from "../experiment/define.js";
import { absent } from "../system/probe/reading.js";
import type { Result, ResultLine } from "../record/schema.js";
import type { Point } from "../base/stats/theil-sen.js";
import type { Collected, ProgramTrial } from "./collected.js";
import type { ExperimentRecord } from "../record/experiment-record.js";
import type { Fit } from "./fit.js";
import { fitProcesses } from "./fit.js";

/** Readings that bytes per unit can come from, best first. The first one that every cell has is taken. */
const SOURCES = ["mainPssBytes", "pssBytes", "peakBytes"] as const;

/**
 * Bytes per unit of a command: a line over the populations of its cells, one for each trial. Cells that ran
 * out of memory are left out, because they give only a bound.
 */
export function commandFit(experiment: ExperimentRecord, { programs }: Collected): Result["fit"] {
  const { population } = experiment;
  if (population === undefined)
    return absent("no factor says how many units a cell has (population), so there is nothing to divide by");
  const answered = programs.filter(({ data }) => data.outcome === "ok");
  if (combinations(answered, population).length > 1)
    return absent("the grid has several factors; each combination of the others has lines of its own");
  const source = SOURCES.find((name) => answered.every((trial) => numberOf(trial, name) !== undefined));
  if (source === undefined || answered.length === 0) return absent("no cell has a reading of its memory");
  const fit = lineOf(answered, population, source);
  if (fit === undefined)
    return absent(
      "a line needs two populations of different size that fitted, and numbers that can be added",
    );
  return {
    ...fit,
    source,
    nativePerUnitBytes: absent("a command is read from outside"),
    externalPerUnitBytes: absent("a command is read from outside"),
  };
}

/**
 * The same line for every reading in bytes that all cells of a combination of the other factors have.
 * Readings taken from outside the process come first.
 */
export function commandLines({ population }: ExperimentRecord, { programs }: Collected): ResultLine[] {
  if (population === undefined) return [];
  const answered = programs.filter(({ data }) => data.outcome === "ok");
  return combinations(answered, population).flatMap(({ others, trials }) => {
    const printed = trials.flatMap(({ data }) => Object.keys(data.readings));
    const names = new Set([...SOURCES, ...printed.filter((name) => name.endsWith("Bytes"))]);
    return [...names].flatMap((reading): ResultLine[] => {
      if (!trials.every((trial) => numberOf(trial, reading) !== undefined)) return [];
      const line = lineOf(trials, population, reading);
      return line === undefined ? [] : [{ others, reading, ...line }];
    });
  });
}

/** Groups the trials by the levels of all factors except the population. */
function combinations(
  trials: readonly ProgramTrial[],
  population: string,
): { others: Factors; trials: ProgramTrial[] }[] {
  const groups = new Map<string, { others: Factors; trials: ProgramTrial[] }>();
  for (const trial of trials) {
    const others = Object.fromEntries(Object.entries(trial.factors).filter(([name]) => name !== population));
    const key = JSON.stringify(others);
    const group = groups.get(key) ?? { others, trials: [] };
    group.trials.push(trial);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Fits one line for each repetition, through the cells that have the reading. */
function lineOf(trials: readonly ProgramTrial[], population: string, reading: string): Fit | undefined {
  const points = new Map<number, Point[]>();
  for (const trial of trials) {
    const x = Number(ownValue(trial.factors, population));
    const y = numberOf(trial, reading);
    if (y === undefined) continue;
    const own = points.get(trial.trial) ?? [];
    own.push({ x, y });
    points.set(trial.trial, own);
  }
  return fitProcesses([...points.values()], 0);
}

function numberOf({ data, end }: ProgramTrial, name: string): number | undefined {
  if (name === "peakBytes")
    return typeof end.memory.peakBytes === "number" ? end.memory.peakBytes : undefined;
  const value = ownValue(data.readings, name);
  return typeof value === "number" ? value : undefined;
}

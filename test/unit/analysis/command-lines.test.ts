import { expect, test } from "vitest";
import type { Collected, ProgramTrial } from "../../../src/analysis/collected.js";
import { commandFit, commandLines } from "../../../src/analysis/command-fit.js";
import type { ExperimentRecord } from "../../../src/record/experiment-record.js";
import type { Factors, ProgramReading } from "../../../src/experiment/define.js";
import type { CellEnd, Outcome } from "../../../src/record/cell-end.js";

const EXPERIMENT: ExperimentRecord = {
  experiment: "chat",
  kind: "command",
  title: "chat",
  unit: "connection",
  population: "connections",
  hasUnits: false,
  ownSlope: false,
  grid: [],
  parts: [],
  estimates: [],
};

function trialOf(
  factors: Factors,
  readings: Record<string, ProgramReading>,
  more: { trial?: number; peakBytes?: number; outcome?: Outcome } = {},
): ProgramTrial {
  const { trial = 0, peakBytes, outcome = "ok" } = more;
  const unknown = { absent: "not followed" };
  const end: CellEnd = {
    outcome,
    records: [],
    durationMs: 1,
    memory: {
      enforcement: "none",
      peakBytes: peakBytes ?? unknown,
      largestProcessPeakBytes: unknown,
      processes: 1,
    },
    evidence: {},
  };
  return { part: undefined, factors, trial, data: { readings, outcome, warnings: [] }, end, beside: false };
}

function collected(...programs: ProgramTrial[]): Collected {
  return { rows: [], nulls: [], growths: [], fits: [], programs, failed: [], runs: [], interrupted: false };
}

/** 1000 bytes and `perConnection` for each. */
function chat(compression: string, perConnection: number, trial = 0): ProgramTrial[] {
  return [10, 20, 40].map((connections) =>
    trialOf(
      { compression, connections },
      { mainPssBytes: 1000 + perConnection * connections, heapBytes: 5 * connections, delivered: 7 },
      { trial, peakBytes: 2000 + 3 * perConnection * connections },
    ),
  );
}

test("each combination of the other factors has a line for each reading in bytes, those from outside first", () => {
  const lines = commandLines(EXPERIMENT, collected(...chat("off", 6), ...chat("on", 250)));
  const slopes = lines.map(({ others, reading, perUnitBytes }) => [
    others.compression,
    reading,
    perUnitBytes.value,
  ]);
  expect(slopes).toEqual([
    ["off", "mainPssBytes", 6],
    ["off", "peakBytes", 18],
    ["off", "heapBytes", 5],
    ["on", "mainPssBytes", 250],
    ["on", "peakBytes", 750],
    ["on", "heapBytes", 5],
  ]);
  expect(lines[0]).toMatchObject({
    others: { compression: "off" },
    fixedBytes: { value: 1000, low: 1000, high: 1000 },
    shape: "linear",
    processes: 1,
    points: 3,
  });
});

test("with several factors there is no one fit", () => {
  const fit = commandFit(EXPERIMENT, collected(...chat("off", 6), ...chat("on", 250)));
  expect(fit).toEqual({
    absent: "the grid has several factors; each combination of the others has lines of its own",
  });
});

test("a line is the median over the repetitions, its interval their range", () => {
  const trials = [...chat("on", 250, 0), ...chat("on", 256, 1), ...chat("on", 253, 2)];
  const [line] = commandLines(EXPERIMENT, collected(...trials));
  expect(line).toMatchObject({ perUnitBytes: { value: 253, low: 250, high: 256 }, processes: 3, points: 9 });
});

test("a reading that one cell of a combination lacks has no line there, and has one elsewhere", () => {
  const [first, ...rest] = chat("off", 6);
  const lacking = trialOf(first?.factors ?? {}, { mainPssBytes: 1060 }, { peakBytes: 2180 });
  const lines = commandLines(EXPERIMENT, collected(lacking, ...rest, ...chat("on", 250)));
  expect(lines.map(({ others, reading }) => `${String(others.compression)} ${reading}`)).toEqual([
    "off mainPssBytes",
    "off peakBytes",
    "on mainPssBytes",
    "on peakBytes",
    "on heapBytes",
  ]);
});

test("a cell that ran out of memory is on no line", () => {
  const over = trialOf({ compression: "off", connections: 80 }, {}, { outcome: "oom-cap" });
  const [line] = commandLines(EXPERIMENT, collected(...chat("off", 6), over));
  expect(line).toMatchObject({ perUnitBytes: { value: 6 }, points: 3 });
});

test("there is no line through one level, and none without a population", () => {
  expect(commandLines(EXPERIMENT, collected(...chat("off", 6).slice(0, 1)))).toEqual([]);
  const without = { ...EXPERIMENT };
  delete without.population;
  expect(commandLines(without, collected(...chat("off", 6)))).toEqual([]);
});

test("with the population alone, the fit is the line of the best reading that every cell has", () => {
  const trials = chat("off", 6).map(({ factors, data, end }) =>
    trialOf({ connections: factors.connections as number }, data.readings, {
      peakBytes: end.memory.peakBytes as number,
    }),
  );
  expect(commandFit(EXPERIMENT, collected(...trials))).toMatchObject({
    source: "mainPssBytes",
    perUnitBytes: { value: 6 },
  });
  expect(commandLines(EXPERIMENT, collected(...trials))[0]).toMatchObject({
    others: {},
    reading: "mainPssBytes",
  });
});

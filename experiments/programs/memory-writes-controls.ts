import type { ProgramAnswer, ProgramContext } from "bytesper";
import type { Setting } from "./memory-writes-compare.js";
import { compared } from "./memory-writes-compare.js";
import { FULL, QUICK } from "./memory-writes-plan.js";
import { meanOf, seedsOf, spread } from "./memory-writes-run.js";

/** Neither clusters nor a shared direction. */
const ALL_DIRECTIONS = { clusters: 0, shared: 0 };

/** Settings for which the explanation predicts another size. They could refute it. */
const CONTROLS: ReadonlyMap<string, Setting & { long?: boolean }> = new Map([
  ["as in the sweep", {}],
  ["three times as long", { long: true }],
  ["nearest alone (k = 1)", { memory: { mergeNeighbours: 1 } }],
  ["128 dimensions", { memory: { dimension: 128 } }],
  ["shared 0.5", { stream: { shared: 0.5 } }],
  ["shared 0", { stream: { shared: 0 } }],
  ["shared 0, 96 clusters", { stream: { shared: 0, clusters: 96 } }],
  ["all directions, 64 dimensions", { stream: ALL_DIRECTIONS }],
  ["all directions, 16 dimensions", { memory: { dimension: 16 }, stream: ALL_DIRECTIONS }],
  ["all directions, 128 dimensions", { memory: { dimension: 128 }, stream: ALL_DIRECTIONS }],
]);

/** The levels of the factor `stream`. */
export const STREAMS: readonly string[] = [...CONTROLS.keys()];

/** If a prediction is wrong by a larger factor, the explanation is incomplete. */
const WITHIN_FACTOR = 2;

/** One stream at the low threshold, and the size that random directions predict. */
export function run({ factors, seed, quick }: ProgramContext): ProgramAnswer {
  const name = String(factors.stream);
  const control = CONTROLS.get(name);
  if (control === undefined) throw new Error(`there is no stream "${name}"; there are ${STREAMS.join(", ")}`);
  const plan = quick ? QUICK : FULL;
  const steps = control.long === true ? plan.longSteps : plan.steps;
  const { runs, predicted } = compared(control, steps, seedsOf(seed, plan.streamSeeds));
  const sizes = runs.map(({ memory }) => memory.size);
  const ratio = meanOf(predicted) / meanOf(sizes);
  const off = ratio > WITHIN_FACTOR || ratio < 1 / WITHIN_FACTOR;
  const message = `Random directions predict ${meanOf(predicted).toFixed(1)} items and ${meanOf(sizes).toFixed(1)} were measured: the explanation lacks something there.`;
  return {
    readings: {
      ...spread("memSize", sizes),
      ...spread("predicted", predicted),
      predictedOverMeasured: ratio,
      lastGrowth: meanOf(runs.map(({ lastGrowth }) => lastGrowth)),
    },
    warnings: off ? [{ name: "prediction-off", message }] : [],
  };
}

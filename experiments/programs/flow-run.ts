import type { ProgramAnswer, ProgramContext } from "bytesper";
import { MemoryPool, OutOfDeviceMemory } from "bytesper/device";
import type { FlowFieldOptions, FlowStep } from "../subjects/flow-field.js";
import { FlowField } from "../subjects/flow-field.js";

/** Layers, and states that are kept of a flow: of all steps through them at full speed. */
export const DEPTH = 64;
export const HISTORY = 64;

/** Steps whose numbers go into the journal with one write. */
const STREAMED = 16;

/** A step with what the pool held at its end and how long it took. */
export interface MeasuredStep extends FlowStep {
  allocatedBytes: number;
  reservedBytes: number;
  ms: number;
}

export interface FlowRun {
  /** Flows before the first step; 0 where not even they fitted. */
  startedFlows: number;
  steps: MeasuredStep[];
  /** High-water marks of the pool. */
  peakAllocatedBytes: number;
  peakReservedBytes: number;
  /** The refused request, where memory ran out. */
  failure?: OutOfDeviceMemory;
}

export type FlowRunOptions = Omit<FlowFieldOptions, "pool" | "depth" | "history"> & {
  capBytes: number;
  steps: number;
  depth?: number;
  /** Looks at the field at its start and after each step. */
  look?: (field: FlowField, pool: MemoryPool) => void;
};

/** Runs a field in a pool of its own for so many steps, or until memory runs out. */
export async function runFlows(
  { device, emit }: Pick<ProgramContext, "device" | "emit">,
  { capBytes, steps: count, look, depth = DEPTH, ...options }: FlowRunOptions,
): Promise<FlowRun> {
  const pool = new MemoryPool({ device, capBytes });
  const steps: MeasuredStep[] = [];
  let streamed = 0;
  const stream = (): void => {
    if (streamed < steps.length) emit({ steps: steps.slice(streamed) });
    streamed = steps.length;
  };
  let failure: OutOfDeviceMemory | undefined;
  let startedFlows = 0;
  try {
    // Frameworks keep what they took; only a cleanup gives it back.
    await pool.setReleaseThreshold(Number.POSITIVE_INFINITY);
    const field = await FlowField.create({ ...options, pool, depth, history: HISTORY });
    startedFlows = field.active;
    look?.(field, pool);
    while (steps.length < count) {
      const started = performance.now();
      const step = await field.advance();
      const ms = performance.now() - started;
      const { usedBytes, reservedBytes } = pool.stats();
      steps.push({ ...step, allocatedBytes: usedBytes, reservedBytes, ms });
      look?.(field, pool);
      if (steps.length - streamed === STREAMED) stream();
    }
  } catch (error) {
    if (!(error instanceof OutOfDeviceMemory)) throw error;
    failure = error;
  }
  stream();
  const { usedHighWaterBytes, reservedHighWaterBytes } = pool.stats();
  await pool.close();
  return {
    startedFlows,
    steps,
    peakAllocatedBytes: usedHighWaterBytes,
    peakReservedBytes: reservedHighWaterBytes,
    ...(failure === undefined ? {} : { failure }),
  };
}

type ProgramSeries = NonNullable<ProgramAnswer["series"]>[number];

/** Most points of a series in a result. */
const POINTS = 200;

/** The course of a run for figures. */
export function seriesOf(steps: readonly MeasuredStep[]): ProgramSeries[] {
  const every = Math.max(1, Math.ceil(steps.length / POINTS));
  const shown = steps.filter((_, index) => index % every === 0);
  const series = (reading: string, value: (step: MeasuredStep) => number): ProgramSeries => ({
    reading,
    over: "step",
    points: shown.map((step): [number, number] => [step.step, value(step)]),
  });
  return [
    series("activeFlows", ({ active }) => active),
    series("allocatedBytes", ({ allocatedBytes }) => allocatedBytes),
    series("reservedBytes", ({ reservedBytes }) => reservedBytes),
    series("stepMs", ({ ms }) => ms),
  ];
}

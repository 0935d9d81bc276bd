import type { ProgramAnswer, ProgramContext } from "bytesper";
import { MemoryPool, OutOfDeviceMemory } from "bytesper/device";
import type { FlowFieldOptions, FlowStep } from "../subjects/flow-field.js";
import { FlowField } from "../subjects/flow-field.js";

/** Number of layers, and number of states kept of each flow. At full speed, a flow needs 64 steps for all layers. */
export const DEPTH = 64;
export const HISTORY = 64;

/** The numbers of this many steps are written to the journal together. */
const STREAMED = 16;

/** A step with the pool's bytes at its end and its duration. */
export interface MeasuredStep extends FlowStep {
  allocatedBytes: number;
  reservedBytes: number;
  ms: number;
}

export interface FlowRun {
  /** Flows before the first step; 0 if they did not fit. */
  startedFlows: number;
  steps: MeasuredStep[];
  peakAllocatedBytes: number;
  peakReservedBytes: number;
  /** The refused request, if memory ran out. */
  failure?: OutOfDeviceMemory;
}

export type FlowRunOptions = Omit<FlowFieldOptions, "pool" | "depth" | "history"> & {
  capBytes: number;
  steps: number;
  depth?: number;
  /** Called with the field at its start and after each step. */
  look?: (field: FlowField, pool: MemoryPool) => void;
};

/** Runs a field in its own pool for `steps` steps, or until memory runs out. */
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
    // As in frameworks, memory stays reserved until a cleanup releases it.
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

const POINTS = 200;

/** The series of a run, for figures. */
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

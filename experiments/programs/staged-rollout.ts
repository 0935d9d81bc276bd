import type { ProgramAnswer, ProgramContext, ProgramReading } from "bytesper";
import { median, sum } from "bytesper/stats";
import { flowBytes } from "../subjects/flow-field-block.js";
import type { FlowRun } from "./flow-run.js";
import { HISTORY, runFlows, seriesOf } from "./flow-run.js";

/** Steps of a stage: as many as layers; with --quick, fewer. */
const STEPS = 64;
const QUICK_STEPS = 16;

/** Runs one stage of the rollout: the field with the flags of the cell. */
export async function run(context: ProgramContext): Promise<ProgramAnswer> {
  const { factors, seed, quick, deviceCapBytes } = context;
  const count = quick ? QUICK_STEPS : STEPS;
  const done = await runFlows(context, {
    capBytes: deviceCapBytes,
    seed,
    steps: count,
    samples: Number(factors.samples),
    reflection: factors.reflection === true,
    movementSpawning: factors.movementSpawning === true,
    maxSpawnPerStep: Number(factors.maxSpawnPerStep),
    maxActiveFlows: Number(factors.maxActiveFlows),
    cleanupEvery: Number(factors.cleanupEvery),
  });
  const { steps, failure, startedFlows } = done;
  const readings = readingsOf(done, deviceCapBytes);
  const series = seriesOf(steps);
  if (failure === undefined) return { readings, series };
  const flows = steps.at(-1)?.active ?? startedFlows;
  const at =
    flows === 0 ? "before the first step" : `step ${steps.length + 1} of ${count} with ${flows} flows`;
  return { outcome: "oom-device", cause: `${at}: ${clause(failure)}`, readings, series };
}

function readingsOf(
  { startedFlows, steps, failure, peakAllocatedBytes, peakReservedBytes }: FlowRun,
  capBytes: number,
): Record<string, ProgramReading> {
  const active = steps.map((step) => step.active);
  const most = Math.max(startedFlows, ...active);
  const times = steps.map(({ ms }) => ms);
  const unknown = { absent: failure === undefined ? "there was no step" : clause(failure) };
  const whole = failure === undefined && steps.length > 0;
  return {
    peakAllocatedBytes: whole ? peakAllocatedBytes : { above: peakAllocatedBytes, reason: unknown.absent },
    peakReservedBytes: whole ? peakReservedBytes : { above: capBytes, reason: unknown.absent },
    activeFlowsMean: whole ? sum(active) / steps.length : unknown,
    activeFlowsMax: whole ? most : { above: most, reason: unknown.absent },
    stepMs: times.length === 0 ? unknown : median(times),
    longestStepMs: times.length === 0 ? unknown : Math.max(...times),
    spawnedFlows: sum(steps.map(({ spawned }) => spawned)),
    refusedFlows: sum(steps.map(({ refused }) => refused)),
    leftFlows: sum(steps.map(({ left }) => left)),
    finishedFlows: sum(steps.map(({ finished }) => finished)),
    reservedOverFormula: whole ? peakReservedBytes / (most * flowBytes(HISTORY)) : unknown,
  };
}

function clause({ message }: Error): string {
  return message.replace(/\.$/, "");
}

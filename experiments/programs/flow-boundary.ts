import type { ProgramAnswer, ProgramContext } from "bytesper";
import { sum } from "bytesper/stats";
import { X, Y } from "../subjects/flow-field-block.js";
import type { FlowField } from "../subjects/flow-field.js";
import { COLUMNS, HEIGHT, WIDTH } from "../subjects/flow-field-lattice.js";
import { runFlows } from "./flow-run.js";

const STEPS = 64;
const QUICK_STEPS = 16;

/** Flows without spawning, with and without reflection: where they end, and how far outside the lattice they were. */
export async function run(context: ProgramContext): Promise<ProgramAnswer> {
  const { factors, seed, quick, deviceCapBytes } = context;
  let furthest = 0;
  let positions = 0;
  const look = (field: FlowField): void => {
    for (const x of field.values(X)) {
      furthest = Math.max(furthest, -x, x - WIDTH);
      positions++;
    }
    for (const y of field.values(Y)) furthest = Math.max(furthest, -y, y - HEIGHT);
  };
  const { steps, failure } = await runFlows(context, {
    capBytes: deviceCapBytes,
    seed,
    steps: quick ? QUICK_STEPS : STEPS,
    samples: 1,
    reflection: factors.reflection === true,
    movementSpawning: false,
    maxSpawnPerStep: 0,
    maxActiveFlows: 0,
    cleanupEvery: 0,
    look,
  });
  if (failure !== undefined) throw failure;
  const left = sum(steps.map((step) => step.left));
  const finished = sum(steps.map((step) => step.finished));
  const active = steps.at(-1)?.active ?? 0;
  return {
    readings: {
      startedFlows: COLUMNS,
      activeFlows: active,
      leftFlows: left,
      finishedFlows: finished,
      unaccountedFlows: COLUMNS - active - left - finished,
      positionsRead: positions,
      furthestOutside: furthest,
    },
  };
}

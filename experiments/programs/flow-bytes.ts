import type { ProgramAnswer, ProgramContext } from "bytesper";
import { flowBytes, NUMBER_BYTES } from "../subjects/flow-field-block.js";
import { HISTORY, runFlows } from "./flow-run.js";

/** The memory of a field at rest, in parts: what the formula predicts, and everything else. */
export async function run(context: ProgramContext): Promise<ProgramAnswer> {
  const { factors, seed, deviceCapBytes } = context;
  let flows = 0;
  let capacity = 0;
  let allocated = 0;
  let reserved = 0;
  const { failure } = await runFlows(context, {
    capBytes: deviceCapBytes,
    seed,
    steps: 0,
    samples: Number(factors.samples),
    reflection: true,
    movementSpawning: false,
    maxSpawnPerStep: 0,
    maxActiveFlows: 0,
    cleanupEvery: 0,
    look: (field, pool) => {
      ({ usedBytes: allocated, reservedBytes: reserved } = pool.stats());
      ({ active: flows, capacity } = field);
    },
  });
  if (failure !== undefined) throw failure;
  const formula = flowBytes(HISTORY);
  const births = flows * NUMBER_BYTES;
  const unfilled = (capacity - flows) * (formula + NUMBER_BYTES);
  return {
    readings: {
      flows,
      formulaPerFlowBytes: formula,
      allocatedPerFlowBytes: allocated / flows,
      reservedPerFlowBytes: reserved / flows,
      allocatedOverFormula: allocated / flows / formula,
      birthsBytes: births,
      unfilledBytes: unfilled,
      unexplainedBytes: allocated - flows * formula - births - unfilled,
      reserveBytes: reserved - allocated,
    },
  };
}

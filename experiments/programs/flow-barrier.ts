import type { ProgramAnswer, ProgramContext, ProgramReading } from "bytesper";
import { MemoryGuard } from "bytesper/guard";
import type { FlowField } from "../subjects/flow-field.js";
import { runFlows } from "./flow-run.js";
import { sum } from "./numbers.js";

/** Low on purpose: movement that spawns two flows each fills it in half of the steps. */
const CAP_BYTES = 24 * 2 ** 20;
const QUICK_CAP_BYTES = 10 * 2 ** 20;
const STEPS = 64;
const QUICK_STEPS = 32;

/** The last stage under a cap that it breaks, with and without a guard that holds its growth back. */
export async function run(context: ProgramContext): Promise<ProgramAnswer> {
  const { factors, seed, quick, deviceCapBytes } = context;
  const capBytes = Math.min(deviceCapBytes, quick ? QUICK_CAP_BYTES : CAP_BYTES);
  let watched: { guard: MemoryGuard; field: FlowField } | undefined;
  // Rules over the pool can be checked once there is one: its cap is what thresholds are held against.
  const look = (field: FlowField, pool: ConstructorParameters<typeof MemoryGuard>[0]["pool"]): void => {
    if (factors.guard !== true) return;
    watched ??= {
      field,
      guard: new MemoryGuard({
        pool,
        sampleMs: 0,
        rules: [
          { when: "deviceReservedBytes > 0.6 * poolCapBytes", action: { skip: "visualise" } },
          { when: "deviceReservedBytes > 0.8 * poolCapBytes", action: "block" },
        ],
        // What fires is counted below.
        onEvent: () => undefined,
      }),
    };
    watched.guard.step();
  };
  const { steps, failure, peakReservedBytes } = await runFlows(context, {
    capBytes,
    seed,
    steps: quick ? QUICK_STEPS : STEPS,
    samples: 4,
    reflection: true,
    movementSpawning: true,
    maxSpawnPerStep: 2,
    maxActiveFlows: 50_000,
    cleanupEvery: 0,
    visualise: true,
    barrier: {
      mayGrow: () => watched?.guard.mayGrow() ?? true,
      allows: (branch) => watched?.guard.allows(branch) ?? true,
    },
    look,
  });
  watched?.guard.close();
  const why = failure?.message.replace(/\.$/, "");
  const reserved: ProgramReading = why === undefined ? peakReservedBytes : { above: capBytes, reason: why };
  return {
    ...(why === undefined ? {} : { outcome: "oom-device", cause: `step ${steps.length + 1}: ${why}` }),
    readings: {
      capacityBytes: capBytes,
      steps: steps.length,
      peakReservedBytes: reserved,
      activeFlowsMax:
        steps.length === 0
          ? { absent: "the cap was met before the first step" }
          : Math.max(...steps.map(({ active }) => active)),
      blockedSteps: steps.filter(({ spawned, refused }) => spawned === 0 && refused > 0).length,
      refusedFlows: sum(steps.map(({ refused }) => refused)),
      picturesSkipped: steps.filter(({ densest }) => densest === undefined).length,
    },
  };
}

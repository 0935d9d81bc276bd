import type { ProgramAnswer, ProgramContext, ProgramReading } from "bytesper";
import { MemoryGuard } from "bytesper/guard";
import { sum } from "bytesper/stats";
import type { FlowField } from "../subjects/flow-field.js";
import { runFlows } from "./flow-run.js";

/** A low cap: if movement spawns two flows each, half of the steps fill it. */
const CAP_BYTES = 24 * 2 ** 20;
const QUICK_CAP_BYTES = 10 * 2 ** 20;
const STEPS = 64;
const QUICK_STEPS = 32;

/** Runs the last stage under a cap that it exceeds, with and without a guard that blocks its growth. */
export async function run(context: ProgramContext): Promise<ProgramAnswer> {
  const { factors, seed, quick, deviceCapBytes } = context;
  const capBytes = Math.min(deviceCapBytes, quick ? QUICK_CAP_BYTES : CAP_BYTES);
  let watched: { guard: MemoryGuard; field: FlowField } | undefined;
  // The rules need the pool's cap, so they can be checked only when the pool exists.
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
        // Fired rules are counted below.
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

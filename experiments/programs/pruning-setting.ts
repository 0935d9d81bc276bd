import type { ProgramContext } from "bytesper";
import type { Simulation, Workload } from "bytesper/context";
import { runSimulation } from "bytesper/context";

/** The memory of a T4, as its driver reports it. */
const CAPACITY_BYTES = Math.round(14.74 * 2 ** 30);

/** Replays the conversation that the seed generates under policies, for Qwen2.5-3B with the attention that people run. */
export async function simulated(
  { factors, device, deviceCapBytes, instructionSet, seed }: ProgramContext,
  {
    policies,
    turns,
    conversation,
    measureMs,
  }: { policies: readonly string[]; turns: number; conversation: number; measureMs: number },
): Promise<{ simulation: Simulation; notices: string[] }> {
  const notices: string[] = [];
  const { simulation } = await runSimulation({
    policy: policies,
    workload: factors.workload as Workload,
    turns,
    capacityBytes: CAPACITY_BYTES,
    // As `estimate` and `simulate-context` take it: scaled dot-product attention keeps no scores.
    attention: "flash",
    logits: "last",
    ...(measureMs === 0
      ? {}
      : { measure: { device, instructionSet, capBytes: deviceCapBytes, budgetMs: measureMs } }),
    seed: seed + 1000 * conversation,
    notice: (sentence) => notices.push(sentence),
  });
  return { simulation, notices };
}

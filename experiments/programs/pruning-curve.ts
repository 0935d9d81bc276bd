import type { ProgramAnswer, ProgramContext, ProgramReading } from "bytesper";
import { simulated } from "./pruning-setting.js";

/** Names of the policies in readings. */
const POLICIES = {
  none: "none",
  keep3: "3/8/700",
  keep2: "2/6/500",
  keep1: "1/4/300",
  summaries: "summaries",
  budget: "budget",
};

/** Runs all policies at one turn of a conversation. */
export async function run(context: ProgramContext): Promise<ProgramAnswer> {
  const turn = Number(context.factors.turn);
  const { simulation, notices } = await simulated(context, {
    policies: Object.values(POLICIES),
    turns: turn,
    conversation: 0,
    measureMs: 0,
  });
  const readings: Record<string, ProgramReading> = {};
  for (const [key, policy] of Object.entries(POLICIES)) {
    const replay = simulation.replays.find((each) => each.policy === policy);
    const row = replay?.turns[turn - 1];
    const missing = { absent: replay?.refused?.reason ?? "the conversation has no such turn" };
    readings[`${key}Tokens`] = row?.inputTokens ?? missing;
    readings[`${key}PeakBytes`] = row?.peakBytes ?? missing;
    readings[`${key}TokensLost`] = row?.tokensLost ?? missing;
    readings[`${key}ToolResultsLost`] = row?.toolResultsLost ?? missing;
  }
  return {
    readings,
    // The notes are about the whole conversation, which the policies' own rows play and tell.
    warnings: notices.map((message) => ({ name: "simulation", message })),
  };
}

import { smallestOf } from "../../base/stats/extremes.js";
import type { AttentionImplementation, Logits, ModelShape, WeightFormat } from "../../model/index.js";
import type { Reading } from "../../system/probe/reading.js";
import { isAbsent } from "../../system/probe/reading.js";
import type { Tokenizer } from "../tokenizer.js";
import { AttentionMeter } from "./measure.js";
import { TurnMemory } from "./memory.js";
import { simulatedPolicy } from "./policies.js";
import type { Replay, ReplayedTurn } from "./replay.js";
import { replay } from "./replay.js";
import type { Transcript } from "./transcript.js";

export interface SimulationOptions {
  policies: readonly string[];
  transcripts: readonly Transcript[];
  tokenizer: Tokenizer;
  model: ModelShape;
  modelName: string;
  capacityBytes: number;
  attention: AttentionImplementation;
  logits: Logits;
  dtype?: WeightFormat;
  /** Where attention is measured; without it nothing is measured. */
  measure?: { device: string; instructionSet: string; capBytes: number; budgetMs: number; seed: number };
  signal?: AbortSignal;
}

/** A turn with its peak, in which the attention of one layer was measured. */
export interface SimulatedTurn extends ReplayedTurn {
  measuredPeakBytes: Reading;
}

export interface SimulatedReplay extends Omit<Replay, "turns"> {
  turns: SimulatedTurn[];
}

/** All conversations under one policy. */
export interface PolicyTotals {
  policy: string;
  turns: number;
  largestInputTokens: Reading;
  largestPeakBytes: Reading;
  /** Number of conversations with a turn over the capacity. */
  conversationsOver: number;
  /** The first such turn in any conversation. */
  exceededAtTurn: Reading;
  /** Number of conversations that ended because what must stay did not fit. */
  conversationsRefused: number;
  /** Kept tokens, summed over all turns before the first one over the capacity: what a model could read. */
  keptTokens: number;
  /** At the end of the conversations. */
  tokensLost: number;
  toolResults: number;
  toolResultsLost: number;
}

export interface Simulation {
  model: string;
  attention: AttentionImplementation;
  logits: Logits;
  tokenizer: string;
  capacityBytes: number;
  /** The largest prompt, and the largest prompt with its answer, that fit into the capacity. */
  promptTokens: number;
  totalTokens: number;
  conversations: number;
  policies: PolicyTotals[];
  replays: SimulatedReplay[];
  notes: string[];
}

export async function simulateContext(options: SimulationOptions): Promise<Simulation> {
  const { transcripts, tokenizer, model, capacityBytes, attention, logits, signal } = options;
  const memory = new TurnMemory(model, {
    capacityBytes,
    attention,
    logits,
    ...(options.dtype === undefined ? {} : { dtype: options.dtype }),
  });
  const { promptTokens, totalTokens } = memory;
  const replays: Replay[] = [];
  for (const name of options.policies) {
    const policy = simulatedPolicy(name, { promptTokens, totalTokens, tokenizer });
    for (const transcript of transcripts) {
      signal?.throwIfAborted();
      replays.push(await replay(transcript, policy, { tokenizer, memory }));
    }
  }
  const measured = await withMeasured(replays, memory, options);
  return {
    model: options.modelName,
    attention,
    logits,
    tokenizer: tokenizer.name ?? "a tokenizer of your own",
    capacityBytes,
    promptTokens,
    totalTokens,
    conversations: transcripts.length,
    policies: options.policies.map((name) => totalsOf(name, replays)),
    replays: measured,
    notes: [...notesOf(replays), ...nothingToPrune(replays, options)],
  };
}

/** Lengths that differ by less give little new information. */
const SPREAD = 1.25;

/**
 * Each length once. First come lengths far apart, from the shortest to the longest, so that the time is
 * enough for long ones; then the others.
 */
function spreadFirst(lengths: readonly number[]): number[] {
  const ascending = [...new Set(lengths)].sort((a, b) => a - b);
  const apart: number[] = [];
  for (const tokens of ascending) if (tokens >= SPREAD * (apart.at(-1) ?? 0)) apart.push(tokens);
  return [...new Set([...apart, ...ascending])];
}

/** Adds peaks with measured scores, as many as the time allows. */
async function withMeasured(
  replays: readonly Replay[],
  memory: TurnMemory,
  options: SimulationOptions,
): Promise<SimulatedReplay[]> {
  const { model, attention, measure } = options;
  const scores = new Map<number, Reading>();
  if (measure !== undefined) {
    const dtype = computeType(memory);
    const meter = new AttentionMeter(model, { ...measure, attention, dtype });
    const lengths = replays.flatMap(({ turns }) => turns.map(({ inputTokens }) => inputTokens));
    for (const tokens of spreadFirst(lengths)) {
      options.signal?.throwIfAborted();
      scores.set(tokens, await meter.scoreBytes(tokens));
    }
  }
  return replays.map((each) => ({
    ...each,
    turns: each.turns.map((turn) => {
      const bytes = scores.get(turn.inputTokens) ?? { absent: "measuring was not asked for" };
      const measuredPeakBytes = isAbsent(bytes)
        ? bytes
        : memory.peakWithScores(turn.inputTokens, turn.newTokens, bytes);
      return { ...turn, measuredPeakBytes };
    }),
  }));
}

/** The type that attention is computed in. */
function computeType(memory: TurnMemory): "fp32" | "fp16" | "bf16" {
  const { cacheDtype } = memory.at(1);
  return cacheDtype === "fp32" || cacheDtype === "fp16" ? cacheDtype : "bf16";
}

function totalsOf(policy: string, all: readonly Replay[]): PolicyTotals {
  const replays = all.filter((each) => each.policy === policy);
  const turns = replays.flatMap((each) => each.turns);
  const ends = replays.map((each) => each.turns.at(-1));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const ended = replays.find(({ refused }) => refused !== undefined)?.refused?.reason.replace(/\.$/, "");
  const exceeded = replays.flatMap(({ exceededAtTurn }) => exceededAtTurn ?? []);
  return {
    policy,
    turns: turns.length,
    largestInputTokens: largest(
      turns.map(({ inputTokens }) => inputTokens),
      ended,
    ),
    largestPeakBytes: largest(
      turns.map(({ peakBytes }) => peakBytes),
      ended,
    ),
    conversationsOver: exceeded.length,
    exceededAtTurn: exceeded.length === 0 ? { absent: "no turn is over the capacity" } : smallestOf(exceeded),
    conversationsRefused: replays.filter(({ refused }) => refused !== undefined).length,
    keptTokens: sum(replays.map(keptWithinCapacity)),
    tokensLost: sum(ends.map((turn) => turn?.tokensLost ?? 0)),
    toolResults: sum(replays.map(({ toolResults }) => toolResults)),
    toolResultsLost: sum(ends.map((turn) => turn?.toolResultsLost ?? 0)),
  };
}

/** Absent if no prompt was made, with the reason that ended the conversations. */
function largest(values: readonly number[], ended = "the conversations have no turn"): Reading {
  if (values.length === 0) return { absent: ended };
  return values.reduce((most, value) => Math.max(most, value), 0);
}

/** Tokens that a session would have read before its end. */
function keptWithinCapacity({ turns, exceededAtTurn = Number.POSITIVE_INFINITY }: Replay): number {
  return turns.reduce((sum, turn) => (turn.turn < exceededAtTurn ? sum + turn.keptTokens : sum), 0);
}

/** A sentence if whole histories never exceed the capacity: a policy then only loses tokens. */
function nothingToPrune(replays: readonly Replay[], { attention }: SimulationOptions): string[] {
  const whole = replays.filter(({ policy }) => policy === "none");
  const isEnough =
    whole.length > 0 &&
    whole.every(({ refused, exceededAtTurn }) => refused === undefined && exceededAtTurn === undefined);
  return isEnough
    ? [`Nothing needs pruning here: with ${attention} attention every whole history fits into the capacity.`]
    : [];
}

/** Problems in the replays: mistakes in transcripts, and policies that could not continue. */
function notesOf(replays: readonly Replay[]): string[] {
  const notes = replays.flatMap(({ conversation, policy, refused, problems }) => [
    ...problems
      .filter(({ name }) => name !== "summary-failed")
      .map(({ message }) => `${conversation}: ${message}`),
    ...(refused === undefined
      ? []
      : [`${conversation}, ${policy}: no prompt could be made for turn ${refused.turn}. ${refused.reason}`]),
  ]);
  return [...new Set(notes)];
}

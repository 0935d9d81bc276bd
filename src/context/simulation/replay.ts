import { History } from "../history.js";
import { CapacityTooSmall } from "../turn.js";
import type { Problem } from "../exchanges.js";
import type { Message } from "../message.js";
import { fittingLength } from "../pages.js";
import type { Policy } from "../policy.js";
import type { Tokenizer } from "../tokenizer.js";
import type { TurnMemory } from "./memory.js";
import type { Transcript } from "./transcript.js";

/** One generation of a replayed conversation. */
export interface ReplayedTurn {
  turn: number;
  inputTokens: number;
  /** Tokens of the answer in the transcript, but at most what the policy allows. */
  newTokens: number;
  /** Tokens of the original messages that this prompt shows. */
  keptTokens: number;
  /**
   * Tokens of the original messages that it does not show, without those of a summary; includes cut answers.
   */
  tokensLost: number;
  /** Number of tool results that are shown as a notice or not at all. */
  toolResultsLost: number;
  peakBytes: number;
  overCapacity: boolean;
}

export interface Replay {
  conversation: string;
  policy: string;
  turns: ReplayedTurn[];
  toolResults: number;
  /** The first turn whose peak is over the capacity; a real session would have ended there. */
  exceededAtTurn?: number;
  /** Why the policy could make no prompt at some turn; the replay ended there. */
  refused?: { turn: number; reason: string };
  problems: Problem[];
}

/** Replays a transcript: each answer of the assistant is one generation, and the policy makes its prompt. */
export async function replay(
  transcript: Transcript,
  policy: Policy,
  { tokenizer, memory }: { tokenizer: Tokenizer; memory: TurnMemory },
): Promise<Replay> {
  const history = new History({ tokenizer, policy });
  const result: Replay = {
    conversation: transcript.id,
    policy: policy.name,
    turns: [],
    toolResults: transcript.messages.filter(({ role }) => role === "tool").length,
    problems: [],
  };
  let cut = 0;
  for (const message of transcript.messages) {
    if (message.role !== "assistant") {
      history.add(message);
      continue;
    }
    let next;
    try {
      next = await history.next();
    } catch (error) {
      if (!(error instanceof CapacityTooSmall)) throw error;
      result.refused = { turn: history.generations.length + 1, reason: error.message };
      break;
    }
    const { inputTokens, maxNewTokens } = next;
    result.problems.push(...next.problems);
    const answer = shortened(message, maxNewTokens, tokenizer);
    const lost = lostOf(history);
    const newTokens = tokenizer.count(answer.content);
    cut += tokenizer.count(message.content) - newTokens;
    const peakBytes = memory.peakBytes(inputTokens, newTokens);
    const overCapacity = peakBytes > memory.capacityBytes;
    if (overCapacity) result.exceededAtTurn ??= next.turn;
    result.turns.push({
      turn: next.turn,
      inputTokens,
      newTokens,
      keptTokens: lost.kept,
      tokensLost: lost.tokens + cut,
      toolResultsLost: lost.results,
      peakBytes,
      overCapacity,
    });
    history.add(answer);
  }
  return result;
}

function shortened(message: Message, most: number | undefined, tokenizer: Tokenizer): Message {
  if (most === undefined || tokenizer.count(message.content) <= most) return message;
  const length = fittingLength(message.content, most, (text) => tokenizer.count(text));
  return { ...message, content: message.content.slice(0, length) };
}

function lostOf(history: History): { kept: number; tokens: number; results: number } {
  let kept = 0;
  let tokens = -(history.summary?.tokens ?? 0);
  let results = 0;
  for (const [index, { role }] of history.messages.entries()) {
    const shown = history.keptTokens(index);
    kept += shown;
    tokens += history.tokensOf(index) - shown;
    const state = history.stateOf(index);
    if (role === "tool" && (state === "notice" || state === "gone")) results++;
  }
  return { kept, tokens, results };
}

import { BytesperError } from "../base/errors.js";
import type { Announcements, Pruned } from "./announcements.js";
import type { ChatFormat } from "./chat-format.js";
import type { Problem } from "./exchanges.js";
import type { Message } from "./message.js";
import type { Policy } from "./policy.js";
import type { Tokenizer } from "./tokenizer.js";

export interface HistoryOptions {
  tokenizer: Tokenizer;
  policy: Policy;
  format?: ChatFormat;
  /**
   * Something that counts what the model has saved, such as an `ObservationStore`. A warning is repeated until the
   * count rises.
   */
  observations?: { readonly saved: number };
  /** Whether a tool's result without its call is kept and reported as a problem, or refused by `add`. */
  orphans?: "keep" | "refuse";
  /** A sentence that each warning ends with. */
  saveHint?: string;
  /** Called with `Input tokens: N` in each turn. */
  log?: (line: string) => void;
}

/** Throws `USAGE` for missing options. */
export function requireOptions(options: HistoryOptions | undefined): void {
  const { tokenizer, policy } = (options ?? {}) as { tokenizer?: unknown; policy?: unknown };
  if (typeof (tokenizer as Partial<Tokenizer> | undefined)?.count !== "function") {
    const hint = tokenizer instanceof Promise ? "await openTokenizer() before" : "give await openTokenizer()";
    throw new BytesperError("USAGE", `A history needs a tokenizer with count(text); ${hint}.`);
  }
  if (!Array.isArray((policy as Partial<Policy> | undefined)?.letGo))
    throw new BytesperError(
      "USAGE",
      "A history needs a policy; give one of budgetPolicy, fixedPolicy, composePolicy or KEEP_ALL.",
    );
}

/** What to send to the model. */
export interface Turn {
  /** Number of the generation, from 1. */
  turn: number;
  messages: readonly Message[];
  /** Tokens of the whole prompt. */
  inputTokens: number;
  /** Most tokens that the model may write; absent if there is no limit. */
  maxNewTokens?: number;
  pruned: readonly Pruned[];
  /** Parts that will be removed next, whether or not a warning has named them before. */
  willPrune: readonly Pruned[];
  /**
   * New results that this prompt shows by their first page only. So a warning can name what must make room for them.
   */
  postponed: readonly Postponed[];
  /** The texts about removed parts that were added to the newest message. */
  announcements: Announcements;
  problems: readonly Problem[];
}

/** A result that the next turn shows whole. */
export interface Postponed {
  /** Index of the message in the history, from 0. */
  index: number;
  tool?: string;
  tokens: number;
  shownTokens: number;
}

export interface Generation {
  turn: number;
  inputTokens: number;
  maxNewTokens?: number;
  shownMessages: number;
  pruned: number;
}

/** The prompt cannot be made to fit, because what must stay is larger than the capacity. */
export class CapacityTooSmall extends BytesperError {
  /** Tokens of the messages that must stay. */
  readonly neededTokens: number;
  /** Tokens that the capacity has for them besides the answer. */
  readonly roomTokens: number;

  constructor(neededTokens: number, roomTokens: number, leastNewTokens: number) {
    super(
      "BAD_INPUT",
      `The system's messages, the latest request and the newest turn take ${neededTokens} tokens, and the capacity has room for ${Math.max(0, roomTokens)} beside an answer of ${leastNewTokens}; give more capacity or shorter messages.`,
    );
    this.neededTokens = neededTokens;
    this.roomTokens = roomTokens;
  }
}

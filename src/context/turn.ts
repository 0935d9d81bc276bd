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
  /** Counts what the model has saved, such as an `ObservationStore`; a warning is repeated until the count rises. */
  observations?: { readonly saved: number };
  /** A tool's result without its call is kept and named, or refused by `add`. */
  orphans?: "keep" | "refuse";
  /** Said with each warning. */
  saveHint?: string;
  /** Gets `Input tokens: N` at each generation. */
  log?: (line: string) => void;
}

/** Throws `USAGE` for options that no history can be made with. */
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
  /** The generation, from 1. */
  turn: number;
  messages: readonly Message[];
  /** Tokens of the whole prompt. */
  inputTokens: number;
  /** Most tokens that the model may write; absent where nothing limits them. */
  maxNewTokens?: number;
  pruned: readonly Pruned[];
  /** What goes next, whether or not it was warned of before. */
  willPrune: readonly Pruned[];
  /** New results of which this prompt shows the first page, so that what must make room is warned of before it goes. */
  postponed: readonly Postponed[];
  /** What the newest message says of both. */
  announcements: Announcements;
  problems: readonly Problem[];
}

/** A result that comes whole in the next turn. */
export interface Postponed {
  /** Place of the message in the history, from 0. */
  index: number;
  tool?: string;
  tokens: number;
  shownTokens: number;
}

/** One line of the log. */
export interface Generation {
  turn: number;
  inputTokens: number;
  maxNewTokens?: number;
  shownMessages: number;
  pruned: number;
}

/** The prompt cannot be made to fit: what must stay is larger than the capacity. */
export class CapacityTooSmall extends BytesperError {
  /** Tokens of the messages that must stay. */
  readonly neededTokens: number;
  /** Tokens that there is room for beside the answer. */
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

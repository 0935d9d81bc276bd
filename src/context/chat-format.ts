import type { Message } from "./message.js";
import type { Tokenizer } from "./tokenizer.js";
import { TokenizerFailed } from "./tokenizer.js";
import { sentence } from "../base/sentence.js";

/**
 * What a chat template adds to the texts. Special tokens separate messages, and a tokenizer never merges across them.
 * So the tokens of a prompt are exactly the sum over its messages.
 */
export interface ChatFormat {
  /** Tokens that the template adds to each message; they include the role. */
  messageTokens: number;
  /** Tokens that begin the answer. */
  replyTokens: number;
  /** The text of a message that the model reads. */
  text: (message: Message) => string;
}

/** `<|im_start|>role<|im_sep|>content<|im_end|>`, and calls as JSON between tags. */
export const CHAT_FORMAT: ChatFormat = {
  messageTokens: 4,
  replyTokens: 3,
  text: ({ content, toolCalls = [] }) =>
    [content, ...toolCalls.map(callText)].filter((part) => part !== "").join("\n"),
};

function callText({ name, arguments: text }: { name: string; arguments: string }): string {
  return `<tool_call>\n{"name": ${JSON.stringify(name)}, "arguments": ${text}}\n</tool_call>`;
}

export class TokenCounter {
  readonly #tokenizer: Tokenizer;
  readonly #format: ChatFormat;

  constructor(tokenizer: Tokenizer, format: ChatFormat) {
    this.#tokenizer = tokenizer;
    this.#format = format;
  }

  get replyTokens(): number {
    return this.#format.replyTokens;
  }

  /** Throws `TokenizerFailed`. */
  text(text: string, what = "a text"): number {
    let tokens: unknown;
    try {
      tokens = this.#tokenizer.count(text);
    } catch (error) {
      throw new TokenizerFailed(`threw at ${what} (${sentence(error)})`, error);
    }
    if (typeof tokens === "number" && Number.isSafeInteger(tokens) && tokens >= 0) return tokens;
    throw new TokenizerFailed(
      `answered ${String(tokens)} for ${what} where a whole number from 0 is expected`,
    );
  }

  /** Tokens of a message in the prompt. Throws `TokenizerFailed`. */
  message(message: Message, what?: string): number {
    return this.text(this.#format.text(message), what) + this.#format.messageTokens;
  }
}

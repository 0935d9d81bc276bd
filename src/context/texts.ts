import { GAP_TEXT, noticeText, pageLine, summaryText } from "./announcements.js";
import type { TokenCounter } from "./chat-format.js";
import type { Message } from "./message.js";
import { fittingLength } from "./pages.js";

/** A message in a form that can be shown, with its tokens. */
export interface Rendered {
  message: Message;
  tokens: number;
}

/** The messages of a history with their token counts; each text is counted once. */
export class Texts {
  readonly messages: Message[] = [];
  readonly counter: TokenCounter;
  readonly #toolName: (index: number) => string | undefined;
  readonly #whole: (number | undefined)[] = [];
  readonly #notices: (Rendered | undefined)[] = [];
  readonly #pages = new Map<number, Rendered & { most: number; postponed: boolean; bodyTokens: number }>();
  #gap: Rendered | undefined;

  constructor(counter: TokenCounter, toolName: (index: number) => string | undefined) {
    this.counter = counter;
    this.#toolName = toolName;
  }

  message(index: number): Message {
    return this.messages[index] as Message;
  }

  /** Tokens of a message with its whole text. Throws `TokenizerFailed`. */
  wholeTokens(index: number): number {
    const known = this.#whole[index];
    if (known !== undefined) return known;
    const message = this.message(index);
    return (this.#whole[index] = this.counter.message(message, `message ${index + 1} (${message.role})`));
  }

  notice(index: number): Rendered {
    const known = this.#notices[index];
    if (known !== undefined) return known;
    const content = noticeText(this.#toolName(index), this.wholeTokens(index));
    const message = { ...this.message(index), content };
    const rendered = { message, tokens: this.counter.message(message) };
    return (this.#notices[index] = rendered);
  }

  /**
   * The first page of a message. It has at most `most` tokens, unless a single character already has more.
   */
  firstPage(index: number, most: number, postponed = false): Rendered & { bodyTokens: number } {
    const known = this.#pages.get(index);
    if (known?.most === most && known.postponed === postponed) return known;
    const whole = this.message(index);
    const count = (text: string): number => this.counter.text(text);
    const line = (body: number): string => pageLine(this.wholeTokens(index), body, postponed);
    const around = this.counter.message({ ...whole, content: `\n${line(1)}` });
    let body = Math.max(1, most - around);
    for (;;) {
      const length = fittingLength(whole.content, body, count);
      const message = { ...whole, content: `${whole.content.slice(0, length)}\n${line(body)}` };
      const tokens = this.counter.message(message);
      // The joined text and line may count one token more than the two parts.
      if (tokens > most && body > 1) {
        body = Math.max(1, body - (tokens - most));
        continue;
      }
      const page = { message, tokens, most, postponed, bodyTokens: body };
      this.#pages.set(index, page);
      return page;
    }
  }

  gap(): Rendered {
    if (this.#gap !== undefined) return this.#gap;
    const message: Message = { role: "user", content: GAP_TEXT };
    return (this.#gap = { message, tokens: this.counter.message(message) });
  }

  summary(text: string, lastTurn: number): Rendered {
    const message: Message = { role: "user", content: summaryText(text, lastTurn) };
    return { message, tokens: this.counter.message(message, "a summary") };
  }
}

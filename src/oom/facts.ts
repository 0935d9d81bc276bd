import type { Card } from "../model/index.js";
import { CARD_NEEDLES, cardNamed } from "./cards.js";

/** What the lines before a report tell about the run: length of the inputs, model, allocator. */
export interface LogFacts {
  inputTokens: InputTokens | undefined;
  /** Names of models in the order in which they first appear, with the line; at most 8. */
  models: { name: string; line: number }[];
  /** `expandable_segments:True` was really set; PyTorch's message that only advises it does not count. */
  expandableSegments: boolean;
  /** The first card that is named. */
  card?: Card;
}

export interface InputTokens {
  count: number;
  last: number;
  line: number;
  largest: number;
}

const TOKENS = ["input tokens", "input_tokens", "prompt tokens", "prompt_tokens"];
/** Beginnings of the names of known models (src/model/known-models.ts), long enough to be rare in other text. */
const MODELS = [
  "qwen2.5-",
  "qwen3-0.6b",
  "qwen3-1.7b",
  "qwen3-4b",
  "qwen3-8b",
  "qwen3-14b",
  "qwen3-32b",
  "llama-2-",
  "llama-3-",
  "llama-3.",
  "mistral-7b",
];
const SEGMENTS = "expandable_segments";
export const FACT_NEEDLES: readonly string[] = [...TOKENS, ...MODELS, SEGMENTS, ...CARD_NEEDLES];

const MOST_MODELS = 8;
/** `Input tokens: 1,234`, `"prompt_tokens": 1234`, `input_tokens=1234`. */
const TOKEN_COUNT = /^(?:input|prompt)[ _]tokens["']?\s*[:=]\s*(\d{1,3}(?:,\d{3})+|\d+)(?![\d.]*\/s)/i;
const MODEL_NAME = /^[A-Za-z][\w.-]{3,60}/;
const SEGMENTS_SET = /^expandable_segments["']?\s*[:=]\s*["']?true/i;
/** The most bytes that one of the patterns needs. */
export const FACT_REACH = 80;

/** Collects facts as the needles are found, in the order of the log. */
export class FactCollector {
  readonly #models: { name: string; line: number }[] = [];
  #tokens: InputTokens | undefined;
  #expandableSegments = false;
  #card: Card | undefined;

  /**
   * `text` begins with the needle; `before` holds a few characters before it; `line` gives its line number.
   */
  add(text: string, before: string, line: () => number): void {
    const count = TOKEN_COUNT.exec(text)?.[1];
    if (count !== undefined) {
      const value = Number(count.replaceAll(",", ""));
      if (!Number.isSafeInteger(value)) return;
      const largest = Math.max(value, this.#tokens?.largest ?? 0);
      this.#tokens = { count: (this.#tokens?.count ?? 0) + 1, last: value, line: line(), largest };
    } else if (SEGMENTS_SET.test(text)) {
      // PyTorch's own message only advises it: "try setting
      // PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True".
      if (!/try\s+setting\s+PYTORCH_\w+=$/.test(before)) this.#expandableSegments = true;
    } else if (CARD_NEEDLES.some((needle) => text.toLowerCase().startsWith(needle))) {
      this.#card ??= cardNamed(text);
    } else if (this.#models.length < MOST_MODELS) {
      const name = MODEL_NAME.exec(text)?.[0].replace(/[.-]+$/, "");
      if (name !== undefined && !this.#models.some((model) => model.name === name) && !isToken(text))
        this.#models.push({ name, line: line() });
    }
  }

  /** A copy of the facts so far; later lines do not change it. */
  snapshot(): LogFacts {
    return {
      inputTokens: this.#tokens,
      models: [...this.#models],
      expandableSegments: this.#expandableSegments,
      ...(this.#card === undefined ? {} : { card: this.#card }),
    };
  }
}

function isToken(text: string): boolean {
  return TOKENS.some((needle) => text.toLowerCase().startsWith(needle));
}

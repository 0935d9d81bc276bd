import type {
  AttentionImplementation,
  Estimate,
  Logits,
  ModelShape,
  WeightFormat,
} from "../../model/index.js";
import { estimate } from "../../model/index.js";

export interface MemoryOptions {
  attention: AttentionImplementation;
  logits: Logits;
  dtype?: WeightFormat;
  capacityBytes: number;
}

/** The estimated memory of a turn, and how many tokens a capacity holds. */
export class TurnMemory {
  readonly model: ModelShape;
  readonly capacityBytes: number;
  /** Longest prompt that can be read; 0 if none. */
  readonly promptTokens: number;
  /** Largest prompt with its answer that can be generated; 0 if none. */
  readonly totalTokens: number;
  readonly #options: Omit<MemoryOptions, "capacityBytes">;
  readonly #estimates = new Map<number, Estimate>();

  constructor(model: ModelShape, { capacityBytes, ...options }: MemoryOptions) {
    this.model = model;
    this.capacityBytes = capacityBytes;
    this.#options = options;
    const positions = model.maxPositions ?? Number.POSITIVE_INFINITY;
    this.promptTokens = this.#most(positions, ({ prefillPeakBytes }) => prefillPeakBytes);
    this.totalTokens = this.#most(positions, ({ decodeBytes }) => decodeBytes);
  }

  /** Bytes at the highest moment of a turn: while its prompt is read, or at its last new token. */
  peakBytes(inputTokens: number, newTokens: number): number {
    return Math.max(
      this.at(inputTokens).prefillPeakBytes,
      this.at(inputTokens + Math.max(0, newTokens)).decodeBytes,
    );
  }

  /** Scores of one layer's attention over a prompt. */
  scoreBytes(tokens: number): number {
    return this.at(tokens).terms.find(({ name }) => name === "attention scores")?.bytes ?? 0;
  }

  /** Like `peakBytes`, but with measured scores instead of estimated ones. */
  peakWithScores(inputTokens: number, newTokens: number, scoreBytes: number): number {
    const { terms } = this.at(inputTokens);
    const bytesIn = (phase: string): number =>
      terms.reduce((sum, term) => sum + (term.phase === phase ? term.bytes : 0), 0);
    const attention = bytesIn("attention") - this.scoreBytes(inputTokens) + scoreBytes;
    const prefill = bytesIn("always") + Math.max(attention, bytesIn("feed-forward"), bytesIn("logits"));
    return Math.max(prefill, this.at(inputTokens + Math.max(0, newTokens)).decodeBytes);
  }

  at(tokens: number): Estimate {
    const known = this.#estimates.get(tokens);
    if (known !== undefined) return known;
    const made = estimate(this.model, { tokens, ...this.#options });
    this.#estimates.set(tokens, made);
    return made;
  }

  #most(limit: number, bytes: (at: Estimate) => number): number {
    const fits = (tokens: number): boolean => tokens <= limit && bytes(this.at(tokens)) <= this.capacityBytes;
    let low = 0;
    let high = 1;
    // No device could hold so many.
    while (high < 2 ** 40 && fits(high)) {
      low = high;
      high *= 2;
    }
    while (high - low > 1) {
      const middle = low + Math.floor((high - low) / 2);
      if (fits(middle)) low = middle;
      else high = middle;
    }
    return low;
  }
}

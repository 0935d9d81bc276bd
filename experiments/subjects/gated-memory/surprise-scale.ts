const WINDOW = 512;
const FIRST = 50;
const REFRESH = 64;

/**
 * Compares a surprise with the last 512: 0 at their median and below, 1 at their 85th percentile. Both are computed
 * again after every 64 surprises, so that not every decision needs a sort.
 */
export class SurpriseScale {
  readonly #window = new Float64Array(WINDOW);
  #count = 0;
  #median = 0;
  #high = 0;

  /** Undefined until there are 50 surprises. */
  normalised(surprise: number): number | undefined {
    this.#window[this.#count++ % WINDOW] = surprise;
    if (this.#count < FIRST) return undefined;
    if (this.#count === FIRST || this.#count % REFRESH === 0) this.#refresh();
    return Math.max(0, (surprise - this.#median) / (this.#high - this.#median + 1e-6));
  }

  #refresh(): void {
    const sorted = this.#window.slice(0, Math.min(this.#count, WINDOW)).sort();
    const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] as number;
    this.#median = at(0.5);
    this.#high = at(0.85);
  }
}

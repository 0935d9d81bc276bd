const WINDOW = 512;
const FIRST = 50;
const REFRESH = 64;

/**
 * Says how large a surprise is beside the last 512: 0 at their median and below, 1 at their 85th percentile.
 * The two are read again after every 64 surprises, so that a decision does not pay for a sort.
 */
export class SurpriseScale {
  readonly #window = new Float64Array(WINDOW);
  #count = 0;
  #median = 0;
  #high = 0;

  /** Absent until there are 50 surprises to compare with. */
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

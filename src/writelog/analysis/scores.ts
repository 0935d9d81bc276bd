/** One bin for each hundredth from -1 to 1. */
const BINS = 201;

export class Similarities {
  rows = 0;
  min = Number.POSITIVE_INFINITY;
  minLine = 0;
  max = Number.NEGATIVE_INFINITY;
  maxLine = 0;
  readonly #bins = new Float64Array(BINS);

  add(value: number, line: number): void {
    this.rows += 1;
    if (value < this.min) {
      this.min = value;
      this.minLine = line;
    }
    if (value > this.max) {
      this.max = value;
      this.maxLine = line;
    }
    // 0.29 is stored as 0.28999…; the added amount keeps it in its own bin.
    const bin = Math.floor(value * 100 + 1e-7) + 100;
    (this.#bins[bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin] as number) += 1;
  }

  /** Rows whose similarity is below this number of hundredths. */
  below(hundredths: number): number {
    let sum = 0;
    for (let bin = 0; bin < hundredths + 100; bin += 1) sum += this.#bins[bin] as number;
    return sum;
  }

  addAll(other: Similarities): void {
    this.rows += other.rows;
    if (other.min < this.min) [this.min, this.minLine] = [other.min, other.minLine];
    if (other.max > this.max) [this.max, this.maxLine] = [other.max, other.maxLine];
    other.#bins.forEach((count, bin) => {
      (this.#bins[bin] as number) += count;
    });
  }
}

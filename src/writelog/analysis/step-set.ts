const PAGE_BITS = 4096;

/** Memory that is left, shared by all collectors of one analysis, so that no log can fill the memory. */
export interface Budget {
  left: number;
}

/** A set of steps. Steps that lie close together take one bit each. */
export class StepSet {
  /** Steps that were not stored, because the memory limit was reached. If there are any, `size` is a lower bound. */
  omitted = 0;
  size = 0;
  readonly #pages = new Map<number, Uint32Array>();
  readonly #budget: Budget;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  add(step: number): void {
    const number = Math.floor(step / PAGE_BITS);
    let page = this.#pages.get(number);
    if (page === undefined) {
      if (this.#budget.left < PAGE_BITS / 8) {
        this.omitted += 1;
        return;
      }
      this.#budget.left -= PAGE_BITS / 8;
      this.#pages.set(number, (page = new Uint32Array(PAGE_BITS / 32)));
    }
    const bit = step - number * PAGE_BITS;
    const mask = 1 << (bit & 31);
    const word = page[bit >> 5] as number;
    if ((word & mask) !== 0) return;
    page[bit >> 5] = word | mask;
    this.size += 1;
  }

  *[Symbol.iterator](): Generator<number> {
    for (const number of [...this.#pages.keys()].sort((one, other) => one - other)) {
      const page = this.#pages.get(number) as Uint32Array;
      for (let bit = 0; bit < PAGE_BITS; bit += 1)
        if (((page[bit >> 5] as number) & (1 << (bit & 31))) !== 0) yield number * PAGE_BITS + bit;
    }
  }

  lastBefore(bound: number): number | undefined {
    let last: number | undefined;
    for (const step of this) {
      if (step >= bound) break;
      last = step;
    }
    return last;
  }

  addAll(other: StepSet): void {
    this.omitted += other.omitted;
    for (const step of other) this.add(step);
  }
}

/** An event that waits, because it was near an item or because the step had no writes left. */
export interface StagedItem {
  step: number;
  embedding: Float32Array;
  entropy: number;
  entropyRaw: number | undefined;
  score: number;
}

/** At most `cap` staged items. If there are more, the worst is dropped. */
export class ShadowBank {
  readonly #cap: number;
  /** The worst comes first; of equal scores, the older. */
  readonly #items: StagedItem[] = [];

  constructor(cap: number) {
    this.#cap = cap;
  }

  get size(): number {
    return this.#items.length;
  }

  add(item: StagedItem): void {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#items[middle] as StagedItem).score <= item.score) low = middle + 1;
      else high = middle;
    }
    this.#items.splice(low, 0, item);
    if (this.#items.length > this.#cap) this.#items.shift();
  }

  takeBest(): StagedItem | undefined {
    return this.#items.pop();
  }

  /** Drops the items that were staged before `step` and returns their number. */
  expire(step: number): number {
    const before = this.#items.length;
    let kept = 0;
    for (const item of this.#items) if (item.step >= step) this.#items[kept++] = item;
    this.#items.length = kept;
    return before - kept;
  }

  list(): readonly StagedItem[] {
    return this.#items;
  }
}

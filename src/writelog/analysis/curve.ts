import type { Budget } from "./step-set.js";

/** Three numbers for each change. */
const CHANGE_BYTES = 24;

/** `mem_size` of a run over its steps. Only the changes are stored. */
export class MemoryCurve {
  readonly steps: number[] = [];
  readonly sizes: number[] = [];
  readonly lines: number[] = [];
  /** Changes that were not stored, because the memory limit was reached. */
  omitted = 0;
  readonly #budget: Budget;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** `step` must not decrease. If one step has several changes, the last counts. */
  add(step: number, size: number, line: number): void {
    if (this.sizes.at(-1) === size) return;
    if (this.#budget.left < CHANGE_BYTES) {
      this.omitted += 1;
      return;
    }
    this.#budget.left -= CHANGE_BYTES;
    this.steps.push(step);
    this.sizes.push(size);
    this.lines.push(line);
  }

  /** Index of the last change at or before a step; -1 before the first. */
  at(step: number): number {
    let low = 0;
    let high = this.steps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.steps[middle] as number) <= step) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

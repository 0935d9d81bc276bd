import type { Budget } from "./step-set.js";

/** Of a change: three numbers. */
const CHANGE_BYTES = 24;

/** `mem_size` of a run over its steps, as the changes of it. */
export class MemoryCurve {
  readonly steps: number[] = [];
  readonly sizes: number[] = [];
  readonly lines: number[] = [];
  /** Changes that found no room. */
  omitted = 0;
  readonly #budget: Budget;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** `step` must not fall; of several changes at one step the last counts. */
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

  /** Index of the change that was in force after a step; -1 before the first. */
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

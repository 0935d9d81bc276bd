import { ACTION_CODES } from "../event.js";
import type { Budget } from "./step-set.js";

/** The finest resolution: events are counted in cells of ten steps. */
export const CELL_STEPS = 10;
/** A page holds a whole number of buckets of 100 steps. */
const PAGE_CELLS = 100;
const PAGE_BYTES = PAGE_CELLS * ACTION_CODES * 2;

type Page = Uint16Array | Uint32Array;

export class Cells {
  /** Events that were not counted, because the memory limit was reached. */
  omitted = 0;
  readonly #pages = new Map<number, Page>();
  readonly #budget: Budget;
  #number = -1;
  #page: Page | undefined;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  add(step: number, code: number, count = 1): void {
    const cell = Math.floor(step / CELL_STEPS);
    const number = Math.floor(cell / PAGE_CELLS);
    if (number !== this.#number || this.#page === undefined) {
      this.#number = number;
      this.#page = this.#pages.get(number) ?? this.#newPage(number);
    }
    if (this.#page === undefined) {
      this.omitted += count;
      return;
    }
    const place = (cell - number * PAGE_CELLS) * ACTION_CODES + code;
    const sum = (this.#page[place] as number) + count;
    if (sum > 0xffff && this.#page instanceof Uint16Array)
      this.#pages.set(number, (this.#page = Uint32Array.from(this.#page)));
    this.#page[place] = sum;
  }

  /** Each cell that has events: its number, and a view of its counts by action. */
  *[Symbol.iterator](): Generator<[cell: number, counts: Page]> {
    for (const number of [...this.#pages.keys()].sort((one, other) => one - other)) {
      const page = this.#pages.get(number) as Page;
      for (let cell = 0; cell < PAGE_CELLS; cell += 1) {
        const counts = page.subarray(cell * ACTION_CODES, (cell + 1) * ACTION_CODES);
        if (counts.some((count) => count > 0)) yield [number * PAGE_CELLS + cell, counts];
      }
    }
  }

  addAll(other: Cells): void {
    this.omitted += other.omitted;
    for (const [cell, counts] of other)
      counts.forEach((count, code) => {
        if (count > 0) this.add(cell * CELL_STEPS, code, count);
      });
  }

  #newPage(number: number): Page | undefined {
    if (this.#budget.left < PAGE_BYTES) return undefined;
    this.#budget.left -= PAGE_BYTES;
    const page = new Uint16Array(PAGE_CELLS * ACTION_CODES);
    this.#pages.set(number, page);
    return page;
  }
}

import type { RunningCell } from "../cell/execute.js";
import type { Claim } from "./admission.js";
import type { ReadyCell } from "./work-source.js";

export interface StartedCell<C> {
  cell: C;
  claim: Claim;
  device: number | undefined;
  running: RunningCell;
  /** Whether another cell ran at the same time, at any time. */
  beside: boolean;
  /** The host ran short of memory, and the cell was told to end. */
  ending: boolean;
}

/** The cells that run now, in the order of their starts. */
export class RunningCells<C extends ReadyCell> {
  readonly #cells = new Map<string, StartedCell<C>>();

  get size(): number {
    return this.#cells.size;
  }

  get claims(): Claim[] {
    return this.#all.map(({ claim }) => claim);
  }

  get youngest(): StartedCell<C> | undefined {
    return this.#all.at(-1);
  }

  get #all(): StartedCell<C>[] {
    return [...this.#cells.values()];
  }

  add(started: StartedCell<C>): void {
    this.#cells.set(started.cell.key, started);
  }

  delete({ key }: C): void {
    this.#cells.delete(key);
  }

  some(holds: (cell: C) => boolean): boolean {
    return this.#all.some(({ cell }) => holds(cell));
  }

  /** The first of `count` GPUs that no running cell uses. */
  freeDevice(count: number): number | undefined {
    const taken = new Set(this.#all.map(({ device }) => device));
    return Array.from({ length: count }, (_, index) => index).find((index) => !taken.has(index));
  }

  markBeside(): void {
    for (const started of this.#cells.values()) started.beside = true;
  }

  interrupt(cause: string): void {
    for (const { running } of this.#cells.values()) running.stop("interrupted", cause);
  }
}

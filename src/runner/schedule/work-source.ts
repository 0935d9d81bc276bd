import type { CellEnd } from "../../record/cell-end.js";

export interface ReadyCell {
  key: string;
  label: string;
  /** No other cell runs beside it. */
  exclusive: boolean;
  /** Needs a GPU that no other cell uses. */
  usesDevice: boolean;
  needBytes: number | undefined;
}

export interface WorkSource<C extends ReadyCell> {
  /** The next cell. Undefined if no cell is left, or if running cells must end first. */
  take: () => C | undefined;
  /** Puts a cell back. It will run without others beside it. */
  requeue: (cell: C) => void;
  ended: (cell: C, end: CellEnd) => void;
}

export function inOrder<C extends ReadyCell>(cells: readonly C[]): WorkSource<C> {
  const queue = [...cells];
  return {
    take: () => queue.shift(),
    requeue: (cell) => queue.push(cell),
    ended: () => undefined,
  };
}

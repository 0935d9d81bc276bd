import type { Kind, WriteEvent } from "../event.js";
import type { Budget } from "./step-set.js";

/** Number of rows before an increase that count as its window. */
export const WINDOW_ROWS = 20;
/** Number of increases that are listed, for all runs together. All increases are counted. */
export const MOST_LISTED = 10_000;

export interface Increase {
  run: number;
  line: number;
  step: number;
  from: number;
  to: number;
  action: string;
  reason: string;
}

export class RecentKinds {
  readonly ids = new Int32Array(WINDOW_ROWS).fill(-1);
  memSize = 0;
  rows = 0;

  add(kind: Kind): void {
    this.ids[this.rows % WINDOW_ROWS] = kind.id;
    this.rows += 1;
  }

  get last(): number {
    return this.rows === 0 ? -1 : (this.ids[(this.rows - 1) % WINDOW_ROWS] as number);
  }
}

/** What happens before each increase of `mem_size`, and which rows cause it. */
export class Increases {
  readonly listed: Increase[] = [];
  count = 0;
  /** Rows by kind: rows that caused an increase, rows right before one, and rows in the window before one. */
  readonly bringing: number[] = [];
  readonly justBefore: number[] = [];
  readonly inWindow: number[] = [];
  windowRows = 0;
  /** Increases that had a row before them in their run. */
  withBefore = 0;

  readonly #room: Budget;

  /** @param room how many increases may still be listed */
  constructor(room: Budget) {
    this.#room = room;
  }

  see(event: WriteEvent, run: number, recent: RecentKinds): void {
    const { kind, line, step, memSize } = event;
    this.count += 1;
    plusOne(this.bringing, kind.id);
    if (recent.last !== -1) {
      this.withBefore += 1;
      plusOne(this.justBefore, recent.last);
    }
    for (const id of recent.ids) {
      if (id === -1) continue;
      this.windowRows += 1;
      plusOne(this.inWindow, id);
    }
    if (this.#room.left === 0) return;
    this.#room.left -= 1;
    this.listed.push({
      run,
      line,
      step,
      from: recent.memSize,
      to: memSize,
      action: kind.action,
      reason: kind.reason,
    });
  }
}

function plusOne(counts: number[], id: number): void {
  counts[id] = (counts[id] ?? 0) + 1;
}

import type { Kind, WriteEvent } from "../event.js";
import type { Budget } from "./step-set.js";

/** Rows before an increase that are looked at. */
export const WINDOW_ROWS = 20;
/** Increases that are listed, of all runs together; all are counted. */
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

/** The kinds of the latest rows of a run. */
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
  /** By kind: rows that brought an increase, that came right before one, and that lay in the window before one. */
  readonly bringing: number[] = [];
  readonly justBefore: number[] = [];
  readonly inWindow: number[] = [];
  /** Rows in all windows together. */
  windowRows = 0;
  /** Increases that had a row before them in their run. */
  withBefore = 0;

  readonly #room: Budget;

  /** `room`: how many may still be listed. */
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

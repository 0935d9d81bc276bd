import type { Kind, WriteEvent } from "../event.js";
import type { RunState } from "../runs.js";
import { RunSplitter } from "../runs.js";
import { ENTROPY_FLOOR } from "./gates.js";
import { MOST_LISTED } from "./increases.js";
import type { Room } from "./run-tally.js";
import { RunTally } from "./run-tally.js";
import { Tally } from "./tally.js";

/** The first runs get figures of their own. Rows of later runs count in the totals only. */
const MOST_RUNS = 1000;
/** Memory limit for everything that is counted by step, for all runs together. */
const BUDGET_BYTES = 64 << 20;

export interface StepRange {
  from: number;
  to: number;
}

export class WriteLogAnalysis {
  readonly runs: RunTally[] = [];
  readonly splitter = new RunSplitter();
  /** Counts of the runs after the first MOST_RUNS. */
  readonly rest: Tally;
  readonly restRuns = new Set<number>();
  readonly #room: Room = { bytes: { left: BUDGET_BYTES }, increases: { left: MOST_LISTED } };
  readonly #range: StepRange | undefined;
  #state: RunState | undefined;
  #tally: RunTally | undefined;

  constructor(range?: StepRange) {
    this.#range = range;
    this.rest = new Tally(this.#room.bytes, ENTROPY_FLOOR);
  }

  see(event: WriteEvent): void {
    const state = this.splitter.runOf(event);
    if (state !== this.#state) this.#turnTo(state, event.line);
    const range = this.#range;
    const counted = range === undefined || (event.step >= range.from && event.step <= range.to);
    if (this.#tally !== undefined) this.#tally.see(event, state, counted);
    else if (counted) this.rest.add(event, state.step);
  }

  total(): Tally {
    const total = new Tally({ left: Number.POSITIVE_INFINITY }, ENTROPY_FLOOR);
    for (const { tally } of this.runs) total.addAll(tally);
    total.addAll(this.rest);
    return total;
  }

  /** Rows of each kind in all runs. The index is the id of the kind. */
  rowsInRuns(kinds: readonly Kind[]): number[] {
    return kinds.map((_, id) => this.runs.reduce((sum, { tally }) => sum + (tally.kinds[id]?.rows ?? 0), 0));
  }

  #turnTo(state: RunState, line: number): void {
    this.#state = state;
    if (state.index >= MOST_RUNS) {
      this.restRuns.add(state.index);
      this.#tally = undefined;
      return;
    }
    this.#tally = this.runs[state.index] ??= new RunTally(state, line, this.#room, ENTROPY_FLOOR);
  }
}

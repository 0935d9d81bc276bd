import type { WriteEvent } from "../event.js";
import type { RunBeginning, RunState } from "../runs.js";
import { MemoryCurve } from "./curve.js";
import { Increases, RecentKinds } from "./increases.js";
import type { Budget } from "./step-set.js";
import { Tally } from "./tally.js";

export interface Room {
  bytes: Budget;
  increases: Budget;
}

/** Counts of one run. Unless a field says otherwise, only rows within the steps that were asked for count. */
export class RunTally {
  readonly index: number;
  readonly began: RunBeginning;
  readonly tally: Tally;
  readonly increases: Increases;
  readonly curve: MemoryCurve;
  /** About the whole run, not only about the steps that were asked for. */
  firstLine: number;
  lastLine = 0;
  eventsInFile = 0;
  /** About the whole run. */
  lastStep = 0;
  lastIncrease: { step: number; line: number; size: number } | undefined;
  readonly #recent = new RecentKinds();

  constructor(state: RunState, firstLine: number, room: Room, entropyFloor: number) {
    this.index = state.index;
    this.began = state.began;
    this.firstLine = firstLine;
    this.tally = new Tally(room.bytes, entropyFloor);
    this.curve = new MemoryCurve(room.bytes);
    this.increases = new Increases(room.increases);
  }

  see(event: WriteEvent, state: RunState, counted: boolean): void {
    this.eventsInFile += 1;
    this.lastLine = event.line;
    this.lastStep = state.step;
    const recent = this.#recent;
    if (counted) this.tally.add(event, state.step);
    if (event.memSize !== recent.memSize || this.eventsInFile === 1) {
      this.curve.add(state.step, event.memSize, event.line);
      if (event.memSize > recent.memSize) {
        if (counted) this.increases.see(event, this.index, recent);
        this.lastIncrease = { step: state.step, line: event.line, size: event.memSize };
      }
      recent.memSize = event.memSize;
    }
    recent.add(event.kind);
  }
}

import type { WriteEvent } from "./event.js";
import { COMMIT, DECAY, PROMOTE, ROLLBACK } from "./event.js";

export type RunBeginning =
  | "first row"
  /** `mem_size` is 0 again and the warm-up begins again. */
  | "warm-up begins again"
  /** In a log without a warm-up: `mem_size` falls to 0 and the steps begin again. */
  | "steps begin again";

export interface RunState {
  index: number;
  began: RunBeginning;
  memSize: number;
  memSizeMax: number;
  /** The latest step; promotions do not count. */
  step: number;
  /** Number of rows read when a row last belonged to this run. */
  seenAt: number;
}

/**
 * If the last row of a run is farther back, the run has ended: processes that write to one file at the same time
 * alternate more often.
 */
const RECENT_ROWS = 200;
const MOST_OPEN = 4;

/**
 * Separates the runs that were appended to one file, row by row.
 *
 * A run begins where `mem_size` is 0 again and the warm-up begins again, which happens once in a run. A lower step
 * says nothing: a promotion logs the step at which its item was staged. A lower `mem_size` says nothing either: a
 * decay or a rollback lowers it, even to 0. In a log without warm-up rows, `mem_size` must fall to 0 without such a
 * row while the steps, except those of promotions, fall to less than half.
 *
 * Two processes may write to one file at the same time. If a row does not continue the current run, but continues a
 * recent one, it belongs to that one.
 */
export class RunSplitter {
  current: RunState | undefined;
  /** Rows that went back to an earlier run, which means that rows of several runs are mixed. */
  returns = 0;
  firstReturnLine: number | undefined;
  /** Rows, except promotions, with a lower step than the row before in their run. */
  stepFalls = 0;
  firstStepFallLine: number | undefined;
  #open: RunState[] = [];
  #rows = 0;
  #runs = 0;

  runOf(event: WriteEvent): RunState {
    this.#rows += 1;
    const { memSize } = event;
    const code = event.kind.code;
    let run = this.current;
    if (run === undefined) run = this.#begun("first row");
    else if (event.kind.warmUp || code === PROMOTE || event.step < run.step || farFrom(run, memSize))
      run = this.#unusual(run, event);
    run.seenAt = this.#rows;
    run.memSize = memSize;
    if (memSize > run.memSizeMax) run.memSizeMax = memSize;
    if (code !== PROMOTE && event.step > run.step) run.step = event.step;
    this.current = run;
    return run;
  }

  #unusual(run: RunState, event: WriteEvent): RunState {
    if (event.kind.warmUp) return this.#warmingUp(run, event);
    const { memSize, step } = event;
    const { code } = event.kind;
    const lowers = code === DECAY || code === ROLLBACK;
    const back = code !== PROMOTE && step < run.step;
    if (farFrom(run, memSize) ? !lowers : back) {
      const other = this.#recent(
        run,
        (state) => !farFrom(state, memSize) && (code === PROMOTE || step >= state.step),
      );
      if (other !== undefined) return this.#returned(other, event.line);
    }
    // A commit is logged after it was made, so the memory was empty before it.
    const empty = memSize === 0 || (memSize === 1 && code === COMMIT);
    if (back && !lowers && empty && memSize < run.memSize && 2 * step < run.step)
      return this.#begun("steps begin again");
    if (back) {
      this.stepFalls += 1;
      this.firstStepFallLine ??= event.line;
    }
    return run;
  }

  #warmingUp(run: RunState, { memSize, step, line }: WriteEvent): RunState {
    const goesOn = (state: RunState): boolean => state.memSizeMax === 0 && step >= state.step;
    if (memSize !== 0 || goesOn(run)) return run;
    const other = this.#recent(run, goesOn);
    return other === undefined ? this.#begun("warm-up begins again") : this.#returned(other, line);
  }

  #recent(run: RunState, accepts: (state: RunState) => boolean): RunState | undefined {
    return this.#open.find(
      (state) => state !== run && this.#rows - state.seenAt <= RECENT_ROWS && accepts(state),
    );
  }

  #returned(run: RunState, line: number): RunState {
    this.returns += 1;
    this.firstReturnLine ??= line;
    return run;
  }

  #begun(began: RunBeginning): RunState {
    const run: RunState = {
      index: this.#runs,
      began,
      memSize: 0,
      memSizeMax: 0,
      step: 0,
      seenAt: this.#rows,
    };
    this.#runs += 1;
    this.#open = [run, ...this.#open].slice(0, MOST_OPEN);
    return run;
  }
}

/** One row changes the memory by at most one item. A larger change is a decay, a rollback, or another run. */
function farFrom(run: RunState, memSize: number): boolean {
  return memSize > run.memSize + 1 || memSize < run.memSize - 1;
}

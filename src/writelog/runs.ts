import type { WriteEvent } from "./event.js";
import { COMMIT, DECAY, PROMOTE, ROLLBACK } from "./event.js";

/** The evidence that a run begins here. */
export type RunBeginning =
  | "first row"
  /** `mem_size` is 0 again, and so is the warm-up under way. */
  | "warm-up begins again"
  /** `mem_size` falls to 0 and the steps begin again, in a log without a warm-up. */
  | "steps begin again";

export interface RunState {
  index: number;
  began: RunBeginning;
  memSize: number;
  memSizeMax: number;
  /** The latest step of a row that is no promotion. */
  step: number;
  /** Rows of the log when it was last the current run. */
  seenAt: number;
}

/** A run whose rows lie farther back has ended: processes that write one file at a time alternate more often. */
const RECENT_ROWS = 200;
const MOST_OPEN = 4;

/**
 * Tells apart the runs that were appended to one file, row by row.
 *
 * A run begins where `mem_size` is 0 again and the warm-up, which a run has once, begins again. A step that goes back
 * is no sign: a promotion logs the step at which its item was staged. A smaller `mem_size` is none either: a decay
 * or a rollback lowers it, to 0 too. Where a log has no warm-up rows, the memory must fall to 0 by itself while the
 * steps of rows other than promotions fall to under half.
 *
 * Two processes may write one file at once. A row that does not go on from the current run, but does from one that
 * was current a short while ago, is counted to that one.
 */
export class RunSplitter {
  current: RunState | undefined;
  /** Rows that went back to an earlier run: rows of several runs lie mixed. */
  returns = 0;
  firstReturnLine: number | undefined;
  /** Rows other than promotions whose step is smaller than before in their run. */
  stepFalls = 0;
  firstStepFallLine: number | undefined;
  #open: RunState[] = [];
  #rows = 0;
  #runs = 0;

  /** The run that a row belongs to. */
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
    // A commit is logged after it was made: the memory was empty before it.
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

/** One row changes the memory by one item at most; more is a decay, a rollback, or another run. */
function farFrom(run: RunState, memSize: number): boolean {
  return memSize > run.memSize + 1 || memSize < run.memSize - 1;
}

import type { WriteEvent } from "../event.js";
import { COMMIT, MERGE, PROMOTE, STAGE } from "../event.js";
import { Cells } from "./cells.js";
import { Similarities } from "./scores.js";
import type { Budget } from "./step-set.js";
import { StepSet } from "./step-set.js";

export interface KindTally {
  rows: number;
  firstLine: number;
  lastLine: number;
}

/** Delays of promotions are counted in bins of ten steps. The last bin also holds all longer delays. */
const DELAY_STEPS = 10;
const DELAY_BINS = 1000;

/** All counts of one run. The memory that it takes depends on the steps, not on the number of rows. */
export class Tally {
  events = 0;
  readonly kinds: (KindTally | undefined)[] = [];
  firstLine = 0;
  lastLine = 0;
  firstStep = Number.POSITIVE_INFINITY;
  /** Promotions do not count here: they log an earlier step. */
  lastStep = -1;
  warmUpEnd = -1;
  memSize = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY, maxLine: 0, last: 0 };
  shadowSize = { rows: 0, max: Number.NEGATIVE_INFINITY, maxLine: 0, last: Number.NaN };
  entropy = {
    rows: 0,
    min: Number.POSITIVE_INFINITY,
    minLine: 0,
    max: Number.NEGATIVE_INFINITY,
    below: 0,
  };
  commits = { count: 0, first: Number.POSITIVE_INFINITY, last: -1, firstLine: 0, lastLine: 0 };
  readonly commitSteps: StepSet;
  readonly cells: Cells;
  readonly merged = new Similarities();
  readonly committed = new Similarities();
  readonly delays = new Uint32Array(DELAY_BINS);
  readonly #entropyFloor: number;

  constructor(budget: Budget, entropyFloor: number) {
    this.commitSteps = new StepSet(budget);
    this.cells = new Cells(budget);
    this.#entropyFloor = entropyFloor;
  }

  /** @param runStep the latest step of the run; a promotion logs an earlier one */
  add(event: WriteEvent, runStep: number): void {
    const { line, step, memSize, shadowSize, kind } = event;
    const { code } = kind;
    if (this.events === 0) this.firstLine = line;
    this.events += 1;
    this.lastLine = line;
    const tally = this.kinds[kind.id];
    if (tally === undefined) this.kinds[kind.id] = { rows: 1, firstLine: line, lastLine: line };
    else {
      tally.rows += 1;
      tally.lastLine = line;
    }
    if (step < this.firstStep) this.firstStep = step;
    if (code !== PROMOTE && step > this.lastStep) this.lastStep = step;
    if (kind.warmUp && step > this.warmUpEnd) this.warmUpEnd = step;
    const memory = this.memSize;
    if (memSize < memory.min) memory.min = memSize;
    if (memSize > memory.max) {
      memory.max = memSize;
      memory.maxLine = line;
    }
    memory.last = memSize;
    if (!Number.isNaN(shadowSize)) this.#shadow(shadowSize, line);
    this.cells.add(step, code);
    if (!Number.isNaN(event.entropy)) this.#entropy(event.entropy, line);
    if (code === MERGE || code === COMMIT) this.#scored(event);
    if (code === COMMIT) this.#commit(step, line);
    else if (code === PROMOTE) {
      const delay = runStep - step;
      const bin = delay <= 0 ? 0 : Math.min(DELAY_BINS - 1, Math.floor(delay / DELAY_STEPS));
      (this.delays[bin] as number) += 1;
    }
  }

  rowsOf(code: number, kinds: readonly { code: number }[]): number {
    return kinds.reduce((sum, kind, id) => sum + (kind.code === code ? (this.kinds[id]?.rows ?? 0) : 0), 0);
  }

  /** The delay, in steps, that this share of the promotions does not exceed: the lower end of a bin of ten steps. */
  delayQuantile(share: number): number | undefined {
    const all = this.delays.reduce((sum, count) => sum + count, 0);
    if (all === 0) return undefined;
    let seen = 0;
    for (let bin = 0; bin < DELAY_BINS; bin += 1) {
      seen += this.delays[bin] as number;
      if (seen >= share * all) return bin * DELAY_STEPS;
    }
    return undefined;
  }

  addAll(other: Tally): void {
    if (other.events === 0) return;
    if (this.events === 0 || other.firstLine < this.firstLine) this.firstLine = other.firstLine;
    this.events += other.events;
    other.kinds.forEach((tally, id) => {
      if (tally === undefined) return;
      const own = (this.kinds[id] ??= { ...tally, rows: 0 });
      own.rows += tally.rows;
      own.firstLine = Math.min(own.firstLine, tally.firstLine);
      own.lastLine = Math.max(own.lastLine, tally.lastLine);
    });
    this.firstStep = Math.min(this.firstStep, other.firstStep);
    this.lastStep = Math.max(this.lastStep, other.lastStep);
    this.warmUpEnd = Math.max(this.warmUpEnd, other.warmUpEnd);
    const memory = this.memSize;
    memory.min = Math.min(memory.min, other.memSize.min);
    if (other.memSize.max > memory.max)
      [memory.max, memory.maxLine] = [other.memSize.max, other.memSize.maxLine];
    if (other.lastLine > this.lastLine) {
      memory.last = other.memSize.last;
      this.shadowSize.last = other.shadowSize.last;
    }
    this.lastLine = Math.max(this.lastLine, other.lastLine);
    this.shadowSize.rows += other.shadowSize.rows;
    if (other.shadowSize.max > this.shadowSize.max)
      [this.shadowSize.max, this.shadowSize.maxLine] = [other.shadowSize.max, other.shadowSize.maxLine];
    this.entropy.rows += other.entropy.rows;
    this.entropy.below += other.entropy.below;
    this.entropy.max = Math.max(this.entropy.max, other.entropy.max);
    if (other.entropy.min < this.entropy.min)
      [this.entropy.min, this.entropy.minLine] = [other.entropy.min, other.entropy.minLine];
    if (other.commits.first < this.commits.first)
      [this.commits.first, this.commits.firstLine] = [other.commits.first, other.commits.firstLine];
    if (other.commits.last > this.commits.last)
      [this.commits.last, this.commits.lastLine] = [other.commits.last, other.commits.lastLine];
    this.commits.count += other.commits.count;
    this.commitSteps.addAll(other.commitSteps);
    this.cells.addAll(other.cells);
    this.merged.addAll(other.merged);
    this.committed.addAll(other.committed);
    other.delays.forEach((count, bin) => {
      (this.delays[bin] as number) += count;
    });
  }

  #shadow(size: number, line: number): void {
    const shadow = this.shadowSize;
    shadow.rows += 1;
    if (size > shadow.max) {
      shadow.max = size;
      shadow.maxLine = line;
    }
    shadow.last = size;
  }

  #entropy(value: number, line: number): void {
    const { entropy } = this;
    entropy.rows += 1;
    if (value < this.#entropyFloor) entropy.below += 1;
    if (value > entropy.max) entropy.max = value;
    if (value < entropy.min) {
      entropy.min = value;
      entropy.minLine = line;
    }
  }

  /**
   * The similarity that decided about the row: `k3_sim` if it was logged, else `sim_max`. -1 means that the memory
   * was empty.
   */
  #scored({ kind, k3Sim, simMax, line }: WriteEvent): void {
    const value = Number.isNaN(k3Sim) ? simMax : k3Sim;
    if (Number.isNaN(value) || value <= -1) return;
    (kind.code === MERGE ? this.merged : this.committed).add(value, line);
  }

  #commit(step: number, line: number): void {
    const { commits } = this;
    commits.count += 1;
    if (step < commits.first) {
      commits.first = step;
      commits.firstLine = line;
    }
    if (step > commits.last) {
      commits.last = step;
      commits.lastLine = line;
    }
    this.commitSteps.add(step);
  }
}

export function stagedAndPromoted(
  tally: Tally,
  kinds: readonly { code: number }[],
): { staged: number; promoted: number } {
  return { staged: tally.rowsOf(STAGE, kinds), promoted: tally.rowsOf(PROMOTE, kinds) };
}

import { median } from "../../base/stats/median.js";
import { mean } from "../../base/stats/moments.js";
import { ownValue } from "../../base/own-value.js";
import type { Factors } from "../../experiment/define.js";

/** A cell whose duration is to be told. */
export interface TimedCell {
  key: string;
  /** Cells of one experiment run before those of the next. */
  experiment: string;
  /** Identifies the work, without the trial. */
  cell: string;
  role: string;
  part?: string | undefined;
  factors: Factors;
}

/** How long the cells that are left will take. */
export interface Left {
  ms: number;
  /** Cells of which nobody knows how long they take; they are not in `ms`. */
  unknown: number;
}

interface Timed {
  size: number;
  ms: number;
}

interface Known {
  factors: Factors;
  ms: number;
}

/** With one size nobody knows how time grows; a promise that is too long at first is believed least. */
const DEFAULT_POWER = 0;
/** Time grows at most with this power of a size: two runs that differ by chance must not promise days. */
const MOST_POWER = 3;
/** The power comes from sizes nearby: at small sizes the start of a process takes most of the time. */
const MOST_POINTS = 12;
/**
 * Two sizes closer than a factor of 2 say nothing of the power: of 12 and 13 a chance of 20 % in the durations would
 * make a power of 2.
 */
const LEAST_LOG_RATIO = Math.log(2) - 1e-9;
/** The level is the median of so many, so that one cell that had to wait for the machine decides nothing. */
const LEVEL_POINTS = 3;
/** A cell that runs longer than expected needs some time more; nobody knows how much. */
const OVERTIME_SHARE = 0.1;

/**
 * Tells how long a grid will take from the durations of its own cells: those of the same point, else those of an earlier
 * run times the speed of this one, else those of the same kind with the nearest size. A mean over all cells is no help:
 * a grid begins with cells that take a second and ends with some of a minute, or the other way round.
 */
export class TimeLeft {
  readonly #slots: (experiment: string) => number;
  readonly #earlier: (cell: TimedCell) => number | undefined;
  readonly #left = new Map<string, TimedCell>();
  readonly #startedMs = new Map<string, number>();
  /** Durations of this run by the place of the cell in the grid. */
  readonly #ended = new Map<string, { of: TimedCell; durations: number[] }>();
  #observedMs = 0;
  #expectedMs = 0;

  /**
   * @param slots cells of an experiment that run at once
   * @param earlier duration of the cell in an earlier run, ms
   */
  constructor(
    cells: readonly TimedCell[],
    slots: (experiment: string) => number,
    earlier: (cell: TimedCell) => number | undefined,
  ) {
    this.#slots = slots;
    this.#earlier = earlier;
    for (const cell of cells) this.#left.set(cell.key, cell);
  }

  started(key: string, nowMs: number): void {
    this.#startedMs.set(key, nowMs);
  }

  ended(key: string, durationMs: number): void {
    const cell = this.#left.get(key);
    this.#startedMs.delete(key);
    if (cell === undefined) return;
    this.#left.delete(key);
    const place = placeOf(cell);
    const known = this.#ended.get(place) ?? { of: cell, durations: [] };
    known.durations.push(durationMs);
    this.#ended.set(place, known);
    const earlier = this.#earlier(cell);
    if (earlier === undefined) return;
    this.#observedMs += durationMs;
    this.#expectedMs += earlier;
  }

  /** Experiments run one after the other, and each takes at least as long as the longest of its cells. */
  left(nowMs: number): Left {
    const experiments = new Map<string, { sum: number; longest: number }>();
    let unknown = 0;
    const kinds = this.#kinds();
    for (const [key, cell] of this.#left) {
      const whole = this.#durationOf(cell, kinds);
      if (whole === undefined) {
        unknown++;
        continue;
      }
      const started = this.#startedMs.get(key);
      const ran = started === undefined ? 0 : nowMs - started;
      const ms = started === undefined ? whole : Math.max(whole - ran, OVERTIME_SHARE * ran);
      const known = experiments.get(cell.experiment) ?? { sum: 0, longest: 0 };
      experiments.set(cell.experiment, { sum: known.sum + ms, longest: Math.max(known.longest, ms) });
    }
    let ms = 0;
    for (const [experiment, { sum, longest }] of experiments)
      ms += Math.max(sum / this.#slots(experiment), longest);
    return { ms, unknown };
  }

  #durationOf(cell: TimedCell, kinds: ReadonlyMap<string, Known[]>): number | undefined {
    const same = this.#ended.get(placeOf(cell));
    if (same !== undefined) return mean(same.durations);
    const earlier = this.#earlier(cell);
    if (earlier !== undefined) return earlier * this.#pace();
    return bySize(cell.factors, kinds.get(kindOf(cell)) ?? []);
  }

  /** How much longer cells take than in earlier runs. */
  #pace(): number {
    return this.#expectedMs > 0 ? this.#observedMs / this.#expectedMs : 1;
  }

  #kinds(): Map<string, Known[]> {
    const kinds = new Map<string, Known[]>();
    for (const { of, durations } of this.#ended.values()) {
      const known = kinds.get(kindOf(of)) ?? [];
      known.push({ factors: of.factors, ms: mean(durations) });
      kinds.set(kindOf(of), known);
    }
    return kinds;
  }
}

function kindOf({ experiment, role, part }: TimedCell): string {
  return JSON.stringify([experiment, role, part]);
}

function placeOf({ experiment, role, part, factors }: TimedCell): string {
  return JSON.stringify([experiment, role, part, factors]);
}

/**
 * The duration at these levels from cells of the same kind: along the one numeric factor in which they differ, with the
 * power that the sizes nearby show; else the mean of the kind. Undefined without any.
 */
function bySize(factors: Factors, known: readonly Known[]): number | undefined {
  const along = new Map<string, Timed[]>();
  for (const { factors: other, ms } of known) {
    const differing = Object.keys(factors).filter((name) => factors[name] !== ownValue(other, name));
    const [name = ""] = differing;
    const size = ownValue(other, name);
    if (differing.length !== 1 || typeof size !== "number" || size <= 0) continue;
    along.set(name, [...(along.get(name) ?? []), { size, ms }]);
  }
  for (const [name, points] of along) {
    const wanted = factors[name];
    if (typeof wanted === "number" && wanted > 0) return atSize(wanted, points);
  }
  return known.length === 0 ? undefined : mean(known.map(({ ms }) => ms));
}

function atSize(wanted: number, points: readonly Timed[]): number {
  const distance = ({ size }: Timed): number => Math.abs(Math.log(size / wanted));
  const near = [...points].sort((a, b) => distance(a) - distance(b)).slice(0, MOST_POINTS);
  const powers = near.flatMap((a, index) =>
    near.slice(index + 1).flatMap((b) => {
      const ratio = Math.log(b.size / a.size);
      return Math.abs(ratio) < LEAST_LOG_RATIO ? [] : [Math.log(b.ms / a.ms) / ratio];
    }),
  );
  const shown = median(powers.filter(Number.isFinite));
  const power = Number.isNaN(shown) ? DEFAULT_POWER : Math.min(MOST_POWER, Math.max(0, shown));
  return median(near.slice(0, LEVEL_POINTS).map(({ size, ms }) => ms * (wanted / size) ** power));
}

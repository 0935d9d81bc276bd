import { largestOf, smallestOf } from "../../base/stats/extremes.js";
import { fixed } from "../../base/format.js";
import { binaryUnitOf, BYTES_IN } from "../../base/size.js";
import type { Axis } from "./figure.js";

/** How one axis maps values to positions, and its ticks and labels. */
export interface Scale {
  /** Ends of the axis, in the units of the data. */
  min: number;
  max: number;
  log: boolean;
  ticks: Tick[];
  /** Label of the axis, with the unit if the ticks do not show it. */
  title: string;
}

export interface Tick {
  at: number;
  label: string;
}

/** Whether these labels fit on the axis. */
export type Fits = (ticks: readonly Tick[]) => boolean;

/** Position of a value between 0 (start of the axis) and 1. */
export function placeOn({ min, max, log }: Scale, value: number): number {
  const along = (at: number): number => (log ? Math.log(at) : at);
  return (along(value) - along(min)) / (along(max) - along(min));
}

/**
 * The ends and ticks of an axis that shows all `values`: as many ticks as fit, at round numbers of its unit.
 */
export function scaleOf(axis: Axis, values: readonly number[], fits: Fits, fromZero: boolean): Scale {
  return axis.scale === "log" ? logScale(axis, values, fits) : linearScale(axis, values, fits, fromZero);
}

interface Unit {
  name: string;
  size: number;
}

/** One unit for all ticks of a linear axis, so that they are short. */
function unitOf({ unit }: Axis, largest: number): Unit {
  if (unit === "bytes") {
    const name = binaryUnitOf(largest);
    return { name, size: BYTES_IN[name] };
  }
  if (unit === "ms") return largest >= 1000 ? { name: "s", size: 1000 } : { name: "ms", size: 1 };
  return unit === "share" ? { name: "%", size: 0.01 } : { name: "", size: 1 };
}

function titled(label: string, unit: string): string {
  if (unit === "") return label;
  return label === "" ? unit : `${label} (${unit})`;
}

const MOST_TICKS = 9;

function linearScale(axis: Axis, values: readonly number[], fits: Fits, fromZero: boolean): Scale {
  const smallest = smallestOf(values);
  const largest = largestOf(values);
  const spread = largest - smallest;
  // A line far above 0 gets an axis that does not start at 0; bars are always shown from 0.
  const zero = fromZero || smallest < 0.6 * largest || spread === 0;
  const low = axis.min ?? (zero ? Math.min(0, smallest) : smallest);
  let high = axis.max ?? (zero ? Math.max(0, largest) : largest);
  if (high <= low) high = low + 1;
  const unit = unitOf(axis, Math.max(Math.abs(low), Math.abs(high)));
  const candidates = steps(axis, (high - low) / unit.size).map((step): Scale => {
    const length = step * unit.size;
    const first = Math.floor(low / length + 1e-9);
    const last = Math.ceil(high / length - 1e-9);
    // An axis of counts ends a little after the last level and not at the next round number.
    const min = axis.min ?? first * length;
    const max = axis.max ?? last * length;
    const ticks: Tick[] = [];
    for (let tick = first; tick <= last; tick++) {
      const at = tick * length;
      if (at >= min - 1e-9 * length && at <= max + 1e-9 * length)
        ticks.push({ at, label: stepLabel(tick * step, step) });
    }
    return { min, max, log: false, ticks, title: titled(axis.label, unit.name) };
  });
  return densest(candidates, fits);
}

/**
 * Round distances between ticks, in the unit: powers of two for bytes, and 1, 2 and 5 times a power of ten
 * for the rest.
 */
function steps({ unit }: Axis, span: number): number[] {
  if (unit === "bytes") {
    const finest = Math.floor(Math.log2(span / MOST_TICKS));
    return Array.from({ length: 8 }, (_, index) => 2 ** (finest + index));
  }
  const finest = Math.floor(Math.log10(span / MOST_TICKS));
  const found = Array.from({ length: 4 }, (_, index) => 10 ** (finest + index)).flatMap((power) =>
    [1, 2, 5].map((digit) => digit * power),
  );
  return unit === "count" ? found.filter((step) => step >= 1) : found;
}

/**
 * A label with as many decimal places as the distance between ticks needs; very small numbers as a power of
 * ten.
 */
function stepLabel(value: number, step: number): string {
  if (step >= 1e-6) return fixed(value, placesOf(step));
  return value === 0 ? "0" : value.toExponential().replace(/(\.\d\d)\d+/, "$1");
}

function placesOf(step: number): number {
  for (let places = 0; places < 9; places++)
    if (Math.abs(step - Number(step.toFixed(places))) < 1e-9 * step) return places;
  return 9;
}

function densest(candidates: readonly Scale[], fits: Fits): Scale {
  const usable = candidates.filter(
    ({ ticks }) => ticks.length >= 1 && ticks.length <= MOST_TICKS && fits(ticks),
  );
  const most = largestOf([0, ...usable.map(({ ticks }) => ticks.length)]);
  const best =
    usable.find(({ ticks }) => ticks.length === most) ??
    candidates.findLast(({ ticks }) => ticks.length > 0) ??
    candidates[0];
  if (best === undefined) throw new Error("an axis has no candidates for its ticks");
  return best;
}

/** Room after the data, as a share of the axis's length, so that no marker lies on its end. */
const MARGIN = 0.05;

function logScale(axis: Axis, values: readonly number[], fits: Fits): Scale {
  const positive = values.filter((value) => value > 0);
  const [smallest, largest] = positive.length === 0 ? [1, 10] : [smallestOf(positive), largestOf(positive)];
  // If the values are close, the axis is made long enough to have at least one round number.
  const least = largest / smallest < 2 ? Math.log(2) : Math.log(1.15);
  const room = Math.max((Math.log(largest) - Math.log(smallest)) * MARGIN, least);
  const min = axis.min ?? smallest / Math.exp(room);
  const max = axis.max ?? largest * Math.exp(room);
  const compact = max >= 1e6;
  const label = (at: number): string =>
    axis.unit === "bytes" ? bytesLabel(at) : numberLabel(axis, at, compact);
  const candidates = logTicks(axis, min, max).map((places): Scale => {
    const ticks = places.filter((at) => at >= min && at <= max).map((at) => ({ at, label: label(at) }));
    const named = axis.unit === "ms" ? "ms" : axis.unit === "share" ? "%" : "";
    return { min, max, log: true, ticks, title: titled(axis.label, named) };
  });
  return densest(candidates, fits);
}

/**
 * Sets of ticks, each with wider distances than the one before: every power of two, every second and so on;
 * or 1-2-5 and decades.
 */
function logTicks({ unit }: Axis, min: number, max: number): number[][] {
  if (unit === "bytes") {
    const [first, last] = [Math.floor(Math.log2(min)), Math.ceil(Math.log2(max))];
    // 2^10 is one whole prefix. These steps divide 10 exactly or nearly, so that labels are round in every
    // prefix.
    return [1, 2, 4, 5, 10, 20].map((step) => multiples(first, last, step).map((exponent) => 2 ** exponent));
  }
  const [first, last] = [Math.floor(Math.log10(min)), Math.ceil(Math.log10(max))];
  const decades = multiples(first, last, 1);
  // On three decades or more, ticks at the decades are enough.
  const within =
    max / min >= 1000
      ? []
      : [
          [1, 2, 5],
          [1, 3],
          [1, 5],
        ];
  return [
    ...within.map((digits) => decades.flatMap((exponent) => digits.map((digit) => digit * 10 ** exponent))),
    ...[1, 2, 3].map((step) => multiples(first, last, step).map((exponent) => 10 ** exponent)),
  ];
}

function multiples(first: number, last: number, step: number): number[] {
  const found: number[] = [];
  for (let each = Math.ceil(first / step) * step; each <= last; each += step) found.push(each);
  return found;
}

function bytesLabel(at: number): string {
  const unit = binaryUnitOf(at);
  const scaled = at / BYTES_IN[unit];
  return `${fixed(scaled, placesOf(scaled))} ${unit}`;
}

function numberLabel({ unit }: Axis, at: number, compact: boolean): string {
  const value = unit === "share" ? 100 * at : at;
  const [size, letter] =
    compact && value >= 1e6 ? [1e6, "M"] : compact && value >= 1000 ? [1000, "k"] : [1, ""];
  return `${fixed(value / size, placesOf(value / size))}${letter}`;
}

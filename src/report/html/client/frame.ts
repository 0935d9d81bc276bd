import type { Axis, Figure } from "../../figure/figure.js";
import type { Fits, Scale, Tick } from "../../figure/scale.js";
import { placeOn, scaleOf } from "../../figure/scale.js";
import { isLying, values } from "../../figure/values.js";

/** Size of letters in a chart, CSS pixels, and the mean width of a letter as a share of it. */
export const LETTER = 12;
const MEAN_WIDTH = 0.56;

/** The position of a chart's plot, CSS pixels, and the scales of its axes. */
export interface Frame {
  width: number;
  height: number;
  left: number;
  top: number;
  plotWidth: number;
  plotHeight: number;
  x: Scale;
  y: Scale;
  lying: boolean;
}

export function lengthOf(text: string): number {
  return text.length * LETTER * MEAN_WIDTH;
}

export function frameOf(figure: Figure, width: number): Frame {
  const lying = isLying(figure);
  const plotHeight = lying ? lyingHeight(figure) : Math.min(360, Math.max(220, width * 0.48));
  const y =
    figure.y.categories === undefined
      ? scaleOf(figure.y, values(figure, "y"), upright(plotHeight), hasFaces(figure))
      : named(figure.y, Math.min(220, width * 0.36), 2, true);
  const left = 10 + Math.max(0, ...y.ticks.flatMap(({ label }) => label.split("\n").map(lengthOf)));
  const right = 22;
  const top = lying || y.title === "" ? 10 : 30;
  const plotWidth = Math.max(60, width - left - right);
  const x =
    figure.x.categories === undefined
      ? scaleOf(figure.x, values(figure, "x"), along(figure.x, plotWidth), lying)
      : named(figure.x, plotWidth / figure.x.categories.length - 6, 4, false);
  const lines = Math.max(1, ...x.ticks.map(({ label }) => label.split("\n").length));
  const height = top + plotHeight + 12 + lines * 15 + (x.title === "" ? 0 : 20);
  return { width, height: Math.ceil(height), left, top, plotWidth, plotHeight, x, y, lying };
}

function hasFaces({ series }: Figure): boolean {
  return series.some(({ kind }) => kind === "bar" || kind === "area");
}

function lyingHeight({ y, series }: Figure): number {
  const groups = new Set(series.map(({ name, stack }) => stack ?? name)).size;
  return (y.categories?.length ?? 1) * (groups === 1 ? 32 : 10 + 18 * groups);
}

function upright(height: number): Fits {
  return (ticks) => (height * 0.9) / Math.max(1, ticks.length - 1) >= LETTER * 2.4;
}

function along(axis: Axis, width: number): Fits {
  return (ticks) => {
    const [first, last] = [ticks[0], ticks.at(-1)];
    if (first === undefined || last === undefined || ticks.length < 2) return true;
    const scale: Scale = { min: first.at, max: last.at, log: axis.scale === "log", ticks: [], title: "" };
    return ticks.every((tick, index) => {
      const next = ticks[index + 1];
      if (next === undefined) return true;
      const distance = (placeOn(scale, next.at) - placeOn(scale, tick.at)) * width * 0.85;
      return distance > (lengthOf(tick.label) + lengthOf(next.label)) / 2 + 8;
    });
  };
}

function named(axis: Axis, width: number, most: number, downwards: boolean): Scale {
  const names = axis.categories ?? [];
  const [low, high] = [-0.5, names.length - 0.5];
  return {
    min: downwards ? high : low,
    max: downwards ? low : high,
    log: false,
    ticks: names.map((name, at): Tick => ({ at, label: wrapped(name, width, most) })),
    title: axis.label,
  };
}

/** Breaks a name into at most `most` lines; a longer one ends with an ellipsis. */
function wrapped(name: string, width: number, most: number): string {
  const longest = Math.max(4, Math.floor(width / (LETTER * MEAN_WIDTH)));
  const lines: string[] = [];
  let line = "";
  for (const word of name.split(/\s+/)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= longest || line === "") line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  lines.push(line);
  const kept = lines.length > most ? [...lines.slice(0, most - 1), lines.slice(most - 1).join(" ")] : lines;
  return kept.map((each) => (each.length > longest ? `${each.slice(0, longest - 1)}…` : each)).join("\n");
}

import type { Axis, Figure } from "./figure.js";
import { wrap } from "./text.js";
import type { Chart } from "./chart-type.js";
import { SIZE } from "./chart-type.js";
import { domainOf, ticksOf } from "./scale.js";
import { axisUnit, scaled } from "./value-text.js";

/** Share of the width that names beside lying bars take at most. */
export const NAMES_SHARE = 0.42;
/** Length that one number with its gap takes along an axis, pt. */
const TICK_ROOM = { x: 42, y: 20 } as const;

/** The encoding of an axis without its field: scale, ticks, and title with the unit. */
export function axisOf(figure: Figure, side: "x" | "y", length: number, width: number): Chart {
  return figure[side].categories === undefined
    ? numberAxis(figure, side, length)
    : nameAxis(
        figure,
        side,
        side === "y" ? width * NAMES_SHARE : length / (figure.x.categories?.length ?? 1) - 3,
      );
}

function numberAxis(figure: Figure, side: "x" | "y", length: number): Chart {
  const axis = figure[side];
  const [low, high] = domainOf(figure, side);
  const domain = [scaled(axis, low), scaled(axis, high)] as const;
  return {
    type: "quantitative",
    scale: {
      type: axis.scale ?? "linear",
      domain,
      nice: false,
      ...(axis.scale === "log" ? {} : { zero: false }),
    },
    axis: {
      title: titleOf(axis),
      values: ticksOf(domain, axis, Math.max(2, Math.floor(length / TICK_ROOM[side]))),
      format: ",.12~g",
      labelOverlap: "greedy",
      labelFlush: false,
      ...(side === "y" ? UPRIGHT : {}),
    },
  };
}

/** The title of an upright axis stands above it, to be read without turning the page. */
export const UPRIGHT = {
  titleAngle: 0,
  titleAnchor: "start",
  titleAlign: "left",
  titleBaseline: "bottom",
  titleX: 0,
  titleY: -5,
} as const;

function nameAxis(figure: Figure, side: "x" | "y", room: number): Chart {
  const { categories = [], label } = figure[side];
  const lines = categories.map((name) => wrap(name, room, SIZE.text).slice(0, side === "y" ? 2 : 5));
  return {
    type: "nominal",
    sort: null,
    scale: { domain: categories, paddingInner: 0.26, paddingOuter: 0.13 },
    axis: {
      title: label === "" ? null : label,
      labelAngle: 0,
      labelOverlap: false,
      ticks: false,
      grid: false,
      labelExpr: `${JSON.stringify(lines)}[indexof(${JSON.stringify(categories)}, datum.value)]`,
      ...(side === "y" ? { ...UPRIGHT, ...centred(categories, lines) } : {}),
    },
  };
}

/** The library sets the first of two lines in the middle of its place, where the second reaches into the next. */
function centred(categories: readonly string[], lines: readonly string[][]): Chart {
  const broken = categories.filter((_, place) => (lines[place]?.length ?? 0) > 1);
  if (broken.length === 0) return {};
  const test = `indexof(${JSON.stringify(broken)}, datum.value) >= 0`;
  return { labelOffset: { condition: { test, value: -SIZE.text / 2 }, value: 0 } };
}

/** Title of an axis with the unit of its values. */
function titleOf(axis: Axis): string | null {
  const unit = axisUnit(axis);
  if (axis.label === "") return unit === "" ? null : unit;
  return unit === "" ? axis.label : `${axis.label} (${unit})`;
}

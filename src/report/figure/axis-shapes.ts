import type { Layout } from "./layout.js";
import { LEADING, SIZE } from "./layout.js";
import { INK, RULE } from "./palette.js";
import type { Scale } from "./scale.js";
import { placeOn } from "./scale.js";
import type { Coordinates, Shape } from "./shapes.js";
import { polyline, text } from "./shapes.js";

const TICK = 2.5;
const AXIS = { color: INK, width: 0.6 };
const GRID = { color: RULE, width: 0.4 };

/**
 * Axes, ticks, their labels and the grid lines. ECharts would round each line to whole points for a screen,
 * and on paper the ticks would then miss their values.
 */
export function axisShapes(
  layout: Layout,
  named: { x: boolean; y: boolean },
): { behind: Shape[]; front: Shape[] } {
  const { left, top, width, height } = layout.plot;
  const [right, bottom] = [left + width, top + height];
  const along = (scale: Scale): { place: number; lines: string[] }[] =>
    scale.ticks.map(({ at, label }) => ({ place: placeOn(scale, at), lines: label.split("\n") }));
  const columns = along(layout.x).map((tick) => ({ ...tick, at: left + tick.place * width }));
  const rows = along(layout.y).map((tick) => ({ ...tick, at: bottom - tick.place * height }));
  const line = (from: Coordinates, to: Coordinates, stroke: typeof AXIS): Shape =>
    polyline([from, to], stroke);
  const word = (at: Coordinates, content: string, align: "center" | "right"): Shape =>
    text(at, content, { size: SIZE.text, color: INK, align });
  return {
    behind: [
      ...(named.x ? [] : columns.map(({ at }) => line([at, top], [at, bottom], GRID))),
      ...(named.y ? [] : rows.map(({ at }) => line([left, at], [right, at], GRID))),
    ],
    front: [
      line([left, top], [left, bottom], AXIS),
      line([left, bottom], [right, bottom], AXIS),
      ...(named.x ? [] : columns.map(({ at }) => line([at, bottom], [at, bottom + TICK], AXIS))),
      ...(named.y ? [] : rows.map(({ at }) => line([left - TICK, at], [left, at], AXIS))),
      ...columns.flatMap(({ at, lines }) =>
        lines.map((each, row) => word([at, bottom + 5 + SIZE.text * (0.6 + LEADING * row)], each, "center")),
      ),
      ...rows.flatMap(({ at, lines }) =>
        lines.map((each, row) =>
          word([left - 4, at + SIZE.text * LEADING * (row - (lines.length - 1) / 2)], each, "right"),
        ),
      ),
    ],
  };
}

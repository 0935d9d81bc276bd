import type { Figure, Mark } from "./figure.js";
import { textWidth } from "./font.js";
import type { Box, Layout } from "./layout.js";
import { SIZE } from "./layout.js";
import { INK, PAPER } from "./palette.js";
import type { Coordinates, Shape } from "./shapes.js";
import { polyline, rect, text } from "./shapes.js";
import { placeOn } from "./scale.js";
import { ARROW, onPlot, sampled } from "./series-shapes.js";
import { valueText } from "./value-text.js";

const DASH = [5, 1.5, 1, 1.5];
const LETTERS = SIZE.text - 0.5;

/** A label and the places where it may stand, best first. */
interface Wish {
  label: string;
  upright: boolean;
  boxes: Box[];
}

/** Lines across the plot and all labels on it. Each label stands where it covers least. */
export function markShapes(figure: Figure, layout: Layout, ink: readonly Coordinates[]): Shape[] {
  const marks = (figure.marks ?? []).filter((mark) => isInside(layout, mark));
  const lines = marks.map((mark) => lineOf(layout, mark));
  const wishes = [...marks.map((mark) => wishOf(layout, mark)), ...boundWishes(figure, layout)];
  const taken: Box[] = [];
  const everything = [...ink, ...lines.flatMap((line) => sampled(line))];
  const labels = wishes.flatMap(({ label, boxes, upright }) => {
    const best = boxes.reduce((found, box) =>
      cost(box, everything, taken, layout) < cost(found, everything, taken, layout) ? box : found,
    );
    taken.push(best);
    const middle: Coordinates = [best.left + best.width / 2, best.top + best.height / 2];
    return [
      // A background that keeps the letters readable over lines.
      rect([best.left, best.top], best.width, best.height, { fill: PAPER, opacity: 0.8 }),
      text(middle, label, {
        size: LETTERS,
        color: INK,
        align: "center",
        ...(upright ? { rotation: Math.PI / 2 } : {}),
      }),
    ];
  });
  return [...lines.map((line) => polyline(line, { color: INK, width: 0.8, dash: DASH })), ...labels];
}

function isInside({ x, y }: Layout, { axis, at }: Mark): boolean {
  const place = placeOn(axis === "x" ? x : y, at);
  return place >= 0 && place <= 1;
}

function lineOf(layout: Layout, { axis, at }: Mark): Coordinates[] {
  const { left, top, width, height } = layout.plot;
  if (axis === "x") {
    const right = left + placeOn(layout.x, at) * width;
    return [[right, top], [right, top + height]]; // prettier-ignore
  }
  const down = top + (1 - placeOn(layout.y, at)) * height;
  return [[left, down], [left + width, down]]; // prettier-ignore
}

function wishOf(layout: Layout, mark: Mark): Wish {
  const { left, top, width, height } = layout.plot;
  const [[right, down]] = lineOf(layout, mark) as [Coordinates];
  const length = textWidth(mark.label, LETTERS) + 2;
  const thick = LETTERS * 1.2;
  if (mark.axis === "y") {
    const starts = spread(width - length);
    const boxes = [down - thick - 1.2, down + 1.2].flatMap((at) =>
      starts.map((start) => ({ left: left + start, top: at, width: length, height: thick })),
    );
    return { label: mark.label, upright: false, boxes };
  }
  const starts = spread(height - length);
  const boxes = [right - thick - 1.2, right + 1.2].flatMap((at) =>
    starts.map((start) => ({ left: at, top: top + start, width: thick, height: length })),
  );
  return { label: mark.label, upright: true, boxes };
}

const PLACES = 12;

/** Possible starts of a label along a line that has this much room. */
function spread(room: number): number[] {
  return Array.from({ length: PLACES + 1 }, (_, place) => 2 + (Math.max(0, room - 4) * place) / PLACES);
}

/** Labels of bounds beside their arrows. Bars have such labels at their ends already. */
function boundWishes(figure: Figure, layout: Layout): Wish[] {
  const heights = (figure.marks ?? []).flatMap((mark) =>
    mark.axis === "y" ? lineOf(layout, mark).map(([, down]) => down) : [],
  );
  return figure.series.flatMap(({ kind, points }) =>
    points.flatMap((point): Wish[] => {
      if (kind === "bar" || point.censored !== true || point.y === undefined) return [];
      const [right, down] = onPlot(layout, { x: point.x, y: point.y });
      // The label of the line already shows this bound.
      if (heights.some((height) => Math.abs(height - down) < 2)) return [];
      const label = `> ${valueText(figure.y, point.y)}`;
      const length = textWidth(label, LETTERS) + 2;
      const thick = LETTERS * 1.2;
      const boxes = [right - length - 3, right + 3].flatMap((at) =>
        [down - ARROW, down - ARROW - thick, down - thick / 2, down + 2, down + 2 + thick].map((height) => ({
          left: at,
          top: height,
          width: length,
          height: thick,
        })),
      );
      return [{ label, upright: false, boxes }];
    }),
  );
}

/** How much a label in this box would cover. Letters cost most, then space outside the plot, then lines. */
function cost(box: Box, ink: readonly Coordinates[], taken: readonly Box[], { plot }: Layout): number {
  const covered = ink.filter(
    ([x, y]) =>
      x > box.left - 1 && x < box.left + box.width + 1 && y > box.top - 1 && y < box.top + box.height + 1,
  ).length;
  const overlaps = taken.filter(
    (other) =>
      other.left < box.left + box.width &&
      box.left < other.left + other.width &&
      other.top < box.top + box.height &&
      box.top < other.top + other.height,
  ).length;
  const outside =
    box.left < plot.left ||
    box.top < plot.top - box.height ||
    box.left + box.width > plot.left + plot.width + 4 ||
    box.top + box.height > plot.top + plot.height;
  return covered + 100 * overlaps + (outside ? 50 : 0);
}

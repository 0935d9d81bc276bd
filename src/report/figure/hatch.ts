import { largestOf, smallestOf } from "../../base/stats/extremes.js";
import type { Look } from "./palette.js";
import type { Coordinates, Shape } from "./shapes.js";
import { polyline } from "./shapes.js";

/**
 * Lines over a face, so that readers can tell it from others without colour. They are drawn one by one,
 * because patterns look different in SVG and PNG. The face is a polygon that closes itself; a point is inside
 * if an odd number of edges surrounds it.
 */
export function hatchLines(face: readonly Coordinates[], { hatch, color }: Look): Shape[] {
  if (hatch === undefined || face.length < 3) return [];
  const turn = (hatch.angle * Math.PI) / 180;
  const [along, across]: [Coordinates, Coordinates] = [
    [Math.cos(turn), Math.sin(turn)],
    [-Math.sin(turn), Math.cos(turn)],
  ];
  const heights = face.map((corner) => dot(corner, across));
  const shapes: Shape[] = [];
  // Counts from one common origin, so that the lines of neighbouring faces continue each other.
  const last = largestOf(heights);
  for (let step = Math.ceil(smallestOf(heights) / hatch.gap); step * hatch.gap < last; step++) {
    const height = step * hatch.gap;
    const crossings = edges(face)
      .flatMap(([from, to]) => {
        const [a, b] = [dot(from, across), dot(to, across)];
        if (a < height === b < height) return [];
        const share = (height - a) / (b - a);
        return [dot(from, along) + share * (dot(to, along) - dot(from, along))];
      })
      .sort((a, b) => a - b);
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      const ends = [crossings[pair], crossings[pair + 1]].map((at = 0): Coordinates => [
        at * along[0] + height * across[0],
        at * along[1] + height * across[1],
      ]);
      shapes.push(polyline(ends, { color, width: 0.5 }));
    }
  }
  return shapes;
}

function dot(a: Coordinates, b: Coordinates): number {
  return a[0] * b[0] + a[1] * b[1];
}

function edges(face: readonly Coordinates[]): [Coordinates, Coordinates][] {
  return face.map((corner, index) => [corner, face[(index + 1) % face.length] ?? corner]);
}

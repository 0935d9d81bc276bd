import type { Marker } from "./palette.js";
import { FONT_STACK } from "./font.js";

/** An element for ECharts; positions are in pt from the upper left corner of the figure. */
export interface Shape {
  type: "polyline" | "polygon" | "rect" | "circle" | "text";
  shape?: Record<string, unknown>;
  style: Record<string, unknown>;
  rotation?: number;
  x?: number;
  y?: number;
  /** A picture does not react to a mouse. */
  silent: true;
  z2?: number;
}

export type Coordinates = readonly [x: number, y: number];

export interface Stroke {
  color: string;
  width: number;
  dash?: readonly number[];
}

export function polyline(points: readonly Coordinates[], { color, width, dash = [] }: Stroke): Shape {
  return {
    type: "polyline",
    shape: { points },
    style: {
      fill: "none",
      stroke: color,
      lineWidth: width,
      lineJoin: "round",
      ...(dash.length === 0 ? {} : { lineDash: [...dash] }),
    },
    silent: true,
  };
}

export function polygon(points: readonly Coordinates[], style: Record<string, unknown>): Shape {
  return { type: "polygon", shape: { points }, style, silent: true };
}

export function rect(
  [left, top]: Coordinates,
  width: number,
  height: number,
  style: Record<string, unknown>,
): Shape {
  return { type: "rect", shape: { x: left, y: top, width, height }, style, silent: true };
}

export interface TextStyle {
  size: number;
  color: string;
  align?: "left" | "center" | "right";
  bold?: boolean;
  /** Radians, counted against the clock. */
  rotation?: number;
}

export function text(at: Coordinates, content: string, style: TextStyle): Shape {
  const { size, color, align = "left", bold = false, rotation = 0 } = style;
  return {
    type: "text",
    style: {
      text: content,
      font: `${bold ? "bold " : ""}${size}px ${FONT_STACK}`,
      fill: color,
      align,
      verticalAlign: "middle",
    },
    x: at[0],
    y: at[1],
    rotation,
    silent: true,
  };
}

export const MARKER_RADIUS = 2.3;

/** A marker, filled with its colour, or with the colour of the paper if it is hollow. */
export function marker(
  kind: Marker,
  [x, y]: Coordinates,
  color: string,
  fill: string,
  r = MARKER_RADIUS,
): Shape {
  const style = { fill, stroke: color, lineWidth: 0.9 };
  const shaped = (corners: readonly Coordinates[]): Shape =>
    polygon(
      corners.map(([right, down]) => [x + r * right, y + r * down]),
      style,
    );
  switch (kind) {
    case "circle":
      return { type: "circle", shape: { cx: x, cy: y, r }, style, silent: true };
    case "square":
      return rect([x - 0.9 * r, y - 0.9 * r], 1.8 * r, 1.8 * r, style);
    case "triangle":
      return shaped([[0, -1.2], [1.1, 0.8], [-1.1, 0.8]]); // prettier-ignore
    case "down":
      return shaped([[0, 1.2], [1.1, -0.8], [-1.1, -0.8]]); // prettier-ignore
    case "diamond":
      return shaped([[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]]); // prettier-ignore
    case "cross":
      return shaped([
        [-0.4, -1.2], [0.4, -1.2], [0.4, -0.4], [1.2, -0.4], [1.2, 0.4], [0.4, 0.4],
        [0.4, 1.2], [-0.4, 1.2], [-0.4, 0.4], [-1.2, 0.4], [-1.2, -0.4], [-0.4, -0.4],
      ]); // prettier-ignore
  }
}

export interface Drawn {
  shapes: Shape[];
  /** Positions that something is drawn on; labels avoid them. */
  ink: Coordinates[];
}

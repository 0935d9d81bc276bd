import { axisShapes } from "./axis-shapes.js";
import type { Figure } from "./figure.js";
import { FONT_STACK } from "./font.js";
import type { Layout, TextLine } from "./layout.js";
import { layoutOf, SAMPLE_GAP, sampleWidth, SIZE } from "./layout.js";
import { markShapes } from "./mark-shapes.js";
import { figureNotes } from "./notes.js";
import type { Look } from "./palette.js";
import { INK, MUTED, PAPER } from "./palette.js";
import { sampleShapes, seriesShapes } from "./series-shapes.js";
import type { Shape } from "./shapes.js";
import { text } from "./shapes.js";

export interface Drawing {
  width: number;
  height: number;
  /** The option object for ECharts. */
  option: Record<string, unknown>;
}

/** A figure in the form that ECharts draws: its axes, and each series at the positions of the layout. */
export function drawingOf(figure: Figure): Drawing {
  const layout = layoutOf(figure, figureNotes(figure));
  const drawn = figure.series.map((series) => ({ series, ...seriesShapes(figure, series, layout) }));
  const ink = drawn.flatMap((each) => each.ink);
  const { plot, width, height } = layout;
  const axes = axisShapes(layout, {
    x: figure.x.categories !== undefined,
    y: figure.y.categories !== undefined,
  });
  const option = {
    animation: false,
    backgroundColor: PAPER,
    textStyle: { fontFamily: FONT_STACK, fontSize: SIZE.text, color: INK },
    grid: { ...plot, containLabel: false },
    xAxis: BARE_AXIS,
    yAxis: BARE_AXIS,
    series: [
      seriesOption("grid", axes.behind, 1),
      ...drawn.map(({ series, shapes }, index) => seriesOption(series.name, shapes, index + 2)),
      seriesOption("marks", markShapes(figure, layout, ink), drawn.length + 2),
      seriesOption("axes", axes.front, drawn.length + 3),
    ],
    graphic: { elements: words(layout) },
  };
  return { width, height, option };
}

/** ECharts needs axes to place series, but the layout has already computed all positions between 0 and 1. */
const BARE_AXIS = { type: "value", min: 0, max: 1, show: false };

function seriesOption(name: string, shapes: readonly Shape[], z: number): Record<string, unknown> {
  return {
    type: "custom",
    name,
    silent: true,
    z,
    coordinateSystem: "cartesian2d",
    data: shapes.length === 0 ? [] : [[0, 0]],
    renderItem: () => ({ type: "group", children: shapes, silent: true }),
  };
}

/** Title, legend, titles of the axes and notes. */
function words(layout: Layout): Shape[] {
  const { title, legend, xTitle, yTitle, notes, looks } = layout;
  const line = (
    { text: content, left, middle }: TextLine,
    style: Partial<Parameters<typeof text>[2]>,
  ): Shape => text([left, middle], content, { size: SIZE.text, color: INK, ...style });
  return [
    ...title.map((each) => line(each, { size: SIZE.title, bold: true })),
    ...legend.flatMap((entry) => [
      ...sampleShapes(
        entry.series,
        looks.get(entry.series) as Look,
        [entry.left - SAMPLE_GAP - sampleWidth(entry.series), entry.middle],
        sampleWidth(entry.series),
      ),
      line(entry, {}),
    ]),
    ...(xTitle === undefined ? [] : [line(xTitle, { align: "center" })]),
    ...(yTitle === undefined ? [] : [line(yTitle, {})]),
    ...notes.map((each) => line(each, { size: SIZE.note, color: MUTED })),
  ];
}

import type { Chart } from "./chart-type.js";
import { barLayers } from "./chart-bars.js";
import { boundLayers, killedLayers, markLayers } from "./chart-signs.js";
import type { Figure, Series } from "./figure.js";
import type { Look } from "./palette.js";
import { INK } from "./palette.js";
import { isLying } from "./values.js";

interface Panel {
  x: Chart;
  y: Chart;
  looks: ReadonlyMap<Series, Look>;
  plotWidth: number;
  height: number;
  legend: Chart | null;
}

/** All marks of a plot, from behind to front. */
export function layersOf(figure: Figure, { x, y, looks, plotWidth, height, legend }: Panel): Chart[] {
  const { series } = figure;
  const domain = series.map(({ name }) => name);
  const channel = (key: keyof Look): Chart => ({
    field: "series",
    type: "nominal",
    scale: { domain, range: series.map((each) => looks.get(each)?.[key]) },
    legend,
  });
  const color = channel("color");
  const bare = { ...color, legend: null };
  const at = (field: string): Chart => ({ x: { ...x, field: "place" }, y: { ...y, field } });
  const has = (of: (each: Series) => boolean): boolean => series.some(of);
  const layers: Chart[] = [];
  const add = (filter: string, mark: Chart, encoding: Chart): void => {
    layers.push({ transform: [{ filter }], mark, encoding });
  };
  if (has(({ kind }) => kind === "area"))
    add(
      "datum.kind === 'area'",
      { type: "area", line: { strokeWidth: 0.6, color: INK } },
      { ...at("line"), y2: { field: "base" }, color },
    );
  for (const kind of ["line", "step"] as const)
    if (has((each) => each.kind === kind))
      add(
        `datum.kind === '${kind}'`,
        // A value that is absent leaves a gap.
        { type: "line", strokeWidth: 1.1, interpolate: kind === "step" ? "step-after" : "linear", invalid: "break-paths-show-path-domains" }, // prettier-ignore
        { ...at("line"), color, strokeDash: channel("dash") },
      );
  if (has(({ kind }) => kind === "bar"))
    layers.push(...barLayers(figure, { x, y, channel, length: isLying(figure) ? height : plotWidth }));
  if (has(({ kind, points }) => kind !== "bar" && points.some(({ low, high }) => low !== high))) {
    add(
      "isValid(datum.low)",
      { type: "rule", strokeWidth: 0.7 },
      { ...at("low"), y2: { field: "high" }, color: bare },
    );
    for (const end of ["low", "high"])
      add(
        "isValid(datum.low)",
        { type: "tick", thickness: 0.7, size: 4, orient: "horizontal" },
        { ...at(end), color: bare },
      );
  }
  if (has(({ kind }) => kind !== "bar" && kind !== "area"))
    add(
      "isValid(datum.marker) && isValid(datum.line)",
      { type: "point", filled: true, opacity: 1 },
      { ...at("line"), color, shape: channel("shape"), size: { field: "marker", type: "quantitative", scale: null, legend: null } }, // prettier-ignore
    );
  if (!isLying(figure))
    layers.push(...boundLayers(figure, { x, y, color: bare }), ...killedLayers(figure, x, height));
  layers.push(...markLayers(figure, height, { x, y }));
  return layers;
}

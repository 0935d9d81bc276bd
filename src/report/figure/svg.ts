import { echarts } from "./echarts.js";
import type { Figure } from "./figure.js";
import { figureName } from "./name.js";
import { drawingOf } from "./option.js";

const MM_PER_PT = 25.4 / 72;

/** A figure as SVG in its printed size. The same figure always gives the same bytes. */
export function figureSvg(figure: Figure): string {
  const { width, height, option } = drawingOf(figure);
  const chart = echarts().init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption(option);
    return finished(chart.renderToSVGString(), figure, width, height);
  } finally {
    // The timer of the chart would keep the process alive.
    chart.dispose();
  }
}

function finished(drawn: string, figure: Figure, width: number, height: number): string {
  const millimetres = (pt: number): string => `${(pt * MM_PER_PT).toFixed(2)}mm`;
  const start = drawn.indexOf(">") + 1;
  const head =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${millimetres(width)}" height="${millimetres(height)}" ` +
    `viewBox="0 0 ${width.toFixed(2)} ${height.toFixed(2)}" role="img">\n` +
    `<title>${escaped(figure.title)}</title>`;
  const body = drawn
    .slice(start)
    // Removes styles for the mouse, which a picture does not need.
    .replace(/<style\s*>[\s\S]*?<\/style>/g, "")
    .replace(/ (?:class|pointer-events|ecmeta_\w+)="[^"]*"/g, "")
    // Some programs that print do not know "central" or the short form of a font. Letters of this font lie
    // between -0.24 and 0.93 em, so their middle is 0.35 em above the base line.
    .replace(/ dominant-baseline="central"/g, "")
    .replace(
      / style="font: (bold )?([\d.]+)px ([^"]*)"/g,
      (_, bold: string | undefined, size: string, family: string) => {
        const weight = bold === undefined ? "" : ' font-weight="bold"';
        return ` y="${(0.35 * Number(size)).toFixed(2)}" font-family="${family}" font-size="${size}"${weight}`;
      },
    )
    // ECharts numbers its charts. The name of the figure replaces this number, so that pictures on one page
    // do not share ids.
    .replace(/\bzr\d+-/g, `${figureName(figure)}-`)
    .replace(/-?\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2)) + 0))
    .replace(/\n{2,}/g, "\n")
    .trimEnd();
  return `${head}${body}\n`;
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

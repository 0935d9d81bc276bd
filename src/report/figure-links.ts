/** A figure beside a page. */
export interface FigureLink {
  title: string;
  /** Relative to the page. */
  folder: string;
  /** Name of its files, without extension. */
  name: string;
  /** Whether there is a PNG beside the SVG. */
  hasPicture: boolean;
}

/** Lists the figures of a page; each is a link to its picture. */
export function figureSection(figures: readonly FigureLink[]): string[] {
  if (figures.length === 0) return [];
  return [
    "## Plots",
    ...figures.map(({ title, folder, name, hasPicture }) => {
      const svg = `${folder}/${name}.svg`;
      const png = hasPicture ? `, [PNG](${folder}/${name}.png)` : "";
      return `![${escaped(title)}](${svg})\n\n[SVG](${svg})${png}`;
    }),
  ];
}

function escaped(text: string): string {
  return text.replace(/[\\[\]<*`]/g, "\\$&").replace(/\s+/g, " ");
}

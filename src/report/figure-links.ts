/** A figure beside a page. */
export interface FigureLink {
  title: string;
  /** Relative to the page. */
  folder: string;
  /** Of its files, without an ending. */
  name: string;
  /** Whether there is a PNG beside the SVG. */
  hasPicture: boolean;
}

/** The figures of a page, each a link to its picture. */
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

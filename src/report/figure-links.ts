/** A figure beside a page. */
export interface FigureLink {
  title: string;
  /** Relative to the page. */
  folder: string;
  /** Name of its files, without extension. */
  name: string;
  endings: readonly FigureEnding[];
}

export type FigureEnding = keyof typeof NAMES;

/** What a file of a figure is, in the order of the links. */
const NAMES = {
  svg: "SVG",
  png: "PNG",
  pdf: "PDF",
  "vl.json": "description (Vega-Lite)",
} as const;

/** Lists the figures of a page; each is a link to its picture. */
export function figureSection(figures: readonly FigureLink[]): string[] {
  if (figures.length === 0) return [];
  return [
    "## Plots",
    ...figures.map(({ title, folder, name, endings }) => {
      const links = (Object.keys(NAMES) as FigureEnding[])
        .filter((ending) => endings.includes(ending))
        .map((ending) => `[${NAMES[ending]}](${folder}/${name}.${ending})`);
      return `![${escaped(title)}](${folder}/${name}.svg)\n\n${links.join(", ")}`;
    }),
  ];
}

function escaped(text: string): string {
  return text.replace(/[\\[\]<*`]/g, "\\$&").replace(/\s+/g, " ");
}

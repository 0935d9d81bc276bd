/** One table for all writers: they differ in marks, not in content. */
export interface Table {
  caption: string;
  columns: { title: string; align: "left" | "right" }[];
  rows: Cell[][];
  /** Conditions and explanations below the table. */
  notes: string[];
}

/** What a place shows. An absent value has a reason, a censored one its bound; neither is a blank or a 0. */
export type Cell = string | { absent: string } | { censored: string; reason: string };

export const ABSENT_MARK = "—";

/** A table whose special cells became text, with a footnote for each reason. */
export interface PlainTable {
  caption: string;
  columns: Table["columns"];
  rows: string[][];
  notes: string[];
}

/** Replaces absent and censored cells by their mark and the number of a footnote; equal reasons share one. */
export function withFootnotes(table: Table): PlainTable {
  const reasons: string[] = [];
  const mark = (text: string, reason: string): string => {
    let index = reasons.indexOf(reason);
    if (index === -1) index = reasons.push(reason) - 1;
    return `${text} [${index + 1}]`;
  };
  const rows = table.rows.map((cells) =>
    cells.map((cell) => {
      if (typeof cell === "string") return cell;
      if ("absent" in cell) return mark(ABSENT_MARK, cell.absent);
      return mark(cell.censored, cell.reason);
    }),
  );
  const footnotes = reasons.map((reason, index) => `[${index + 1}] ${reason}`);
  return { caption: table.caption, columns: table.columns, rows, notes: [...footnotes, ...table.notes] };
}

/** Widths that make all cells of a column equally long. */
export function widthsOf(table: PlainTable, escape: (text: string) => string = (text) => text): number[] {
  return table.columns.map(({ title }, column) =>
    Math.max(3, escape(title).length, ...table.rows.map((row) => escape(row[column] ?? "").length)),
  );
}

export function padded(text: string, width: number, align: "left" | "right"): string {
  return align === "right" ? text.padStart(width) : text.padEnd(width);
}

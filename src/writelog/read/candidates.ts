import type { Layout } from "../layouts.js";
import { BUILT_IN_LAYOUTS } from "../layouts.js";
import { sameColumns } from "./header.js";
import type { Plan } from "./plan.js";
import { FITS, misfit, misfitText, planOf } from "./plan.js";
import type { Row } from "./row.js";

export type LayoutSource = "given" | "header" | "built-in" | "inferred";

export interface UsedLayout extends Layout {
  source: LayoutSource;
  rows: number;
  firstLine: number;
  lastLine: number;
}

export interface Candidate extends UsedLayout {
  plan: Plan;
}

/** The possible layouts by number of fields, in the order in which they are tried. */
export class Candidates {
  readonly #byFields = new Map<number, Candidate[]>();

  constructor(given: readonly Layout[]) {
    for (const layout of given) this.learn(layout, "given");
    for (const layout of BUILT_IN_LAYOUTS) this.learn(layout, "built-in");
  }

  learn(layout: Layout, source: LayoutSource): void {
    const known = this.#byFields.get(layout.columns.length) ?? [];
    if (known.some(({ columns }) => sameColumns(columns, layout.columns))) return;
    const candidate = { ...layout, source, rows: 0, firstLine: 0, lastLine: 0, plan: planOf(layout) };
    // What the user or the file says is tried before what is known from other files.
    const at = source === "header" ? known.findIndex((one) => one.source !== "given") : -1;
    known.splice(at === -1 ? known.length : at, 0, candidate);
    this.#byFields.set(layout.columns.length, known);
  }

  /** Returns the first layout that the row fits. `values` then holds the numbers of the row. */
  of(row: Row, values: Float64Array): Candidate | undefined {
    const known = this.#byFields.get(row.fields);
    if (known === undefined) return undefined;
    for (const candidate of known) if (misfit(candidate.plan, row, values) === FITS) return candidate;
    return undefined;
  }

  /**
   * Whether rows of this layout may be read in one pass. This holds only for the first layout with its number of
   * fields: a row that fits a later layout may also fit an earlier one.
   */
  isPlain(candidate: Candidate): boolean {
    const { columns } = candidate;
    const begins = columns[0] === "step" && columns[1] === "action" && columns[2] === "reason";
    return begins && columns.length > 3 && this.#byFields.get(columns.length)?.[0] === candidate;
  }

  havePlaced(fields: number): boolean {
    return (this.#byFields.get(fields) ?? []).some(({ rows }) => rows > 0);
  }

  all(): Candidate[] {
    return [...this.#byFields.values()].flat();
  }

  used(): UsedLayout[] {
    return this.all()
      .filter(({ rows }) => rows > 0)
      .sort((one, other) => one.firstLine - other.firstLine)
      .map(({ name, columns, source, rows, firstLine, lastLine }) => ({
        name,
        columns,
        source,
        rows,
        firstLine,
        lastLine,
      }));
  }

  whyNot(row: Row, values: Float64Array): string {
    const cut = row.terminated ? "" : "; the last line is cut short";
    // The layout that fits the most fields, from the left, gives the best explanation.
    let best: { plan: Plan; column: number } | undefined;
    for (const { plan } of this.#byFields.get(row.fields) ?? []) {
      const column = misfit(plan, row, values);
      if (best === undefined || column > best.column) best = { plan, column };
    }
    if (best !== undefined) return misfitText(best.plan, best.column, row) + cut;
    return `no layout has ${row.fields} ${row.fields === 1 ? "field" : "fields"}${cut}`;
  }
}

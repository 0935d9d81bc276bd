import type { Layout } from "../layouts.js";
import { BUILT_IN_LAYOUTS } from "../layouts.js";
import { sameColumns } from "./header.js";
import type { Plan } from "./plan.js";
import { FITS, misfit, misfitText, planOf } from "./plan.js";
import type { Row } from "./row.js";

/** How a layout came to be known. */
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

/** The layouts that rows may have, by their number of fields, in the order in which they are tried. */
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
    // Tries what the user or the file says first, then what is known from other files.
    const at = source === "header" ? known.findIndex((one) => one.source !== "given") : -1;
    known.splice(at === -1 ? known.length : at, 0, candidate);
    this.#byFields.set(layout.columns.length, known);
  }

  /** The first layout that a row fits; `values` then holds its numbers. */
  of(row: Row, values: Float64Array): Candidate | undefined {
    const known = this.#byFields.get(row.fields);
    if (known === undefined) return undefined;
    for (const candidate of known) if (misfit(candidate.plan, row, values) === FITS) return candidate;
    return undefined;
  }

  /**
   * Whether rows of a layout may be read in one pass. Only of the first of its length: a row that fits a later one
   * may fit an earlier too.
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

  /** Those that rows were placed in, by their first line. */
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

  /** Why a row fits no layout. */
  whyNot(row: Row, values: Float64Array): string {
    const cut = row.terminated ? "" : "; the last line is cut short";
    // The layout that fits longest says best what is wrong.
    let best: { plan: Plan; column: number } | undefined;
    for (const { plan } of this.#byFields.get(row.fields) ?? []) {
      const column = misfit(plan, row, values);
      if (best === undefined || column > best.column) best = { plan, column };
    }
    if (best !== undefined) return misfitText(best.plan, best.column, row) + cut;
    return `no layout has ${row.fields} ${row.fields === 1 ? "field" : "fields"}${cut}`;
  }
}

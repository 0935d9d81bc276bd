import type { Result } from "../../record/schema.js";
import type { Table } from "../../base/table/table.js";
import type { ValueText } from "./value-text.js";

/** How one kind of source writes the contents of markers. */
export interface PaperFormat {
  /** Lines of a table; the first ones say where it comes from. */
  table: (table: Table, result: Result, name: string) => string[];
  /** A value, followed by a comment that says where it comes from. */
  value: (value: ValueText, result: Result) => string;
  figure: (path: string, options: ReadonlyMap<string, string>, result: Result, name: string) => string[];
  figureOptions: readonly string[];
  /** Extensions of figure files that can be shown, best first. */
  figureEndings: readonly string[];
}

/**
 * Run and journal in a short phrase, for a comment within a line; 16 digits are enough to tell journals
 * apart.
 */
export function shortOrigin({ runId, journalSha256 }: Result, { reason }: { reason?: string }): string {
  return `run ${runId}, journal ${journalSha256?.slice(0, 16) ?? "unknown"}${reason === undefined ? "" : `, ${reason}`}`;
}

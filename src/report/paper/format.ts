import type { Result } from "../../record/schema.js";
import type { Table } from "../../base/table/table.js";
import type { ValueText } from "./value-text.js";

/** How one kind of source says what markers ask for. */
export interface PaperFormat {
  /** Lines of a table, its origin first. */
  table: (table: Table, result: Result, name: string) => string[];
  /** A value and, in a comment behind it, where it is from. */
  value: (value: ValueText, result: Result) => string;
  figure: (path: string, options: ReadonlyMap<string, string>, result: Result, name: string) => string[];
  figureOptions: readonly string[];
  /** Endings of figures' files that can be shown, best first. */
  figureEndings: readonly string[];
}

/** Run and journal in one short phrase, for a comment within a line; 16 digits tell journals apart. */
export function shortOrigin({ runId, journalSha256 }: Result, { reason }: { reason?: string }): string {
  return `run ${runId}, journal ${journalSha256?.slice(0, 16) ?? "unknown"}${reason === undefined ? "" : `, ${reason}`}`;
}

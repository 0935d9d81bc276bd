import type { Layout } from "../layouts.js";
import { BUILT_IN_LAYOUTS } from "../layouts.js";
import type { Row } from "./row.js";

/** A line with more fields is not taken for a header. */
const MOST_NAMES = 256;

/**
 * The column names in a header line. Both `memSize` and `Mem Size` become `mem_size`. Undefined if the line is not a
 * header.
 */
export function headerNames(row: Row): string[] | undefined {
  if (row.fields > MOST_NAMES) return undefined;
  const names: string[] = [];
  for (let field = 0; field < row.fields; field += 1)
    names.push(
      columnName(Buffer.from(row.bytes.subarray(row.starts[field], row.ends[field])).toString("utf8")),
    );
  return names.includes("step") && names.includes("action") ? names : undefined;
}

/** The layout of a header. If a built-in layout has the same columns, that one is returned. */
export function headerLayout(columns: readonly string[]): Layout {
  return (
    BUILT_IN_LAYOUTS.find((layout) => sameColumns(layout.columns, columns)) ?? { name: "header", columns }
  );
}

export function sameColumns(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}

export function columnName(text: string): string {
  return text
    .trim()
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[^\p{L}\p{N}]+/gu, "_")
    .toLowerCase();
}

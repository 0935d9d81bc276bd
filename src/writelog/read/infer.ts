import type { Layout } from "../layouts.js";
import { KNOWN_ACTIONS } from "../layouts.js";
import { kindOf, misfit, planOf, FITS } from "./plan.js";
import { wholeAt } from "./number.js";
import type { Row } from "./row.js";
import { MOST_FIELDS } from "./row.js";

/** Fewer rows say too little about what a column holds. */
const FEWEST_ROWS = 3;
/** The layout of rows with more fields is not inferred. */
export const MOST_INFERRED_FIELDS = 64;
/** Share of the rows in which a field must hold what the name of its column requires. */
const ALMOST_ALL = 0.9;

const SCORES = new Set(["similarity", "positive", "real"]);
const UNKNOWN = /^unknown_\d+$/;
const POINT = 46;
const WHOLE = new Set(["step", "count", "whole"]);

const MATCH = 3;
/** For a column that is empty in all rows: it would fit any number. */
const EMPTY_MATCH = 1;
const MISSING = -2;
const INSERTED = -0.5;
const STEADY = 6;

/** A row of unknown layout, and `mem_size` of the row before it if that is known. */
export interface Unknown {
  row: Row;
  memSizeBefore: number | undefined;
}

/**
 * Finds the layout that explains rows of equal length best. It has the columns of `known` in their order, with
 * unknown columns inserted. Each field must hold what the name of its column requires, and `mem_size` must change by
 * at most one from row to row. Undefined if there is no such layout for nine tenths of the rows.
 */
export function inferLayout(known: readonly string[], rows: readonly Unknown[]): Layout | undefined {
  const fields = rows[0]?.row.fields ?? 0;
  if (rows.length < FEWEST_ROWS || fields > MOST_INFERRED_FIELDS) return undefined;
  const columns = aligned(known, fields, (name, field) => scoreOf(name, field, rows));
  if (columns === undefined || !columns.includes("mem_size")) return undefined;
  const layout = { name: `inferred, ${fields} fields`, columns: withoutGuesses(columns) };
  const plan = planOf(layout);
  const values = new Float64Array(MOST_FIELDS);
  const fitting = rows.filter(({ row }) => misfit(plan, row, values) === FITS).length;
  return fitting >= ALMOST_ALL * rows.length ? layout : undefined;
}

/**
 * Scores look alike. So if an unknown column was inserted among scores, it is uncertain which one it is, and all of
 * them lose their names.
 */
function withoutGuesses(columns: readonly string[]): string[] {
  const stretchOf = (at: number): string[] => {
    let from = at;
    let to = at;
    while (from > 0 && isScore(columns[from - 1])) from -= 1;
    while (to + 1 < columns.length && isScore(columns[to + 1])) to += 1;
    return columns.slice(from, to + 1);
  };
  return columns.map((name, at) =>
    isScore(name) && stretchOf(at).some((other) => UNKNOWN.test(other)) ? `unknown_${at + 1}` : name,
  );
}

function isScore(name: string | undefined): boolean {
  return name !== undefined && (UNKNOWN.test(name) || SCORES.has(kindOf(name)));
}

function scoreOf(name: string, field: number, rows: readonly Unknown[]): number | undefined {
  const plan = planOf({ name: "", columns: [name] });
  const values = new Float64Array(1);
  let fitting = 0;
  let filled = 0;
  for (const { row } of rows) {
    const only = { ...row, starts: row.starts.subarray(field), ends: row.ends.subarray(field) };
    if (misfit(plan, only, values) === FITS) fitting += 1;
    if (row.ends[field] !== row.starts[field]) filled += 1;
    // In a known layout 1.0 may be a whole number. Here such a column is more likely a score.
    if (WHOLE.has(kindOf(name)) && row.bytes.subarray(row.starts[field], row.ends[field]).includes(POINT))
      return undefined;
  }
  if (fitting < ALMOST_ALL * rows.length) return undefined;
  if (name === "action" && !areActions(field, rows)) return undefined;
  if (name !== "mem_size") return filled === 0 || kindOf(name) === "any" ? EMPTY_MATCH : MATCH;
  const share = steadiness(field, rows);
  return share === undefined ? undefined : MATCH + STEADY * share;
}

/** Any word may be an action, but a column counts as the actions only if most of its words are known actions. */
function areActions(field: number, rows: readonly Unknown[]): boolean {
  const known = rows.filter(({ row: { bytes, starts, ends } }) =>
    (KNOWN_ACTIONS as readonly string[]).includes(
      Buffer.from(bytes.subarray(starts[field], ends[field])).toString("latin1"),
    ),
  );
  return known.length >= ALMOST_ALL * rows.length;
}

/** Share of the rows in which the field is within one of `mem_size` before; undefined if it cannot be `mem_size`. */
function steadiness(field: number, rows: readonly Unknown[]): number | undefined {
  let steady = 0;
  let compared = 0;
  let last: number | undefined;
  for (const { row, memSizeBefore } of rows) {
    const value = wholeAt(row.bytes, row.starts[field] as number, row.ends[field] as number);
    const before = memSizeBefore ?? last;
    if (before !== undefined) {
      compared += 1;
      if (Math.abs(value - before) <= 1) steady += 1;
    }
    last = value;
  }
  // One jump is allowed: a new run.
  if (compared - steady > Math.max(1, (1 - ALMOST_ALL) * compared)) return undefined;
  return compared === 0 ? 1 : steady / compared;
}

/** The best alignment of names to fields that keeps the order of both (Needleman and Wunsch, 1970). */
function aligned(
  names: readonly string[],
  fields: number,
  score: (name: string, field: number) => number | undefined,
): string[] | undefined {
  type Choice = { total: number; from: "match" | "missing" | "inserted" | "start" };
  const table: Choice[][] = [];
  for (let n = 0; n <= names.length; n += 1) {
    const line: Choice[] = [];
    table.push(line);
    for (let f = 0; f <= fields; f += 1) {
      if (n === 0 && f === 0) {
        line.push({ total: 0, from: "start" });
        continue;
      }
      const name = names[n - 1] ?? "";
      let best: Choice = { total: Number.NEGATIVE_INFINITY, from: "missing" };
      const offer = (total: number, from: Choice["from"]): void => {
        if (total > best.total) best = { total, from };
      };
      // This is tried first. If two alignments are equally good, the earlier field gets the name.
      if (f > 0) offer((line[f - 1]?.total ?? -Infinity) + INSERTED, "inserted");
      if (n > 0 && f > 0) {
        const matched = score(name, f - 1);
        if (matched !== undefined) offer((table[n - 1]?.[f - 1]?.total ?? -Infinity) + matched, "match");
      }
      if (n > 0 && name !== "step" && name !== "action")
        offer((table[n - 1]?.[f]?.total ?? -Infinity) + MISSING, "missing");
      line.push(best);
    }
  }
  let n = names.length;
  let f = fields;
  if (table[n]?.[f]?.total === Number.NEGATIVE_INFINITY) return undefined;
  const columns: string[] = [];
  while (n > 0 || f > 0) {
    const from = table[n]?.[f]?.from;
    if (from === "match") columns.unshift(names[(n -= 1)] as string);
    else if (from === "inserted") columns.unshift(`unknown_${f}`);
    if (from !== "missing") f -= 1;
    else n -= 1;
  }
  return columns;
}

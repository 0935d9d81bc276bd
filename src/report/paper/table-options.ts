import type { NamedTable } from "../result-tables.js";
import { tablesOf } from "../result-tables.js";
import type { Result } from "../../record/schema.js";
import type { Table } from "../../base/table/table.js";
import { headingOf } from "../../base/table/table.js";
import { suggestion } from "../../base/nearest-name.js";
import { MarkerError } from "./problem.js";
import { optionsOf } from "./words.js";

/** The table that a marker names (the default is `main`), with the marker's options applied. */
export function tableFor(result: Result, name: string | undefined, words: readonly string[]): NamedTable {
  const options = optionsOf(words, ["columns", "caption"]);
  const tables = tablesOf(result);
  const wanted = name ?? "main";
  const found = tables.find((table) => table.name === wanted);
  if (found === undefined) {
    const names = tables.map((table) => table.name);
    throw new MarkerError(
      `${result.experiment} has no table ${wanted}${suggestion(wanted, names) || `; it has ${names.join(", ")}`}.`,
    );
  }
  const columns = options.get("columns");
  const caption = options.get("caption");
  const table = columns === undefined ? found.table : withColumns(found.table, columns);
  return { name: wanted, table: caption === undefined ? table : { ...table, caption } };
}

/**
 * Selects the columns of a list such as "sessions | heap", in its order; each is given by title, heading or
 * number from 1.
 */
function withColumns(table: Table, list: string): Table {
  const places = list.split("|").map((text) => placeOf(table, text.trim()));
  return {
    ...table,
    columns: places.flatMap((place) => table.columns[place] ?? []),
    rows: table.rows.map((row) => places.map((place) => row[place] ?? "")),
  };
}

function placeOf({ columns }: Table, text: string): number {
  if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= columns.length) return Number(text) - 1;
  const fitting = columns.flatMap((column, place) =>
    column.title === text || headingOf(column) === text ? [place] : [],
  );
  if (fitting.length === 1) return fitting[0] ?? 0;
  if (fitting.length > 1)
    throw new MarkerError(
      `${fitting.length} columns are called "${text}"; give the number of one: ${fitting.map((place) => place + 1).join(" or ")}.`,
    );
  const titles = columns.map(({ title }) => title);
  const near = suggestion(text, titles);
  throw new MarkerError(
    `The table has no column "${text}"${near || `; it has ${titles.join(" | ")}`}. Columns are parted by |.`,
  );
}

import type { Row } from "./row.js";

/** Copies a row, whose object is used again for the next row. */
export function heldRow(row: Row): Row {
  const fields = Math.min(row.fields, row.starts.length);
  const from = row.starts[0] as number;
  const to = row.ends[fields - 1] as number;
  const shifted = (places: Int32Array): Int32Array => places.slice(0, fields).map((place) => place - from);
  return {
    ...row,
    // The byte behind the row is copied too: parsing a number stops there.
    bytes: row.bytes.slice(from, to + 1),
    starts: shifted(row.starts),
    ends: shifted(row.ends),
  };
}

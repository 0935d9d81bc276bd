import type { Experiment } from "../experiment/define.js";
import type { Result } from "../record/schema.js";

/** Heading and columns of a table as a result records them. */
export function tableRecord(table: NonNullable<Experiment["table"]>): NonNullable<Result["table"]> {
  const { title, columns, notes } = table;
  return { title, columns: [...columns], ...(notes === undefined ? {} : { notes: [...notes] }) };
}

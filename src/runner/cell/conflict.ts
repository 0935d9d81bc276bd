import type { CellEnd } from "../../record/cell-end.js";

/** What programs say when another one holds a port, a file or a lock that they need. */
const HELD =
  /\b(?:EADDRINUSE|EEXIST|EBUSY|ELOCKED|ETXTBSY|SQLITE_BUSY|SQLITE_LOCKED)\b|address already in use|port \d+ is (?:already )?in use|already (?:in use|locked|running)|database is locked|could not (?:get|acquire|obtain) (?:a |the )?lock/i;

/** Whether a cell may have failed only because a cell beside it held what it needs. */
export function mayBeConflict({ outcome, cause, evidence }: CellEnd): boolean {
  if (outcome !== "crash") return false;
  const { lastOutput } = evidence as { lastOutput?: unknown };
  return HELD.test(cause ?? "") || (typeof lastOutput === "string" && HELD.test(lastOutput));
}

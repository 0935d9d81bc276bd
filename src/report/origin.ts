import type { Result } from "../record/schema.js";

/** Where a table's numbers come from; written as a comment into files that leave the results folder. */
export function originLines(result: Result, table: string): string[] {
  return [`${result.experiment}/${table}, made by bytesper`, originOf(result)];
}

/** Run and journal with the whole hash. With them each number can be traced to its readings. */
export function originOf({ runId, journal, journalSha256 }: Result): string {
  if (journal === undefined) return `run ${runId}, without a journal`;
  return `run ${runId}, journal ${journal}, SHA-256 ${journalSha256 ?? "unknown"}`;
}

import { readFileSync, truncateSync } from "node:fs";

const NEWLINE = 10;

/**
 * Cuts a journal within its last record, as a crash of the machine cuts a write that was under way. Nobody may be
 * writing it.
 *
 * @param random a number in [0, 1) that says where
 */
export function tearTail(journal: string, random: number): void {
  const bytes = readFileSync(journal);
  // What stands behind the last newline is torn already; the record before it is torn as well.
  const end = bytes.lastIndexOf(NEWLINE);
  if (end === -1) return;
  const start = end === 0 ? 0 : bytes.lastIndexOf(NEWLINE, end - 1) + 1;
  truncateSync(journal, start + Math.floor(random * (end + 1 - start)));
}

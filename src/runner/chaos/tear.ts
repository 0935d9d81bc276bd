import { readFileSync, truncateSync } from "node:fs";

const NEWLINE = 10;

/**
 * Cuts a journal inside its last record, as a crash of the machine cuts an unfinished write. No process may
 * be writing the journal.
 *
 * @param random a number in [0, 1) that says where
 */
export function tearTail(journal: string, random: number): void {
  const bytes = readFileSync(journal);
  // Bytes after the last newline are already incomplete. The record before them is cut too.
  const end = bytes.lastIndexOf(NEWLINE);
  if (end === -1) return;
  const start = end === 0 ? 0 : bytes.lastIndexOf(NEWLINE, end - 1) + 1;
  truncateSync(journal, start + Math.floor(random * (end + 1 - start)));
}

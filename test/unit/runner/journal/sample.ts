import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { encodeLine, JOURNAL_VERSION } from "../../../../src/runner/journal/line.js";
import { ownIdentity } from "../../../../src/system/owner.js";
import type { JournalRecord } from "../../../../src/runner/journal/records.js";

const unit = { experiment: "fits", cell: "0123456789abcdef0123", trial: 0 };

/** Records of a short run. Text of several bytes for a character, and what stands for a damaged one, must survive. */
export const RECORDS: readonly JournalRecord[] = [
  { type: "runner", owner: ownIdentity(), command: "run", moreMemory: 1 },
  {
    type: "planned",
    ...unit,
    role: "command",
    factors: { größe: "\u{1f600}\ufffd" },
    instances: 1,
    label: "fits größe=\u{1f600}\ufffd",
    reason: "not run yet",
  },
  { type: "started", ...unit, attempt: 1, beside: 0 },
  { type: "turn", ...unit, attempt: 1, record: { text: 'a\n"b"\\', sum: "0000000000000000" } },
];

/** The bytes of a journal that holds these records, without a writer. */
export function bytesOf(records: readonly JournalRecord[]): Buffer {
  return Buffer.concat(
    records.map((record, seq) =>
      encodeLine({ v: JOURNAL_VERSION, seq, at: "2026-01-31T12:00:00.000Z", ...record }),
    ),
  );
}

/** Offsets at which a record of the journal begins, and that of its end. */
export function boundariesOf(bytes: Buffer): number[] {
  const offsets = [0];
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) offsets.push(at + 1);
  return offsets;
}

/** A folder of the test file's own, removed at its end. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "bytesper-test-"));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

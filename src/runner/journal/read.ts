import { readFileSync } from "node:fs";
import { BytesperError } from "../../base/errors.js";
import { sentence } from "../../base/sentence.js";
import { decodeLine, JOURNAL_VERSION } from "./line.js";
import type { JournalRecord } from "./records.js";

export type WrittenRecord = JournalRecord & { seq: number; at: string };

export interface ReadJournal {
  records: WrittenRecord[];
  /** Length of the complete records, bytes. */
  length: number;
  /** Bytes after the last complete record, from an interrupted write. */
  torn: Buffer;
  bytes: Buffer;
}

const NEWLINE = 0x0a;

/**
 * Reads a journal. An incomplete record at the end, left by a kill or a full disk, is ignored. Other damage
 * throws `BAD_JOURNAL` with the line number, and so does a record of a newer version.
 *
 * @param before an earlier reading, which is the answer where the file has not changed
 */
export function readJournal(path: string, before?: ReadJournal): ReadJournal {
  const bytes = readBytes(path);
  return before?.bytes.equals(bytes) === true ? before : parseJournal(bytes, path);
}

export function parseJournal(bytes: Buffer, path: string): ReadJournal {
  const records: WrittenRecord[] = [];
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(NEWLINE, start);
    // A record is complete only with its newline, which is written last.
    if (end === -1) break;
    const decoded = decodeLine(bytes.subarray(start, end));
    const line = records.length + 1;
    if (!decoded.ok) {
      if (end === bytes.length - 1 && decoded.problem === "not a record") break;
      throw damaged(path, line, decoded.problem);
    }
    const { v, seq } = decoded.record;
    if (typeof v !== "number" || v > JOURNAL_VERSION) {
      throw new BytesperError(
        "BAD_JOURNAL",
        `${path}, line ${line} has version ${String(v)} and this version of bytesper reads up to ${JOURNAL_VERSION}; use a newer bytesper.`,
      );
    }
    if (seq !== records.length)
      throw damaged(path, line, `record ${String(seq)} stands where ${records.length} should`);
    records.push(decoded.record as unknown as WrittenRecord);
    start = end + 1;
  }
  return { records, length: start, torn: bytes.subarray(start), bytes };
}

function damaged(path: string, line: number, problem: string): BytesperError {
  return new BytesperError(
    "BAD_JOURNAL",
    `${path} is damaged in line ${line} (${problem}), before its end; restore the file from a copy, or start a new run.`,
  );
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new BytesperError(
      "BAD_JOURNAL",
      missing
        ? `${path} does not exist; give the folder of a run (--out of the run) or its journal.`
        : `${path} cannot be read: ${sentence(error)}.`,
      { cause: error },
    );
  }
}

import type { OomRecord } from "../../../src/oom/record.js";
import type { ScanResult } from "../../../src/oom/scan.js";
import { scanLog } from "../../../src/oom/scan.js";

export const KIB = 2 ** 10;
export const MIB = 2 ** 20;
export const GIB = 2 ** 30;

/** A text as a log that comes in pieces of `size` bytes. */
export async function* pieces(text: string | Buffer, size = 1 << 16): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text as string);
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

export function scanText(text: string | Buffer, size?: number): Promise<ScanResult> {
  return scanLog(pieces(text, size));
}

export async function recordsOf(text: string | Buffer): Promise<OomRecord[]> {
  return (await scanText(text)).reports.map(({ record }) => record);
}

/** The only report of a text; throws where there are none or several. */
export async function recordOf(text: string | Buffer): Promise<OomRecord> {
  const [record, ...more] = await recordsOf(text);
  if (record === undefined || more.length > 0)
    throw new Error(`expected one report, found ${record === undefined ? 0 : more.length + 1}`);
  return record;
}

export type Figures = Omit<OomRecord, "ranges" | "textRanges" | "details">;

/** A record's figures, with null for what is not named. */
export function figures(framework: string, some: Partial<Figures>): Figures {
  return {
    line: 1,
    framework,
    requestedBytes: null,
    gpuIndex: null,
    totalBytes: null,
    freeBytes: null,
    processInUseBytes: null,
    processScope: null,
    allocatedBytes: null,
    reservedBytes: null,
    reservedKind: null,
    ...some,
  };
}

export function figuresOf(record: OomRecord): Figures {
  const rest: Partial<OomRecord> = { ...record };
  delete rest.ranges;
  delete rest.textRanges;
  delete rest.details;
  return rest as Figures;
}

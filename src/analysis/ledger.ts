import type { LedgerReading } from "../measure/ledger.js";
import { change, isAbsent } from "../system/probe/reading.js";

export interface LedgerLine {
  name: string;
  bytes: number;
  note?: string;
}

export interface LedgerBalance {
  lines: LedgerLine[];
  pssChangeBytes: number;
  /** Change of PSS minus all lines. */
  unexplainedBytes: number;
}

/**
 * Compares what the process says it holds with what the kernel says it holds, from before the first instance
 * to after the whole population. External memory is allocated by malloc, so it is shown as a part of malloc.
 */
export function balance(before: LedgerReading, after: LedgerReading): LedgerBalance | { absent: string } {
  const pss = change(before.pssBytes, after.pssBytes);
  const malloc = change(before.mallocInUseBytes, after.mallocInUseBytes);
  const free = change(before.mallocFreeBytes, after.mallocFreeBytes);
  const files = change(before.pssFileBytes, after.pssFileBytes);
  for (const reading of [pss, malloc, free, files]) if (isAbsent(reading)) return reading;

  const heap = after.heapBytes - before.heapBytes;
  const external = after.externalBytes - before.externalBytes;
  const pages = after.heapPhysicalBytes - before.heapPhysicalBytes - heap;
  const lines: LedgerLine[] = [
    { name: "V8 heap, live objects", bytes: heap, note: "used_heap_size" },
    { name: "V8 heap, pages not filled", bytes: pages, note: "total_physical_size less used_heap_size" },
    { name: "external, declared", bytes: external, note: "external_memory; lies within malloc" },
    {
      name: "native, beyond external",
      bytes: (malloc as number) - external,
      note: "uordblks + hblkhd less external",
    },
    { name: "malloc, free chunks kept", bytes: free as number, note: "fordblks" },
    { name: "file pages touched", bytes: files as number, note: "Pss_File: code and data of libraries" },
  ];
  const explained = lines.reduce((sum, line) => sum + line.bytes, 0);
  return { lines, pssChangeBytes: pss as number, unexplainedBytes: (pss as number) - explained };
}

import type { Draft } from "./draft.js";
import type { FigureName, OomRecord, Range } from "./record.js";

/** The record of what a grammar read, with null for what it did not find. */
export function recordOf(draft: Draft): OomRecord {
  const { view, figures } = draft;
  const bytes = (name: FigureName): number | null => figures.get(name)?.bytes ?? null;
  const ranges: Record<string, Range> = {};
  const textRanges: Record<string, Range> = {};
  for (const [name, { range, place }] of figures) {
    ranges[name] = range;
    textRanges[name] = [view.offsetOf(place[0]), view.offsetOf(place[1] - 1) + 1];
  }
  const used = bytes("processInUseBytes");
  const reserved = bytes("reservedBytes");
  return {
    line: view.lineNumberOf(draft.start),
    framework: draft.framework,
    requestedBytes: bytes("requestedBytes"),
    gpuIndex: draft.gpuIndex ?? null,
    totalBytes: bytes("totalBytes"),
    freeBytes: bytes("freeBytes"),
    processInUseBytes: used,
    processScope: used === null ? null : (draft.processScope ?? null),
    allocatedBytes: bytes("allocatedBytes"),
    reservedBytes: reserved,
    reservedKind: reserved === null ? null : (draft.reservedKind ?? null),
    ranges,
    textRanges,
    details: draft.details,
  };
}

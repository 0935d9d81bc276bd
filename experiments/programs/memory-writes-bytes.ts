import { getHeapStatistics } from "node:v8";
import type { ProgramReading } from "bytesper";
import { GatedMemory } from "../subjects/gated-memory/gated-memory.js";

const MOST_COLLECTIONS = 10;

/**
 * Heap and external bytes per item that are freed when a memory drops its items and the block of their keys. Staged
 * items stay and are not counted.
 */
export function bytesPerItem(memory: GatedMemory): ProgramReading {
  const collect = (globalThis as { gc?: () => void }).gc;
  if (collect === undefined) return { absent: "the process was started without --expose-gc" };
  const items = memory.size;
  if (items === 0) return { absent: "the memory is empty" };
  rehearse();
  settledBytes(collect);
  const full = settledBytes(collect);
  memory.clear();
  const bytes = full - settledBytes(collect);
  // The memory is used after the last collection, so it is alive in both readings.
  return memory.size === 0 ? bytes / items : { absent: "the memory did not drop its items" };
}

/**
 * The first call of a function makes code and feedback, which must not count as memory of the items. It is a function
 * of its own, because the interpreter keeps what a function made alive until the function returns.
 */
function rehearse(): void {
  new GatedMemory({ dimension: 1 }).clear();
}

/** Bytes by formula: 4 for each number of an item's value and of its row of keys, with spare rows. */
export function estimatedBytesPerItem(memory: GatedMemory): number {
  return 4 * memory.settings.dimension * (1 + memory.capacity / Math.max(1, memory.size));
}

/**
 * Collects until two readings in a row are equal: one collection runs weak callbacks, and the next frees what they
 * release.
 */
function settledBytes(collect: () => void): number {
  let last = -1;
  for (let collections = 0; collections < MOST_COLLECTIONS; collections++) {
    collect();
    const bytes = liveBytes();
    if (bytes === last) break;
    last = bytes;
  }
  return last;
}

/** A function of its own, so that its object can be collected next time. */
function liveBytes(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

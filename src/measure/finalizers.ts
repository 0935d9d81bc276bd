import { setImmediate as nextTask } from "node:timers/promises";
import { getHeapStatistics } from "node:v8";
import { mallocInUse } from "../system/probe/malloc.js";
import { isAbsent } from "../system/probe/reading.js";
import type { FullGc } from "./gc.js";

/** Rounds after which the wait for finalizers ends, even where each still frees something. */
const MOST_ROUNDS = 8;

/**
 * FinalizationRegistry callbacks and addon finalizers run as tasks after a collection has found their objects
 * dead. Called after a population was dropped. Finds out whether such tasks free anything here, in V8 or in
 * malloc alone. If they do, returns the step that lets them run between levels; most subjects need no such
 * step, and it costs collections.
 */
export async function finalizerOf(gc: FullGc): Promise<(() => Promise<void>) | undefined> {
  gc.collect();
  const before = liveBytes();
  await runFinalizers(gc);
  return liveBytes() < before ? () => runFinalizers(gc) : undefined;
}

/** Collects and lets tasks run until neither frees anything more. */
async function runFinalizers(gc: FullGc): Promise<void> {
  let last = Number.POSITIVE_INFINITY;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    await nextTask();
    gc.collect();
    const now = liveBytes();
    if (now >= last) return;
    last = now;
  }
}

function liveBytes(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  const malloc = mallocInUse();
  return heap + external + (isAbsent(malloc) ? 0 : malloc);
}

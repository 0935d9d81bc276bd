import { setTimeout as delay } from "node:timers/promises";
import { getHeapStatistics } from "node:v8";
import { fullGc } from "../measure/gc.js";

/**
 * Pause between readings. vitest collects reports about the start of a test for some 100 ms before it sends
 * them.
 */
const PAUSE_MS = 100;
const SAME_READINGS = 3;
const MOST_READINGS = 40;

/**
 * Waits until the heap no longer changes by itself. Otherwise vitest's reports about the start of the test
 * would be counted in the first readings. A process that never becomes quiet is measured nevertheless; the
 * null control then shows the disturbance.
 */
export async function waitUntilQuiet(): Promise<void> {
  const { gc } = fullGc();
  let last = -1;
  for (let reading = 0, same = 0; reading < MOST_READINGS && same < SAME_READINGS; reading++) {
    await delay(PAUSE_MS);
    gc.collect();
    const now = liveBytes();
    same = now === last ? same + 1 : 0;
    last = now;
  }
}

function liveBytes(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

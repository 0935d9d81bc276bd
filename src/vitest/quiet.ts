import { setTimeout as delay } from "node:timers/promises";
import { getHeapStatistics } from "node:v8";
import { fullGc } from "../measure/protocol.js";

/** The runner reports the start of a test, and gathers such reports, some 100 ms after it. */
const PAUSE_MS = 100;
const SAME_READINGS = 3;
const MOST_READINGS = 40;

/**
 * Waits until the heap stays the same by itself: what the runner still has to say about the start of the test
 * would come in the middle of the first readings and be counted there. A process that never becomes quiet is
 * measured all the same; the null control, which is read in the same way, then tells of it.
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

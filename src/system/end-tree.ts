import { setTimeout as pause } from "node:timers/promises";
import type { ProcessTree } from "./process-tree.js";

const LOOK_MS = 50;
/** A process inside a blocked kernel call cannot be killed. After this time the guard stops trying. */
const KILLING_MS = 10_000;

/**
 * Ends all processes of a tree: first SIGTERM, and after the grace time SIGKILL. Returns how many had to be killed.
 */
export async function endTree(tree: ProcessTree, graceMs: number): Promise<number> {
  let left = tree.signal("SIGTERM");
  const patience = performance.now() + graceMs;
  while (left > 0 && performance.now() < patience) {
    await pause(LOOK_MS);
    left = tree.refresh(true).length;
  }
  const killed = left;
  const end = performance.now() + KILLING_MS;
  // Repeated, because a process that was just starting may have been missed.
  while (left > 0 && performance.now() < end) {
    tree.signal("SIGKILL");
    await pause(LOOK_MS);
    left = tree.refresh(true).length;
  }
  return killed;
}

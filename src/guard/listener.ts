import type { GuardEvent } from "./types.js";

/** Warnings and doubts as warnings of Node's, which go to stderr unless the program listens for them. */
export function defaultListener(event: GuardEvent): void {
  if (event.event !== "warned" && event.event !== "doubt") return;
  const code = event.event === "warned" ? "MEMORY_GUARD" : `MEMORY_GUARD_${event.doubt.name}`;
  process.emitWarning(event.message, { type: "MemoryGuard", code });
}

import type { GuardEvent } from "./types.js";

/** Reports warnings and doubts as Node warnings. They go to stderr, unless the program handles them. */
export function defaultListener(event: GuardEvent): void {
  if (event.event !== "warned" && event.event !== "doubt") return;
  const code = event.event === "warned" ? "MEMORY_GUARD" : `MEMORY_GUARD_${event.doubt.name}`;
  process.emitWarning(event.message, { type: "MemoryGuard", code });
}

import { randomBytes } from "node:crypto";

/** Sorts by time of start and does not repeat: 20260131T120000Z-1a2b3c. */
export function newRunId(now = new Date()): string {
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, "");
  return `${stamp}-${randomBytes(3).toString("hex")}`;
}

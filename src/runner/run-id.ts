import { randomBytes } from "node:crypto";

/** A new run id, such as 20260131T120000Z-1a2b3c. Ids sort by start time and do not repeat. */
export function newRunId(now = new Date()): string {
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, "");
  return `${stamp}-${randomBytes(3).toString("hex")}`;
}

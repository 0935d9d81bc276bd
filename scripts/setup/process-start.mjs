import { readFileSync } from "node:fs";

/**
 * When a process started, in ticks since boot: tells it from a later one with the same id. null where the
 * system does not say, or when the process has ended and only its parent has not noticed.
 *
 * The set-up runs before dist exists, so it cannot use `startTicksOf` of src/system/process.ts; a test holds
 * the two to the same answers.
 */
export function startOf(pid, root = "") {
  try {
    const stat = readFileSync(`${root}/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold spaces; state, num_threads and starttime are fields 3, 20 and 22.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [state, threads, started] = [fields[0], Number(fields[17]), fields[19] ?? null];
    // The first thread of a living process may have ended before the others.
    return (state === "Z" || state === "X") && threads <= 1 ? null : started;
  } catch {
    return null;
  }
}

import type { ErrorCode } from "../base/errors.js";
import type { ProgramReading } from "../experiment/define.js";

/** What a cell's readings are for. */
export type CellRole = "row" | "null" | "snapshot" | "program" | "command";

/** How the cap of a cell is held, best first. */
export const ENFORCEMENT_KINDS = [
  "cgroup-v2",
  "systemd-scope",
  "cgroup-v1",
  "rlimit-data",
  "watchdog",
  "none",
] as const;

export type EnforcementKind = (typeof ENFORCEMENT_KINDS)[number];

/** Lines that a cell writes to its file descriptor 3. */
export type CellMessage =
  | { type: "answer"; data: unknown }
  | { type: "error"; code: ErrorCode | undefined; message: string }
  | { type: string; [key: string]: unknown };

/** What a command printed. */
export interface CommandData {
  /** Last number of each name that it printed; `{ absent }` and `{ above, reason }` count as well. */
  readings: Record<string, ProgramReading>;
  /** Lines of JSON objects on stdout. */
  jsonLines: number;
  /** Lines that are none; their text is not kept. */
  otherLines: number;
  outputBytes: number;
}

import type { ErrorCode } from "../base/errors.js";
import type { ProgramReading, ProgramSeries } from "../experiment/define.js";

/** The purpose of a cell's readings. */
export type CellRole = "row" | "null" | "growth" | "snapshot" | "fits" | "program" | "command";

/** Whether V8 may optimise the measured code. */
export const COMPILERS = ["off", "on"] as const;

export type Compilers = (typeof COMPILERS)[number];

/** The ways to enforce the cap of a cell, best first. */
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
  /** Last value of each name that it printed: a number, `{ absent }` or `{ above, reason }`. */
  readings: Record<string, ProgramReading>;
  /** Lines of JSON objects on stdout. */
  jsonLines: number;
  /** Other lines; their text is not kept. */
  otherLines: number;
  outputBytes: number;
  /** Why lines and names were left out, with their number; absent if none was. */
  refused?: Record<string, number>;
  /** Readings over time that the runner took. */
  series?: readonly ProgramSeries[];
  warnings?: readonly { name: string; message: string }[];
}

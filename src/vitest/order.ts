import { readFileSync } from "node:fs";
import type { NodeWork } from "../runner/cell/work.js";
import type { RoundsOrder } from "../inspect/growth/index.js";
import type { LeakWork } from "./leak/snapshots.js";

/** Calls in rounds, as `bytesper growth` makes them. */
export interface RoundsWork {
  kind: "rounds";
  order: RoundsOrder;
}

/**
 * Environment variable with the path of the order's file. It is set in a test run that was started to
 * measure.
 */
export const ORDER_VARIABLE = "BYTESPER_VITEST";

/** Order for a new run of a test file: what to do at which matcher. Plain JSON. */
export interface Order {
  /** Id of the test. vitest derives it from the file's path and the positions of suites and tests in it. */
  test: string;
  /** Number of the matcher call within the test, from 0. */
  call: number;
  /** Source text of the value passed to `expect`. The new run must pass the same. */
  source: string;
  /**
   * Whether `create` gets a new index each time. Otherwise a registry that stores instances by index would
   * replace what it leaks.
   */
  anew: boolean;
  work: NodeWork | LeakWork | RoundsWork;
  /** File for the records and the answer, one line of JSON each. */
  answerFile: string;
  /** Flags with which the measuring process must have been started. */
  flags: string[];
}

/** Error of a factory, so that the test can fail with it. */
export interface Thrown {
  name: string;
  message: string;
  stack?: string;
}

/** The order of this process, if it was started to measure. */
export function orderOfThisProcess(): Order | undefined {
  const file = process.env[ORDER_VARIABLE];
  return file === undefined || file === "" ? undefined : (JSON.parse(readFileSync(file, "utf8")) as Order);
}

/** Text by which two runs of a test can compare their factories. */
export function sourceOf(received: unknown): string {
  if (typeof received === "function") return Function.prototype.toString.call(received);
  if (typeof received !== "object" || received === null) return String(received);
  return Object.entries(received)
    .map(([name, value]) => `${name}: ${typeof value === "function" ? sourceOf(value) : typeof value}`)
    .join("\n");
}

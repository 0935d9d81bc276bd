import { readFileSync } from "node:fs";
import type { NodeWork } from "../runner/cell/work.js";
import type { LeakWork } from "./leak/snapshots.js";

/** Names the file with the order, in the environment of a test run that was started to measure. */
export const ORDER_VARIABLE = "BYTESPER_VITEST";

/** What a fresh run of a test file is asked to do when it comes to the matcher. Plain JSON. */
export interface Order {
  /** Id of the test: the runner derives it from the file's path and the places of suites and tests in it. */
  test: string;
  /** Which matcher call of the test it is, from 0. */
  call: number;
  /** Text of what was handed to `expect`: the fresh run must come with the same. */
  source: string;
  /** Whether `create` is given a new index each time: a registry by index would otherwise replace what it leaks. */
  anew: boolean;
  work: NodeWork | LeakWork;
  /** Where records and the answer go, one line of JSON each. */
  answerFile: string;
  /** Flags that the measuring process must have been started with. */
  flags: string[];
}

/** What a factory threw, so that the test can fail with it. */
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

/** Text by which two runs of a test can tell whether they hold the same factory. */
export function sourceOf(received: unknown): string {
  if (typeof received === "function") return Function.prototype.toString.call(received);
  if (typeof received !== "object" || received === null) return String(received);
  return Object.entries(received)
    .map(([name, value]) => `${name}: ${typeof value === "function" ? sourceOf(value) : typeof value}`)
    .join("\n");
}

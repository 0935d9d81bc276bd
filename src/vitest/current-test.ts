import type { MatcherState } from "vitest";
import * as vitest from "vitest";
import { BytesperError } from "../base/errors.js";

/**
 * vitest 4.1 and later export it here. Older versions have it in a module whose import prints a warning in
 * 4.1.
 */
const runner: { getCurrentTest: () => unknown } =
  "TestRunner" in vitest ? vitest.TestRunner : await import("vitest/suite");

/** The parts of the test runner's record of a test that the matchers read. */
interface Task {
  id: string;
  name: string;
  type: string;
  suite?: { name: string; suite?: Task["suite"]; type?: string };
  file: { filepath: string; name: string; projectName?: string };
  concurrent?: boolean;
  /** `_local` is set when the test has used its own `expect`. */
  context?: { _local?: boolean };
  timeout?: number;
  promises?: Promise<unknown>[];
  result?: { startTime?: number; retryCount?: number; repeatCount?: number };
}

export interface CurrentTest {
  id: string;
  file: string;
  project: string;
  /** Names of the suites and of the test, in the form that the runner's name filter compares. */
  fullName: string;
  /** Number of the matcher call within this attempt at the test, from 0. */
  call: number;
  /** Time that the test has left, ms; Infinity without a timeout. */
  leftMs: number;
  timeoutMs: number;
  /** Makes the test wait for a matcher that was not awaited, and fail if the matcher fails. */
  track: (promise: Promise<unknown>) => void;
}

/** Throws `USAGE` if the current test is unknown. */
export function currentTest(state: MatcherState): CurrentTest {
  const known = (state as { task?: Task }).task;
  const task = known ?? (runner.getCurrentTest() as Task | undefined);
  if (task?.type !== "test") {
    throw new BytesperError(
      "USAGE",
      "The matchers of bytesper measure the test that they stand in; call them within test(), not in a hook or beside the tests.",
    );
  }
  if (task.concurrent === true) requireOwnExpect(task, known !== undefined);
  const attempt = `${task.result?.retryCount ?? 0}/${task.result?.repeatCount ?? 0}`;
  const timeoutMs = task.timeout ?? workerConfig().testTimeout ?? Infinity;
  return {
    id: task.id,
    file: task.file.filepath,
    project: task.file.projectName ?? "",
    fullName: fullName(task),
    call: nextCall(task, attempt),
    leftMs: leftOf(task, timeoutMs),
    timeoutMs,
    track: (promise) => {
      track(task, promise);
    },
  };
}

/**
 * Throws `USAGE` for an `expect` that may belong to another test. The global `expect` belongs to the
 * concurrent test that started last. Before vitest 4, every `expect` does.
 */
function requireOwnExpect(task: Task, isToldTest: boolean): void {
  if (isToldTest && task.context?._local === true) return;
  throw new BytesperError(
    "USAGE",
    isToldTest
      ? "A matcher in a concurrent test needs the test's own expect: test.concurrent(name, async ({ expect }) => ...)."
      : "This vitest does not tell which of its concurrent tests a matcher stands in; make the test sequential, or use vitest 4.",
  );
}

function fullName(task: Task): string {
  const names = [task.name];
  for (let suite = task.suite; suite !== undefined; suite = suite.suite) names.unshift(suite.name);
  return names.filter((name) => name !== "").join(" ");
}

const calls = new WeakMap<Task, { attempt: string; count: number }>();

function nextCall(task: Task, attempt: string): number {
  const before = calls.get(task);
  const count = before?.attempt === attempt ? before.count + 1 : 0;
  calls.set(task, { attempt, count });
  return count;
}

/** Time that the test has left. vitest gives the start time only for the first attempt. */
function leftOf({ result }: Task, timeoutMs: number): number {
  if (timeoutMs === 0 || !Number.isFinite(timeoutMs)) return Infinity;
  const isFirst = (result?.retryCount ?? 0) + (result?.repeatCount ?? 0) === 0;
  const passed = isFirst && result?.startTime !== undefined ? Date.now() - result.startTime : 0;
  return timeoutMs - passed;
}

/**
 * The runner waits for these promises at the end of a test. If one rejects, the test fails with its error.
 */
function track(task: Task, promise: Promise<unknown>): void {
  const promises = (task.promises ??= []);
  const settled = promise.finally(() => {
    const place = promises.indexOf(settled);
    if (place !== -1) void promises.splice(place, 1);
  });
  settled.catch(() => undefined);
  promises.push(settled);
}

interface WorkerConfig {
  root?: string;
  testTimeout?: number;
}

/** The configuration of this worker. It is an internal value of vitest, so it may be missing. */
export function workerConfig(): WorkerConfig {
  const worker = (globalThis as { __vitest_worker__?: { config?: WorkerConfig } }).__vitest_worker__;
  return worker?.config ?? {};
}

import type { MatcherState } from "vitest";
import * as vitest from "vitest";
import { BytesperError } from "../base/errors.js";

/** From vitest 4.1 here; before, from a module whose import that version warns of. */
const runner: { getCurrentTest: () => unknown } =
  "TestRunner" in vitest ? vitest.TestRunner : await import("vitest/suite");

/** What the matchers read of the runner's own record of a test. */
interface Task {
  id: string;
  name: string;
  type: string;
  suite?: { name: string; suite?: Task["suite"]; type?: string };
  file: { filepath: string; name: string; projectName?: string };
  concurrent?: boolean;
  /** `_local` is set once the test has asked for an expect of its own. */
  context?: { _local?: boolean };
  timeout?: number;
  promises?: Promise<unknown>[];
  result?: { startTime?: number; retryCount?: number; repeatCount?: number };
}

/** The test that a matcher was called in. */
export interface CurrentTest {
  id: string;
  file: string;
  project: string;
  /** Names of the suites and of the test, as the runner's name filter sees them. */
  fullName: string;
  /** Which matcher call of this attempt at the test it is, from 0. */
  call: number;
  /** Milliseconds that the test has left; Infinity without a timeout. */
  leftMs: number;
  timeoutMs: number;
  /** Makes the test wait for a matcher that was not awaited, and fail with it. */
  track: (promise: Promise<unknown>) => void;
}

/** Throws `USAGE` where it cannot be told which test it is. */
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

/** The global expect belongs to whichever concurrent test started last; before vitest 4 every expect does. */
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

/** The start is told for the first attempt alone. */
function leftOf({ result }: Task, timeoutMs: number): number {
  if (timeoutMs === 0 || !Number.isFinite(timeoutMs)) return Infinity;
  const isFirst = (result?.retryCount ?? 0) + (result?.repeatCount ?? 0) === 0;
  const passed = isFirst && result?.startTime !== undefined ? Date.now() - result.startTime : 0;
  return timeoutMs - passed;
}

/** The runner waits for these at the end of a test, and fails it with what they reject with. */
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

/** The configuration of this worker; the runner keeps it where only its own code looks, so it may be absent. */
export function workerConfig(): WorkerConfig {
  const worker = (globalThis as { __vitest_worker__?: { config?: WorkerConfig } }).__vitest_worker__;
  return worker?.config ?? {};
}

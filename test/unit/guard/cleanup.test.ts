import { expect, test } from "vitest";
import type { GuardEvent } from "../../../src/guard/index.js";
import { FakeMachine } from "./support.js";

const GIB = 2 ** 30;

function effects(events: readonly GuardEvent[]): unknown[] {
  return events.flatMap((event) => (event.event === "cleanup-done" ? [event.effect] : []));
}

test("a cleanup is called where its rule fires, and what it freed is measured after it", () => {
  const machine = new FakeMachine();
  const guard = machine.guard({
    rules: [
      {
        when: "rssBytes > 2 GiB",
        action: {
          cleanup: () => {
            machine.readings.rssBytes = 0.5 * GIB;
          },
        },
      },
    ],
  });
  machine.next(guard, { rssBytes: 3 * GIB });
  // At once: a cleanup makes new readings due.
  guard.step();
  expect(effects(machine.events)).toEqual([
    { durationMs: 0, before: 3 * GIB, after: 0.5 * GIB, freedBytes: { rssBytes: 2.5 * GIB } },
  ]);
});

test("it is never called while one is under way, and again after the cooldown", async () => {
  const machine = new FakeMachine();
  const finish: (() => void)[] = [];
  const guard = machine.guard({
    rules: [
      {
        when: "rssBytes > 2 GiB",
        cooldown: 200,
        action: { cleanup: () => new Promise<void>((resolve) => finish.push(resolve)) },
      },
    ],
  });
  for (let sample = 0; sample < 10; sample++) machine.next(guard, { rssBytes: 3 * GIB });
  expect(finish).toHaveLength(1);
  finish[0]?.();
  await new Promise(setImmediate);
  expect(finish).toHaveLength(2);
  expect(guard.rules[0]?.cleanups).toBe(2);
});

test("three in a row that free nothing are doubted", () => {
  const machine = new FakeMachine();
  const guard = machine.guard({
    rules: [{ name: "tidy", when: "rssBytes > 2 GiB", cooldown: 0, action: { cleanup: () => undefined } }],
  });
  const fruitless = (): number => machine.doubts().filter((name) => name === "cleanup-without-effect").length;
  // The effect of each is seen by the sample that follows it.
  for (let sample = 0; sample < 3; sample++) machine.next(guard, { rssBytes: 3 * GIB });
  expect(fruitless()).toBe(0);
  machine.next(guard, { rssBytes: 3 * GIB });
  expect(fruitless()).toBe(1);
});

test("one that throws or rejects is doubted and does not end the program", async () => {
  const machine = new FakeMachine();
  const guard = machine.guard({
    rules: [
      {
        name: "throws",
        when: "rssBytes > 2 GiB",
        action: {
          cleanup: () => {
            throw new Error("no cache");
          },
        },
      },
      {
        name: "rejects",
        when: "rssBytes > 2.5 GiB",
        action: { cleanup: () => Promise.reject(new Error("no pool")) },
      },
    ],
  });
  machine.next(guard, { rssBytes: 3 * GIB });
  await new Promise(setImmediate);
  const failed = guard.doubts.filter(({ name }) => name === "cleanup-failed").map(({ message }) => message);
  expect(failed.sort()).toEqual([
    'The cleanup of "rejects" failed: no pool.',
    'The cleanup of "throws" failed: no cache.',
  ]);
});

test("a rule over a number that is set waits for its new value before it judges the cleanup", () => {
  const machine = new FakeMachine();
  const guard = machine.guard({
    numbers: { cached: null },
    rules: [{ when: "cached > 10", action: { cleanup: () => undefined } }],
  });
  guard.set("cached", 20);
  guard.step();
  machine.next(guard, {});
  expect(effects(machine.events)).toEqual([]);
  guard.set("cached", 4);
  guard.step();
  expect(effects(machine.events)).toMatchObject([{ before: 20, after: 4 }]);
});

test("one that never ends is doubted after a minute", () => {
  const machine = new FakeMachine();
  const guard = machine.guard({
    rules: [{ when: "rssBytes > 2 GiB", action: { cleanup: () => new Promise<void>(() => undefined) } }],
  });
  machine.next(guard, { rssBytes: 3 * GIB });
  machine.nowMs += 59_000;
  guard.step();
  expect(machine.doubts()).not.toContain("cleanup-unanswered");
  machine.nowMs += 2_000;
  guard.step();
  expect(machine.doubts()).toContain("cleanup-unanswered");
});

import { describe, expect, test } from "vitest";
import { GuardStop } from "../../../src/guard/index.js";
import { absent } from "../../../src/system/probe/reading.js";
import { FakeMachine } from "./support.js";

const GIB = 2 ** 30;

describe("steps", () => {
  test("a branch is skipped from the step after its threshold to the one after its release", () => {
    const machine = new FakeMachine();
    const guard = machine.guard({
      rules: [{ when: "deviceReservedBytes > 20 GiB", release: "18 GiB", action: { skip: "visualise" } }],
    });
    const allowed = [19, 20.5, 19, 18.5, 18, 19].map((gib) => {
      machine.next(guard, { deviceReservedBytes: gib * GIB });
      return guard.allows("visualise");
    });
    expect(allowed).toEqual([true, false, false, false, true, true]);
  });

  test("what holds changes with a step and not in between", () => {
    const machine = new FakeMachine();
    const guard = machine.guard({ rules: [{ when: "rssBytes > 2 GiB", action: "block" }] });
    machine.next(guard, {});
    machine.readings.rssBytes = 3 * GIB;
    guard.sample();
    expect(guard.mayGrow()).toBe(true);
    guard.step();
    expect(guard.mayGrow()).toBe(false);
  });

  test("readings are sampled when they are old, not at every call", () => {
    const machine = new FakeMachine();
    const guard = machine.guard({ rules: ["rssBytes > 2 GiB"] });
    const before = machine.samples;
    for (let step = 0; step < 1000; step++) guard.step();
    expect(machine.samples - before).toBe(1);
    machine.nowMs = 99;
    guard.step();
    expect(machine.samples - before).toBe(1);
    machine.nowMs = 100;
    guard.step();
    expect(machine.samples - before).toBe(2);
  });

  test("a number of the program's own counts in the very next step", () => {
    const machine = new FakeMachine();
    const guard = machine.guard({
      numbers: { activeFlows: null, maxActiveFlows: 50_000 },
      rules: [{ when: "activeFlows > 0.9 * maxActiveFlows", action: "block" }],
    });
    const grows = [45_000, 45_001, 40_501, 40_500].map((flows) => {
      guard.set("activeFlows", flows);
      return guard.step().mayGrow;
    });
    expect(grows).toEqual([true, false, false, true]);
  });

  test("a callback is read with each sample", () => {
    const machine = new FakeMachine();
    let flows = 5;
    const guard = machine.guard({
      numbers: { flows: () => flows },
      rules: [{ when: "flows > 10", action: "block" }],
    });
    expect(machine.next(guard, {}).mayGrow).toBe(true);
    flows = 11;
    expect(guard.step().mayGrow).toBe(true);
    expect(machine.next(guard, {}).mayGrow).toBe(false);
  });

  test("dear samples come further apart", () => {
    const machine = new FakeMachine();
    // 10 ms each, of which 2 % of the time may go to sampling: 500 ms apart.
    const guard = machine.guard({
      rules: ["slow > 5"],
      numbers: {
        slow: () => {
          machine.nowMs += 10;
          return 1;
        },
      },
    });
    guard.step();
    expect(guard.sampling).toMatchObject({ samples: 1, recentMs: 10, intervalMs: 500 });
    expect(machine.doubts()).toContain("sampling-slowed");
  });

  test.each([
    ["set", /takes no number "activeFlow"; the nearest is activeFlows/],
    ["allows", /no rule that skips "visualize"; the nearest is visualise/],
  ])("%s refuses a name that it does not know", (method, message) => {
    const guard = new FakeMachine().guard({
      numbers: { activeFlows: null },
      rules: [{ when: "activeFlows > 1", action: { skip: "visualise" } }],
    });
    expect(() => {
      if (method === "set") guard.set("activeFlow", 1);
      else guard.allows("visualize");
    }).toThrow(message);
  });
});

describe("stop", () => {
  test("step throws, typed and with the numbers", () => {
    const machine = new FakeMachine();
    const guard = machine.guard({ rules: [{ name: "end", when: "rssBytes > 2 GiB", action: "stop" }] });
    guard.step();
    let thrown: unknown;
    try {
      machine.next(guard, { rssBytes: 3 * GIB });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(GuardStop);
    expect((thrown as GuardStop).reason).toMatchObject({ rule: "end", value: 3 * GIB, threshold: 2 * GIB });
    expect((thrown as GuardStop).message).toBe(
      "The memory guard stopped the program: end: rssBytes is 3,221,225,472 B (3.00 GiB), above its threshold of 2,147,483,648 B (2.00 GiB).",
    );
  });

  test("or answers with it", () => {
    const machine = new FakeMachine();
    const guard = machine.guard({ onStop: "return", rules: [{ when: "rssBytes > 2 GiB", action: "stop" }] });
    expect(machine.next(guard, {}).stop).toBeUndefined();
    expect(machine.next(guard, { rssBytes: 3 * GIB }).stop?.rule).toBe("rssBytes > 2 GiB");
  });
});

describe("cooldown", () => {
  test("a warning comes again only after it", () => {
    const machine = new FakeMachine();
    const guard = machine.guard({ rules: [{ when: "rssBytes > 2 GiB", cooldown: 250 }] });
    for (let sample = 0; sample < 6; sample++) machine.next(guard, { rssBytes: 3 * GIB });
    // At 100, 400 ms; the next would be at 700.
    expect(machine.kinds().filter((kind) => kind === "warned")).toHaveLength(2);
  });

  test("a block lasts at least that long", () => {
    const machine = new FakeMachine();
    const guard = machine.guard({ rules: [{ when: "rssBytes > 2 GiB", cooldown: 250, action: "block" }] });
    const grows = [3, 1, 1, 1, 1].map((gib) => machine.next(guard, { rssBytes: gib * GIB }).mayGrow);
    // Fired at 100 ms, held until 350.
    expect(grows).toEqual([false, false, false, true, true]);
  });
});

describe("what is there", () => {
  test("a threshold above the card is an error that names both numbers", () => {
    expect(() => new FakeMachine().guard({ rules: ["deviceReservedBytes > 30 GB"] })).toThrow(
      /could never fire: its threshold is 30,000,000,000 B \(27.94 GiB\), and deviceReservedBytes is 24,000,000,000 B \(22.35 GiB\) at most/,
    );
  });

  test.each([
    ["deviceReservedBytes >= 24 GB", undefined],
    ["deviceReservedBytes > 24 GB", /could never fire/],
    ["2 * rssBytes > 60 GiB", undefined],
    ["2 * rssBytes > 64 GiB", /could never fire/],
    ["rssBytes + deviceReservedBytes > 50 GiB", undefined],
    ["rssBytes - deviceReservedBytes > 33 GiB", /could never fire/],
    ["rssBytes < 0 B", /could never fire/],
    ["activeFlows > 1e12", undefined],
  ])("%s", (rule, message) => {
    const build = (): unknown => new FakeMachine().guard({ rules: [rule], numbers: { activeFlows: null } });
    if (message === undefined) expect(build).not.toThrow();
    else expect(build).toThrow(message);
  });

  test("a release that the reading cannot reach is an error", () => {
    // 1.1 of 30 GiB is above the 32 GiB that there are.
    expect(() => new FakeMachine().guard({ rules: ["rssBytes < 30 GiB"] })).toThrow(
      /could never be released/,
    );
  });

  test("a rule that holds before anything ran is doubted", () => {
    const machine = new FakeMachine();
    machine.guard({ rules: ["rssBytes > 512 MiB"] });
    expect(machine.doubts()).toEqual(["fires-at-rest"]);
  });

  test("an absent reading makes its rule inert with a doubt that gives the reason", () => {
    const machine = new FakeMachine();
    machine.readings.deviceReservedBytes = absent("no NVIDIA driver");
    machine.capacities.deviceReservedBytes = absent("no NVIDIA driver");
    const guard = machine.guard({ rules: [{ when: "deviceReservedBytes > 1 GiB", action: "block" }] });
    expect(machine.next(guard, {}).mayGrow).toBe(true);
    expect(guard.doubts.map(({ name, message }) => [name, message])).toEqual([
      ["capacity-unknown", expect.stringContaining("no NVIDIA driver") as string],
      [
        "reading-absent",
        expect.stringContaining("deviceReservedBytes is absent (no NVIDIA driver)") as string,
      ],
    ]);
  });

  test("a reading that goes away releases its rule and says so, once for each time", () => {
    const machine = new FakeMachine();
    const guard = machine.guard({ rules: [{ when: "rssBytes > 2 GiB", action: "block" }] });
    machine.next(guard, { rssBytes: 3 * GIB });
    machine.events.length = 0;
    for (let sample = 0; sample < 3; sample++) machine.next(guard, { rssBytes: absent("gone") });
    expect(machine.kinds()).toEqual(["doubt", "released"]);
    expect(guard.mayGrow()).toBe(true);
    machine.next(guard, { rssBytes: 3 * GIB });
    expect(guard.mayGrow()).toBe(false);
  });

  test("a number that is never set is doubted at the first step", () => {
    const machine = new FakeMachine();
    const guard = machine.guard({ numbers: { flows: null }, rules: ["flows > 3"] });
    expect(machine.doubts()).toEqual([]);
    guard.step();
    expect(guard.doubts.map(({ message }) => message)).toEqual([
      'The rule "flows > 3" does nothing at present: flows is absent (the program has not set flows yet).',
    ]);
  });
});

describe("rules that cannot be kept together", () => {
  test.each([
    [["rssBytes > 2 GiB", "rssBytes > 2 GiB"], /is there twice/],
    [
      [
        { when: "rssBytes > 1 GiB", action: "block" },
        { when: "rssBytes < 2 GiB", action: "block" },
      ],
      /one of the two holds at every value, so growth would always be blocked/,
    ],
    [
      [
        { when: "rssBytes > 1 GiB", action: { skip: ["draw", "log"] } },
        { when: "rssBytes <= 1 GiB", action: { skip: "log" } },
      ],
      /log would never be allowed/,
    ],
    [
      [
        { when: "rssBytes > 2 GiB", action: "stop" },
        { when: "rssBytes > 3 GiB", action: "block" },
      ],
      /stops the program before rssBytes comes to 3 GiB/,
    ],
  ] as const)("%j", (rules, message) => {
    expect(() => new FakeMachine().guard({ rules: [...rules] })).toThrow(message);
  });

  test("the same with a gap, or with other actions, is none", () => {
    const rules = [
      { when: "rssBytes > 3 GiB", action: "block" },
      { when: "rssBytes < 2 GiB", action: "block" },
      { name: "low", when: "rssBytes < 4 GiB", action: "warn" },
      { when: "rssBytes > 5 GiB", action: "stop" },
    ] as const;
    expect(() => new FakeMachine().guard({ rules })).not.toThrow();
  });
});

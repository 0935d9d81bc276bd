import { expect, test } from "vitest";
import { byDataLimit, byNothing, byWatchdog } from "../../../../src/runner/limits/enforcements.js";
import { heapLimitMiB } from "../../../../src/runner/limits/index.js";
import { runnerIsDead, runnerName } from "../../../../src/runner/limits/runner-name.js";

const MIB = 2 ** 20;
const NO_GROUPS = { memory: undefined, tree: undefined };

test("RLIMIT_DATA comes with the watchdog for the tree", async () => {
  const limit = await byDataLimit(NO_GROUPS).open({ id: "a", capBytes: 512 * MIB });
  expect(limit.supervisorArguments).toEqual(["--data-limit", "536870912", "--memory-limit", "536870912"]);
  expect(limit.wrap(["supervisor", "x"])).toEqual(["supervisor", "x"]);
});

test("RLIMIT_DATA refuses a cap under which Node hangs", async () => {
  const open = byDataLimit(NO_GROUPS).open({ id: "a", capBytes: 47 * MIB });
  await expect(open).rejects.toMatchObject({ code: "BAD_INPUT" });
  await expect(open).rejects.toThrow(/at least 48 MiB.*47.00 MiB/);
  await expect(byDataLimit(NO_GROUPS).open({ id: "a", capBytes: 48 * MIB })).resolves.toBeDefined();
});

test("the watchdog needs one option, and no cap needs none", async () => {
  const limit = await byWatchdog(NO_GROUPS).open({ id: "a", capBytes: MIB });
  expect(limit.supervisorArguments).toEqual(["--memory-limit", "1048576"]);
  for (const enforcement of [byWatchdog(NO_GROUPS), byDataLimit(NO_GROUPS), byNothing(NO_GROUPS)])
    expect((await enforcement.open({ id: "a", capBytes: undefined })).supervisorArguments).toEqual([]);
});

test("without groups the evidence is absent with reasons, not 0", async () => {
  const evidence = await (await byWatchdog(NO_GROUPS).open({ id: "a", capBytes: MIB })).close();
  expect(evidence).toEqual({
    peak: { absent: "no control group with the memory controller can be made here" },
    oomKills: { absent: "the cap is held by the supervisor's watchdog, not by the kernel" },
    counters: {},
  });
});

test.each(["", "../up", "a b", "_probe", "a/b"])("the name %j is refused", async (id) => {
  await expect(byWatchdog(NO_GROUPS).open({ id, capBytes: MIB })).rejects.toMatchObject({
    code: "BAD_INPUT",
  });
});

test.each([0, -1, 1.5, NaN, 2 ** 60])("a cap of %d bytes is refused", async (capBytes) => {
  for (const enforcement of [byWatchdog(NO_GROUPS), byDataLimit(NO_GROUPS)])
    await expect(enforcement.open({ id: "a", capBytes })).rejects.toThrow(/whole number of bytes above 0/);
});

test.each([
  [512, 0, 448],
  [512, 4, 384],
  [96, 0, 32],
  [16, 0, 32],
])("under a cap of %d MiB with %d workers V8's old space gets %d MiB", (cap, workers, expected) => {
  expect(heapLimitMiB(cap * MIB, workers)).toBe(expected);
});

test("a name tells whether its runner is dead, and says nothing of other namespaces and other folders", ({
  skip,
}) => {
  skip(process.platform !== "linux", "needs Linux");
  const own = runnerName();
  const [, , ticks = "", namespace = ""] = own.split("-");
  expect(runnerIsDead(own)).toBe(false);
  expect(runnerIsDead(own.replace(`-${ticks}-`, "-1-"))).toBe(true);
  expect(runnerIsDead(`bytesper-${process.pid}-1-${Number(namespace) + 1}`)).toBe(false);
  for (const name of ["bytesper", "bytesper-1", "user.slice", `${own}.scope`])
    expect(runnerIsDead(name)).toBe(false);
});

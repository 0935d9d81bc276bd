import { join } from "node:path";
import { expect, test } from "vitest";
import { bytesper, otherNodes, ROOT } from "./cli.js";

interface Answer {
  verdict: string;
  retainedPerCallBytes: { value: number; low: number; high: number };
  nativePerCallBytes: { value: number; absent?: string };
  allocatedPerCallBytes: { value: number };
  onceBytes: number;
  path?: string;
}

const CALLS = join(ROOT, "test/fixtures/leaks/calls.mjs");

async function growth(name: string, node = process.execPath, calls = 64): Promise<Answer> {
  const args = ["growth", `${CALLS}#${name}`, "--json", "--trials", "1", "--calls", String(calls)];
  const { code, stdout, stderr } = await bytesper(args, { node });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Answer;
}

test("a listener for each call grows by the request and its function, and the emitter is named", async () => {
  const answer = await growth("listener");
  expect(answer.verdict).toBe("grows");
  expect(answer.path).toBe(
    "`bus` in calls.mjs > ._events > .tick > [*] > function at calls.mjs:19 > variable `request`",
  );
  // 1,000 bytes of data, the Buffer and its ArrayBuffer, the request, a scope and a function.
  expect(answer.retainedPerCallBytes.value).toBeGreaterThan(1000 + 200);
  expect(answer.retainedPerCallBytes.value).toBeLessThan(1000 + 500);
  expect(answer.allocatedPerCallBytes.value).toBeGreaterThanOrEqual(answer.retainedPerCallBytes.low);
});

test.each([process.execPath, ...otherNodes()])(
  "a storage of context for each call grows on %s",
  async (node) => {
    expect((await growth("contextPerAttempt", node)).verdict).toBe("grows");
  },
);

test("a table that doubles grows, and memory of OpenSSL is native", async () => {
  expect(await growth("table")).toMatchObject({ verdict: "grows", path: "`seen` in calls.mjs" });
  const native = await growth("native");
  expect(native.verdict).toBe("grows");
  if (native.nativePerCallBytes.absent === undefined)
    expect(native.nativePerCallBytes.value).toBeGreaterThan(native.retainedPerCallBytes.value);
});

test("what keeps nothing is flat, and a cache with a limit only fills", async () => {
  expect((await growth("keepsNothing")).verdict).toBe("flat");
  const cache = await growth("boundedCache");
  expect(cache.verdict).toBe("first-calls");
  expect(cache.onceBytes).toBeGreaterThan(500 * 100);
});

// With fewer calls, both would stay below what counts as noise. The first formatters load data of ICU.
test.each([
  ["formatted", "first-calls"],
  ["compiled", "flat"],
])("garbage of %s that piles up between collections is no growth: %s", async (name, verdict) => {
  expect((await growth(name, process.execPath, 1500)).verdict).toBe(verdict);
});

test("an export that is missing is named", async () => {
  const none = await bytesper(["growth", `${CALLS}#nothing`]);
  expect(none.code).toBe(2);
  expect(none.stderr).toMatch(/has no export "nothing"; the module exports .*listener/);
});

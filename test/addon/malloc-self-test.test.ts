import { expect, test } from "vitest";
import { addon, NO_MALLOC_COUNTERS } from "./support/addon.js";
import { inChild } from "./support/child.js";

test("malloc(100,000) takes a chunk of 100,016 bytes", ({ skip }) => {
  skip(NO_MALLOC_COUNTERS !== undefined, NO_MALLOC_COUNTERS);
  // 100,000 + 8 bytes of header, rounded up to 16. The thread's cache of freed chunks is switched off, because a
  // chunk from there was counted as in use before. The block is large because glibc hands out a free chunk whole
  // where less than 32 bytes would be left over, and a new process has many small free chunks.
  const env = { GLIBC_TUNABLES: "glibc.malloc.tcache_count=0" };
  const change = inChild("return addon.mallocSelfTest(100_000);", { env, flags: ["--single-threaded"] });
  expect(change).toBe(100_016);
});

test("a block of 64 MiB takes one page more for its header", ({ skip }) => {
  skip(NO_MALLOC_COUNTERS !== undefined, NO_MALLOC_COUNTERS);
  // 64 MiB is above the largest size from which malloc may be led to use an arena (32 MiB).
  expect(inChild("return [1, 2, 3].map(() => addon.mallocSelfTest(64 * 2 ** 20));")).toEqual(
    [1, 2, 3].map(() => 67_112_960),
  );
});

test("the block is given back", ({ skip }) => {
  skip(NO_MALLOC_COUNTERS !== undefined, NO_MALLOC_COUNTERS);
  const change = inChild(
    `const inUse = () => addon.mallocInfo().inUseBytes;
     addon.mallocSelfTest(64 * 2 ** 20);
     const before = inUse();
     for (let i = 0; i < 100; ++i) addon.mallocSelfTest(64 * 2 ** 20);
     return inUse() - before;`,
    { flags: ["--single-threaded"] },
  );
  expect(change).toBe(0);
});

test("1 GiB is the most that is taken", ({ skip }) => {
  skip(NO_MALLOC_COUNTERS !== undefined, NO_MALLOC_COUNTERS);
  expect(inChild("return addon.mallocSelfTest(2 ** 30);")).toBe(2 ** 30 + 4096);
  expect(() => addon.mallocSelfTest(2 ** 30 + 1)).toThrow(RangeError);
});

test.each([NaN, -1, 0, -0, 0.5, 100.5, Infinity, -Infinity, 2 ** 53, Number.MAX_VALUE, Number.MIN_VALUE])(
  "%d bytes is a RangeError",
  (bytes) => {
    expect(() => addon.mallocSelfTest(bytes)).toThrow(RangeError);
  },
);

const NOT_NUMBERS: unknown[] = [
  undefined,
  null,
  "1",
  true,
  {},
  [],
  1n,
  Symbol("1"),
  () => 1,
  new Number(1),
  { valueOf: () => 1 },
];

test.each(NOT_NUMBERS.map((value) => ({ value })))(
  "an argument that is not a number is a TypeError (%#)",
  ({ value }) => {
    expect(() => addon.mallocSelfTest(value as number)).toThrow(TypeError);
  },
);

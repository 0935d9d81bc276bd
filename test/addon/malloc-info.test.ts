import { join } from "node:path";
import { expect, test } from "vitest";
import type { MallocInfo } from "../../src/system/native/contract.js";
import { addon, NO_MALLOC_COUNTERS, NOT_LINUX, present } from "./support/addon.js";
import { inChild, preloading } from "./support/child.js";
import { compileStandIn, NO_COMPILER } from "./support/stand-in.js";

const MIB = 2 ** 20;

/** What `make`, an expression, changes while its value lives, in a quiet process. */
function changeBy(make: string): MallocInfo {
  return inChild(
    `addon.mallocInfo();
     gc();
     const before = addon.mallocInfo();
     globalThis.held = ${make};
     const after = addon.mallocInfo();
     return Object.fromEntries(Object.keys(before).map((key) => [key, after[key] - before[key]]));`,
    { flags: ["--expose-gc"] },
  ) as MallocInfo;
}

test("in use is uordblks + hblkhd", ({ skip }) => {
  skip(NO_MALLOC_COUNTERS !== undefined, NO_MALLOC_COUNTERS);
  const info = present(addon.mallocInfo());
  expect(info.inUseBytes).toBe(info.uordblksBytes + info.hblkhdBytes);
});

test("arena is what is used and free within arenas", ({ skip }) => {
  skip(NO_MALLOC_COUNTERS !== undefined, NO_MALLOC_COUNTERS);
  const info = present(addon.mallocInfo());
  expect(info.arenaBytes).toBe(info.uordblksBytes + info.fordblksBytes);
});

test("a Buffer of 64 MiB is mapped on its own: hblkhd rises by it, one page for the header, and no more", ({
  skip,
}) => {
  skip(NO_MALLOC_COUNTERS !== undefined, NO_MALLOC_COUNTERS);
  const change = changeBy("Buffer.alloc(64 * 2 ** 20)");
  expect(change.hblkhdBytes).toBe(64 * MIB + 4096);
  expect(Math.abs(change.uordblksBytes)).toBeLessThan(16_384);
});

test("a thousand small Buffers are counted within the arenas", ({ skip }) => {
  skip(NO_MALLOC_COUNTERS !== undefined, NO_MALLOC_COUNTERS);
  const change = changeBy("Array.from({ length: 1000 }, () => new ArrayBuffer(10_000))");
  // malloc(10000) takes a chunk of 10,016 bytes; Node keeps up to 200 bytes of records per ArrayBuffer.
  expect(change.uordblksBytes).toBeGreaterThanOrEqual(10_016_000);
  expect(change.uordblksBytes).toBeLessThan(10_016_000 + 1000 * 200);
  expect(change.hblkhdBytes).toBe(0);
});

test("reading the counter twice in a row reads the same", ({ skip }) => {
  skip(NO_MALLOC_COUNTERS !== undefined, NO_MALLOC_COUNTERS);
  const values = inChild(
    `for (let i = 0; i < 100; ++i) addon.mallocInfo();
     return Array.from({ length: 100 }, () => addon.mallocInfo().inUseBytes);`,
    { flags: ["--single-threaded"] },
  ) as number[];
  expect(new Set(values).size).toBe(1);
});

test("reading the counter takes no block of its own", ({ skip }) => {
  skip(NO_MALLOC_COUNTERS !== undefined, NO_MALLOC_COUNTERS);
  // Freeing a mapped block makes glibc serve blocks of its size from the arenas from then on.
  const change = inChild(
    `for (let i = 0; i < 10; ++i) addon.mallocInfo();
     const before = addon.mallocInfo().hblkhdBytes;
     globalThis.held = new ArrayBuffer(200_000);
     return addon.mallocInfo().hblkhdBytes - before;`,
    // A helper thread of V8 that frees a mapped block of its own would have the same effect.
    { flags: ["--single-threaded"] },
  ) as number;
  expect(change).toBeGreaterThanOrEqual(200_000);
});

test("the readers of /proc do not move the counter", ({ skip }) => {
  skip(NO_MALLOC_COUNTERS !== undefined, NO_MALLOC_COUNTERS);
  const change = inChild(
    `const all = () => { addon.processStatus(); addon.smapsRollup(); addon.pageFaults(); addon.resetVmHwm(); };
     for (let i = 0; i < 100; ++i) all(), addon.mallocInfo();
     const before = addon.mallocInfo().inUseBytes;
     all();
     return addon.mallocInfo().inUseBytes - before;`,
    { flags: ["--single-threaded"] },
  );
  expect(change).toBe(0);
});

test("an allocator that glibc does not see makes the counter absent, not 0", ({ skip }) => {
  skip(NOT_LINUX !== undefined, NOT_LINUX);
  skip(NO_COMPILER !== undefined, NO_COMPILER);
  skip(NO_MALLOC_COUNTERS !== undefined, NO_MALLOC_COUNTERS);
  const library = join(compileStandIn("foreign_malloc.c", "foreign_malloc.so"), "foreign_malloc.so");
  const reason =
    "malloc is not the C library's own (a preloaded allocator?), and mallinfo2 does not count its blocks";
  expect(
    inChild("return [addon.mallocInfo(), addon.mallocSelfTest(1000)];", { env: { LD_PRELOAD: library } }),
  ).toEqual([{ absent: reason }, { absent: reason }]);
});

test("a profiler that hands calls on to glibc leaves the counter present", ({ skip }) => {
  skip(NO_COMPILER !== undefined, NO_COMPILER);
  skip(NO_MALLOC_COUNTERS !== undefined, NO_MALLOC_COUNTERS);
  const library = join(compileStandIn("forwarding_malloc.c", "forwarding_malloc.so"), "forwarding_malloc.so");
  expect(
    inChild("return addon.mallocSelfTest(64 * 2 ** 20);", { env: { LD_PRELOAD: preloading(library) } }),
  ).toBe(64 * MIB + 4096);
});

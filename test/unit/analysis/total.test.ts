import { expect, test } from "vitest";
import type { KernelLine } from "../../../src/analysis/kernel.js";
import { kernelLine } from "../../../src/analysis/kernel.js";
import { addUp, withShared } from "../../../src/analysis/total.js";
import { EXTERNAL, HEAP, KERNEL, NATIVE } from "../../../src/record/total.js";
import type { LedgerReading } from "../../../src/measure/ledger.js";

const exact = (value: number): { value: number; low: number; high: number } => ({
  value,
  low: value,
  high: value,
});
const AT = { span: 1000, v8: "11.3.244.8-node.38" };
const NO_KERNEL = { absent: "not asked" };
const kernel = (all: number, beyond: number): KernelLine => ({
  perUnitBytes: exact(all),
  beyondKnown: exact(beyond),
  mapped: exact(beyond),
  instances: 100,
  mappedAtEndBytes: 100 * beyond,
});

test.each([
  ["heap alone", exact(736), exact(0), exact(0), NO_KERNEL, [[HEAP, 736]]],
  // 98 B of malloc are within 1 % of 14,600 B of heap: V8's books of its pages.
  ["V8's books", exact(14_600), exact(0), exact(98), NO_KERNEL, [[HEAP, 14_600]]],
  [
    "a formatter",
    exact(144),
    exact(0),
    exact(26_251),
    NO_KERNEL,
    [
      [HEAP, 144],
      [NATIVE, 26_251 - 1.44],
    ],
  ],
  [
    "a buffer in malloc",
    exact(8416),
    exact(8192),
    exact(8192),
    NO_KERNEL,
    [
      [HEAP, 224],
      [EXTERNAL, 8192],
    ],
  ],
  // Mapped memory is declared, and neither malloc nor what is known lacks it.
  [
    "mapped memory",
    exact(262_328),
    exact(262_144),
    exact(160),
    { ...kernel(262_400, 0), mapped: exact(262_200), mappedAtEndBytes: 26_220_000 },
    [
      [HEAP, 184],
      [EXTERNAL, 262_144],
    ],
  ],
  // It grew by 3.4 MB at one of the sizes, of which each instance then takes its pages.
  [
    "a WebAssembly memory that grows once for many",
    exact(3370),
    exact(0),
    exact(17),
    { ...kernel(67_243, 63_800), beyondKnown: { value: 63_800, low: -20_000, high: 67_000 } },
    [
      [HEAP, 3370],
      [KERNEL, 63_800],
    ],
  ],
  [
    "a worker",
    exact(10_000),
    exact(0),
    exact(860_000),
    kernel(7_300_000, 6_400_000),
    [
      [HEAP, 10_000],
      [NATIVE, 859_900],
      [KERNEL, 6_400_000],
    ],
  ],
  [
    "pages that only one half of the line shows",
    exact(150),
    exact(0),
    exact(0),
    {
      ...kernel(165, 15),
      mapped: { value: 15, low: 1, high: 30 },
      instances: 100_000,
      mappedAtEndBytes: 1_500_000,
    },
    [[HEAP, 150]],
  ],
  // 4 B of 100,000 instances are 0.4 MB, which V8 and malloc hold in reserve.
  ["pages in reserve", exact(32), exact(0), exact(0), { ...kernel(36, 4), instances: 100_000 }, [[HEAP, 32]]],
  // 1,176 syntax trees on a busy machine: the process grew by 150 kB less than V8's pages did, and 1,000 B of each seemed
  // to be in no page of V8's, because the first populations lay in pages that it had.
  [
    "pages that V8 had before",
    exact(2656),
    exact(0),
    exact(0),
    { ...kernel(3600, 1000), instances: 1176, mappedAtEndBytes: -150_000 },
    [[HEAP, 2656]],
  ],
  ["pages that are not full", exact(1000), exact(0), exact(0), kernel(1040, 40), [[HEAP, 1000]]],
] as const)("%s", (_, perUnit, external, malloc, line, parts) => {
  const total = addUp(perUnit, external, malloc, line, AT);
  expect(total.parts?.map(({ name, bytes }) => [name, bytes])).toEqual(parts);
  const sum = parts.reduce((all, [, bytes]) => all + bytes, 0);
  expect(total.totalPerUnitBytes).toMatchObject({ value: sum });
});

test("without malloc and without the kernel there is no total", () => {
  const absent = { absent: "the addon is not built" };
  expect(addUp(exact(144), exact(0), absent, absent, AT)).toEqual({ totalPerUnitBytes: absent });
});

test("the range of the kernel's line is in that of the total", () => {
  const line = {
    ...kernel(262_512, 0),
    mapped: { value: 261_000, low: 260_000, high: 263_000 },
    mappedAtEndBytes: 26_100_000,
  };
  expect(addUp(exact(216), exact(0), exact(0), line, AT).totalPerUnitBytes).toEqual({
    value: 261_216,
    low: 260_216,
    high: 263_216,
  });
});

test("a share of what all use is a part of its own, and is counted", () => {
  const own = addUp(exact(40), exact(0), exact(0), NO_KERNEL, AT);
  const shared = { bytes: 80_000, perUnitBytes: 80, what: "Float64Array" };
  const total = withShared(own, shared);
  expect(total.totalPerUnitBytes).toEqual(exact(120));
  expect(total.parts).toEqual([
    { name: HEAP, bytes: 40 },
    { name: "a share of what all use", bytes: 80 },
  ]);
  expect(withShared(own, undefined)).toBe(own);
});

function ledger(
  instances: number,
  anon: number,
  heap: number,
): { instances: number; reading: LedgerReading } {
  const unread = { absent: "not read" };
  return {
    instances,
    reading: {
      heapBytes: heap,
      heapPhysicalBytes: heap,
      externalBytes: 0,
      mallocInUseBytes: 0,
      mallocFreeBytes: 0,
      pssBytes: anon,
      pssAnonBytes: anon,
      pssFileBytes: unread,
      rssBytes: unread,
    },
  };
}

test("the kernel's line leaves out the first size, which pays what is paid once", () => {
  // 7 MiB an instance of which V8 knows 1 MiB; 20 MiB are paid with the first.
  const MiB = 2 ** 20;
  const sizes = [0, 1, 2, 3, 4, 5];
  const line = kernelLine(sizes.map((n) => ledger(n, n === 0 ? 0 : (20 + 7 * n) * MiB, n * MiB)));
  expect(line).toMatchObject({ perUnitBytes: exact(7 * MiB), beyondKnown: exact(6 * MiB) });
});

test("live objects that V8 counts for fewer pages than they take are no other memory", () => {
  // Each instance takes 1 MiB of heap, of which V8 says that 0.9 MiB lie in pages.
  const MiB = 2 ** 20;
  const line = kernelLine(
    [0, 1, 2, 3, 4, 5].map((n) => {
      const { instances, reading } = ledger(n, n * MiB, n * MiB);
      return { instances, reading: { ...reading, heapPhysicalBytes: 0.9 * n * MiB } };
    }),
  );
  expect(line).toMatchObject({ beyondKnown: exact(0) });
});

test("a population that changes few pages gives no line", () => {
  const sizes = [0, 100, 200, 300, 400];
  expect(kernelLine(sizes.map((n) => ledger(n, n * 1024, 0)))).toEqual({
    absent: "400 instances change the process by 300 KiB of pages, which is too little to tell",
  });
});

test("V8 since 13 takes 2.3 % of its heap for its books of pages, and 0.65 % before", () => {
  const of = (v8: string): unknown =>
    addUp(exact(24_048), exact(0), exact(574), NO_KERNEL, { span: 1000, v8 }).parts;
  expect(of("13.6.233.10-node.20")).toEqual([{ name: HEAP, bytes: 24_048 }]);
  expect(of("12.4.254.21-node.33")).toEqual([
    { name: HEAP, bytes: 24_048 },
    { name: NATIVE, bytes: 574 - 240.48 },
  ]);
});

import { expect, test } from "vitest";
import { reserve } from "../../../src/model/index.js";

const MIB = 2 ** 20;

function reserved(...blocks: [bytes: number, copies: number][]): number {
  return reserve(blocks.map(([bytes, copies]) => ({ bytes, copies }))).reservedBytes / MIB;
}

test.each([
  [1, 2],
  [MIB, 2],
  [MIB + 1, 20],
  [10 * MIB - 512, 20],
  [10 * MIB - 511, 10],
  [10 * MIB, 10],
  [10 * MIB + 1, 12],
  [100 * MIB, 100],
])("a block of %d bytes reserves %d MiB", (bytes, expected) => {
  expect(reserved([bytes, 1])).toBe(expected);
});

test("small blocks share segments of 2 MiB, in steps of 512 bytes", () => {
  expect(reserved([1, 4096])).toBe(2);
  expect(reserved([1, 4097])).toBe(4);
  expect(reserved([513, 2048])).toBe(2);
  expect(reserved([MIB, 3])).toBe(4);
});

test("blocks of 1 to 10 MiB share segments of 20 MiB, which none of them straddles", () => {
  expect(reserved([4 * MIB, 5])).toBe(20);
  expect(reserved([4 * MIB, 6])).toBe(40);
  expect(reserved([7 * MIB, 4])).toBe(40);
});

test("a smaller block goes where a larger one left room", () => {
  // 20 - 2 x 7 leaves 6 in each of two segments.
  expect(reserved([7 * MIB, 4], [6 * MIB, 2])).toBe(40);
  expect(reserved([7 * MIB, 4], [6 * MIB, 3])).toBe(60);
  // A rest of 6 holds two of 3, and a half-filled segment the others.
  expect(reserved([7 * MIB, 3], [3 * MIB, 6])).toBe(40);
});

test("a rest of 1 MiB or less of a large segment is not split off", () => {
  // 19 MiB leave 1 MiB, too little for a block of over 1 MiB; small blocks have segments of their own.
  expect(reserved([9.5 * MIB, 2], [MIB, 1])).toBe(22);
});

test("nothing reserves nothing, and large blocks are counted singly", () => {
  expect(reserve([])).toEqual({ requestedBytes: 0, reservedBytes: 0, small: 0, shared: 0, own: 0 });
  expect(reserve([{ bytes: 11 * MIB, copies: 1000 }])).toMatchObject({
    requestedBytes: 11_000 * MIB,
    reservedBytes: 12_000 * MIB,
    own: 1000,
  });
});

import { expect, test } from "vitest";
import type { NvmlDevice } from "../../../src/system/native/contract.js";
import { believable } from "../../../src/system/probe/nvml.js";

const MIB = 2 ** 20;
const ALL_ONES = 2 ** 64;
const device: NvmlDevice = {
  index: 0,
  name: "a card",
  uuid: "GPU-1",
  totalBytes: 100 * MIB,
  usedBytes: 30 * MIB,
  freeBytes: 70 * MIB,
  reservedBytes: 5 * MIB,
  usedIncludesReserved: true,
  processes: [{ pid: 7, usedBytes: 20 * MIB }],
  ownUsedBytes: 20 * MIB,
};

test("numbers that can be are believed", () => {
  expect(believable(device)).toEqual(device);
});

test.each(["usedBytes", "freeBytes", "reservedBytes", "ownUsedBytes"] as const)(
  "%s above what the device has is absent with both numbers",
  (name) => {
    expect(believable({ ...device, [name]: 100 * MIB + 1 })[name]).toEqual({
      absent: "the driver says 104857601 bytes, more than the 104857600 of the device",
    });
    expect(believable({ ...device, [name]: 100 * MIB })[name]).toBe(100 * MIB);
  },
);

test("all ones are no size, also of a process and of the device itself", () => {
  const { totalBytes, usedBytes, processes } = believable({
    ...device,
    totalBytes: ALL_ONES,
    usedBytes: ALL_ONES,
    processes: [{ pid: 7, usedBytes: ALL_ONES }],
  });
  const absent = { absent: "the driver says 18446744073709552000 bytes, which cannot be" };
  expect([totalBytes, usedBytes, processes]).toEqual([absent, absent, [{ pid: 7, usedBytes: absent }]]);
});

test("a device of 0 bytes says nothing of its size", () => {
  expect(believable({ ...device, totalBytes: 0 }).totalBytes).toEqual({
    absent: "the driver says that the device has 0 bytes",
  });
});

test("instances of a partitioned device are held to the same bounds", () => {
  const { migDevices } = believable({ ...device, migDevices: [{ ...device, usedBytes: ALL_ONES }] });
  expect(migDevices).toMatchObject([
    { usedBytes: { absent: expect.stringMatching(/^the driver says/) as string } },
  ]);
});

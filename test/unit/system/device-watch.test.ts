import { expect, test } from "vitest";
import { deviceBytesOf, deviceUse, NOT_TOLD_APART } from "../../../src/system/device-watch.js";
import type { NvmlDevice, NvmlProcess, NvmlReport } from "../../../src/system/native/contract.js";

const NOT_HERE = 99_999_999;
const own = (usedBytes: NvmlProcess["usedBytes"]): NvmlProcess => ({ pid: process.pid, usedBytes });
const stranger: NvmlProcess = { pid: NOT_HERE, usedBytes: 5000 };

function device(processes: NvmlDevice["processes"], more: Partial<NvmlDevice> = {}): NvmlDevice {
  return {
    ...{ index: 0, name: "a card", uuid: "GPU-1", totalBytes: 9000, usedBytes: 7000, freeBytes: 2000 },
    ...{ reservedBytes: 0, usedIncludesReserved: true, ownUsedBytes: { absent: "not asked" } },
    processes,
    ...more,
  };
}
const report = (...devices: NvmlDevice[]): NvmlReport => ({ driverVersion: "1", devices });

const unknown = { absent: "the driver does not say what a process uses here" };
const { index, usedBytes, totalBytes, freeBytes, reservedBytes, usedIncludesReserved } = device([]);
const instance = (processes: NvmlProcess[]): NvmlDevice => ({
  ...device(processes),
  ...{ index, usedBytes, totalBytes, freeBytes, reservedBytes, usedIncludesReserved },
});

test.each<[string, boolean, NvmlReport, unknown]>([
  ["all devices are added up", true, report(device([own(100)]), device([own(20), stranger])), 120],
  [
    "a tree that is not listed is absent",
    true,
    report(device([stranger])),
    { absent: "NVML lists no process of this tree" },
  ],
  [
    "one part that is unknown leaves the sum unknown",
    true,
    report(device([own(100), own(0)]), device([own(unknown)])),
    unknown,
  ],
  ["a list that cannot be read is told", true, report(device({ absent: "no list" })), { absent: "no list" }],
  [
    "in a container a pid that is not of here tells that all are the host's",
    false,
    report(device([own(100), stranger])),
    { absent: NOT_TOLD_APART },
  ],
  ["in a container an empty list tells nothing", false, report(device([])), { absent: NOT_TOLD_APART }],
  ["in a container a driver that lists pids of here is believed", false, report(device([own(100)])), 100],
  [
    "instances of a partitioned device are read in its place",
    true,
    report(device([own(500)], { migDevices: [instance([own(100)]), instance([own(30)])] })),
    130,
  ],
])("%s", (_, isHost, given, expected) => {
  expect(deviceBytesOf(process.pid, given, isHost)).toEqual(expected);
});

test("what is in use is that of the only device", () => {
  expect(deviceUse(report(device([])))).toBe(7000);
  expect(deviceUse(report())).toEqual({ absent: "the driver lists no device" });
  expect(deviceUse(report(device([]), device([])))).toEqual({
    absent: "there are 2 devices, and which of them the command uses is not known",
  });
});

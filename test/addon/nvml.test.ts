import { existsSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import type { NvmlDevice, NvmlReport } from "../../src/system/native/contract.js";
import type { Absent } from "../../src/system/probe/reading.js";
import { inChild } from "./support/child.js";
import { compileStandIn, NO_COMPILER, temporaryFolder } from "./support/stand-in.js";

beforeEach(({ skip }) => {
  skip(NO_COMPILER !== undefined, NO_COMPILER);
});

type Defines = Record<string, string | number>;

function report(defines: Defines, under: string[] = []): NvmlReport | Absent {
  const folder = compileStandIn("nvml.c", "libnvidia-ml.so.1", defines);
  return inChild("return addon.nvmlDevices();", { env: { LD_LIBRARY_PATH: folder }, under }) as
    NvmlReport | Absent;
}

function device(defines: Defines, under: string[] = []): NvmlDevice {
  const [first] = (report(defines, under) as NvmlReport).devices;
  if (first === undefined) throw new Error("the stand-in has no device");
  return first;
}

const hostPids =
  existsSync("/proc/self/ns/pid") && readlinkSync("/proc/self/ns/pid") === "pid:[4026531836]"
    ? undefined
    : "needs the initial PID namespace (no container)";
const NESTED = ["unshare", "--pid", "--fork", "--mount-proc"];
const canNest =
  spawnSync("unshare", [...NESTED.slice(1), "true"]).status === 0
    ? undefined
    : "needs unshare and the right to make a PID namespace";

test("a device has its names, its bytes and no processes", () => {
  expect(report({})).toMatchObject({
    driverVersion: "550.54.15",
    devices: [
      {
        index: 0,
        name: "Stand-in GPU",
        uuid: "GPU-0000",
        totalBytes: 1_000_000,
        usedBytes: 300_000,
        freeBytes: 700_000,
        reservedBytes: 100_000,
        processes: [],
      },
    ],
  });
});

test("without a driver the report is absent and names the library", ({ skip }) => {
  const answer = inChild("return addon.nvmlDevices();") as NvmlReport | Absent;
  skip("devices" in answer, "needs a machine without an NVIDIA driver");
  expect(answer).toEqual({ absent: "no NVIDIA driver: libnvidia-ml.so.1 not found" });
});

test("a failing init is told in the driver's words", () => {
  expect(report({ INIT_STATUS: 9 })).toEqual({ absent: "nvmlInit failed: Driver Not Loaded" });
});

test("a missing required function is named with its library", () => {
  expect(report({ WITHOUT_SHUTDOWN: 1 })).toEqual({
    absent: "libnvidia-ml.so.1 has no nvmlShutdown; the NVIDIA driver is too old or damaged",
  });
});

test("a damaged library is not taken for a missing driver", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "libnvidia-ml.so.1"), "not a library");
  const answer = inChild("return addon.nvmlDevices();", { env: { LD_LIBRARY_PATH: folder } });
  expect(answer).toEqual({
    absent: expect.stringMatching(/^libnvidia-ml\.so\.1 cannot be loaded: /) as string,
  });
});

test("a driver that lacks a library of its own is not taken for a missing driver", () => {
  const missing = join(compileStandIn("cuda.c", "libmissing.so"), "libmissing.so");
  const folder = compileStandIn("nvml.c", "libnvidia-ml.so.1", {}, ["-Wl,--no-as-needed", missing]);
  rmSync(missing);
  const answer = inChild("return addon.nvmlDevices();", { env: { LD_LIBRARY_PATH: folder } });
  expect(answer).toEqual({
    absent: expect.stringMatching(/^libnvidia-ml\.so\.1 cannot be loaded: .*libmissing\.so/) as string,
  });
});

test("each call leaves NVML as it found it", () => {
  const folder = compileStandIn("nvml.c", "libnvidia-ml.so.1");
  const answers = inChild("return [addon.nvmlDevices(), addon.nvmlDevices()];", {
    env: { LD_LIBRARY_PATH: folder },
  });
  expect(answers).toMatchObject([{ driverVersion: "550.54.15" }, { driverVersion: "550.54.15" }]);
});

test("no devices is an empty list", () => {
  expect(report({ DEVICE_COUNT: 0 })).toEqual({ driverVersion: "550.54.15", devices: [] });
});

test("an impossible number of devices is refused", () => {
  expect(report({ DEVICE_COUNT: "4294967295u" })).toEqual({
    absent: "nvmlDeviceGetCount tells an impossible 4294967295 devices",
  });
});

test("used + free = total: used includes the reserve", () => {
  expect(device({}).usedIncludesReserved).toBe(true);
});

test("used + free + reserved = total: used excludes the reserve", () => {
  const bytes = { TOTAL: 1_000_000, USED: 200_000, FREE: 700_000, RESERVED: 100_000 };
  expect(device(bytes).usedIncludesReserved).toBe(false);
});

test("sums that fit neither way leave the question open", () => {
  const bytes = { TOTAL: 1_000_000, USED: 200_000, FREE: 600_000, RESERVED: 100_000 };
  expect(device(bytes).usedIncludesReserved).toEqual({
    absent: "total is neither used + free nor used + free + reserved",
  });
});

test("nothing reserved leaves the question open", () => {
  const bytes = { TOTAL: 1_000_000, USED: 300_000, FREE: 700_000, RESERVED: 0 };
  expect(device(bytes).usedIncludesReserved).toEqual({
    absent: "nothing is reserved, so the sums cannot tell",
  });
});

test("without the second version of the memory query the first one answers, and the reserve is absent", () => {
  expect(device({ WITHOUT_MEMORY_V2: 1 })).toMatchObject({
    totalBytes: 1_000_000,
    usedBytes: 300_000,
    freeBytes: 700_000,
    reservedBytes: {
      absent:
        "only the first version of the memory query answers (this driver has no nvmlDeviceGetMemoryInfo_v2)",
    },
    usedIncludesReserved: true,
  });
});

test("a second version that fails gives way to the first", () => {
  expect(device({ MEMORY_V2_STATUS: 999 })).toMatchObject({
    totalBytes: 1_000_000,
    reservedBytes: {
      absent:
        "only the first version of the memory query answers (nvmlDeviceGetMemoryInfo_v2 failed: Unknown Error)",
    },
  });
});

test("a device that is lost in mid-query has a name and no bytes", () => {
  const memory = { absent: "nvmlDeviceGetMemoryInfo failed: GPU is lost" };
  const processes = { absent: "nvmlDeviceGetComputeRunningProcesses failed: GPU is lost" };
  expect(device({ MEMORY_STATUS: 15, PROCESS_STATUS: 15 })).toEqual({
    index: 0,
    name: "Stand-in GPU",
    uuid: "GPU-0000",
    totalBytes: memory,
    usedBytes: memory,
    freeBytes: memory,
    reservedBytes: memory,
    usedIncludesReserved: memory,
    processes,
    ownUsedBytes: processes,
  });
});

test.each([1, 2, 3])("version %d of the process query has its own layout of records", (version) => {
  expect(device({ PROCESS_VERSION: version, PROCESS_COUNT: 3 }).processes).toEqual([
    { pid: 100, usedBytes: 1000 },
    { pid: 101, usedBytes: 2000 },
    { pid: 102, usedBytes: 3000 },
  ]);
});

test.each(["process_v1", "process_v2", "process_v3"])(
  "records of the third version are read as the driver fills them (%s)",
  (record) => {
    // 40 records do not fit into the first buffer, whatever their size.
    const { processes } = device({ PROCESS_V3_RECORD: record, PROCESS_COUNT: 40 });
    expect(processes).toEqual(
      Array.from({ length: 40 }, (_, index) => ({ pid: 100 + index, usedBytes: 1000 * (index + 1) })),
    );
  },
);

test("the instances of a partitioned device have counts of their own", () => {
  const { migDevices } = device({ MIG: 1, PROCESS_COUNT: 1 });
  expect(migDevices).toHaveLength(2);
  expect(migDevices).toMatchObject([
    { index: 0, totalBytes: 1_000_000, processes: [{ pid: 100, usedBytes: 1000 }] },
    { index: 1, totalBytes: 1_000_000 },
  ]);
  expect(device({})).not.toHaveProperty("migDevices");
});

test("a third version that is there and not implemented gives way to the second", () => {
  expect(device({ PROCESS_V3_NOT_FOUND: 1, WITHOUT_PROCESS_V1: 1, PROCESS_COUNT: 1 }).processes).toEqual([
    { pid: 100, usedBytes: 1000 },
  ]);
});

test.each([31, 32, 33, 500, 8192])("a list of %d processes is complete", (count) => {
  const { processes } = device({ PROCESS_COUNT: count });
  expect(processes).toHaveLength(count);
  expect((processes as unknown[]).at(-1)).toEqual({ pid: 99 + count, usedBytes: 1000 * count });
});

test("a list that never fits is absent, not cut off", () => {
  expect(device({ PROCESS_COUNT: "(room + 1)" }).processes).toEqual({
    absent: "nvmlDeviceGetComputeRunningProcesses failed: Insufficient Size",
  });
});

test("a process of unknown use is absent, never the largest number", () => {
  expect(device({ PROCESS_COUNT: 1, PROCESS_BYTES: "UINT64_MAX" }).processes).toEqual([
    { pid: 100, usedBytes: { absent: "the driver does not say what a process uses here" } },
  ]);
});

test("the own process is found by its PID", () => {
  // The only entry, so that it is trusted in a container as well.
  expect(device({ PROCESS_COUNT: 1, PID: "getpid()" }).ownUsedBytes).toBe(1000);
});

test("the own process's entries on parts of a device are summed", () => {
  expect(device({ PROCESS_COUNT: 3, PID: "getpid()" }).ownUsedBytes).toBe(1000 + 2000 + 3000);
});

test("one part of unknown use makes the own sum unknown", () => {
  const bytes = "(index == 1 ? UINT64_MAX : 1000)";
  expect(device({ PROCESS_COUNT: 3, PID: "getpid()", PROCESS_BYTES: bytes }).ownUsedBytes).toEqual({
    absent: "the driver does not say what a process uses here",
  });
});

test("on the host a process that is not listed holds nothing", ({ skip }) => {
  skip(hostPids !== undefined, hostPids);
  expect(device({ PROCESS_COUNT: 1, PID: "1" }).ownUsedBytes).toEqual({
    absent: "this process holds no memory on the device",
  });
});

const CONTAINER = {
  absent: "in a container NVML reports PIDs of the host's namespace, so this process cannot be told apart",
};

test("in a container a process that is not listed cannot be told apart", ({ skip }) => {
  skip(canNest !== undefined, canNest);
  expect(device({ PROCESS_COUNT: 0 }, NESTED).ownUsedBytes).toEqual(CONTAINER);
});

test("in a container the own PID beside one that is not of this namespace may be a stranger's", ({
  skip,
}) => {
  skip(canNest !== undefined, canNest);
  expect(
    device({ PROCESS_COUNT: 2, PID: "(index == 0 ? getpid() : 99999999)" }, NESTED).ownUsedBytes,
  ).toEqual(CONTAINER);
});

test("in a container the own PID counts where every listed process is of this namespace", ({ skip }) => {
  skip(canNest !== undefined, canNest);
  expect(device({ PROCESS_COUNT: 1, PID: "getpid()" }, NESTED).ownUsedBytes).toBe(1000);
});

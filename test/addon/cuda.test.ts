import { beforeEach, expect, test } from "vitest";
import type { CudaDevice, CudaReport } from "../../src/system/native/contract.js";
import type { Absent } from "../../src/system/probe/reading.js";
import { inChild } from "./support/child.js";
import { compileStandIn, NO_COMPILER } from "./support/stand-in.js";

beforeEach(({ skip }) => {
  skip(NO_COMPILER !== undefined, NO_COMPILER);
});

type Defines = Record<string, string | number>;

function report(defines: Defines): CudaReport | Absent {
  const folder = compileStandIn("cuda.c", "libcuda.so.1", defines);
  return inChild("return addon.cudaDevices();", { env: { LD_LIBRARY_PATH: folder } }) as CudaReport | Absent;
}

function device(defines: Defines): CudaDevice {
  const [first] = (report(defines) as CudaReport).devices;
  if (first === undefined) throw new Error("the stand-in has no device");
  return first;
}

const CONTEXT = "((void*)1)";

test("a device has a name and a total, and its free bytes wait for a context", () => {
  expect(report({})).toEqual({
    driverVersion: "12.4",
    devices: [
      {
        index: 0,
        name: "Stand-in GPU",
        uuid: "00010203-0405-0607-0809-0a0b0c0d0e0f",
        totalBytes: 80_000_000_000,
        freeBytes: { absent: "no CUDA context is current, and making one would itself take device memory" },
      },
    ],
  });
});

test("with a context free bytes are read", () => {
  expect(device({ CONTEXT }).freeBytes).toBe(60_000_000_000);
});

test("a context of another device says nothing of this one", () => {
  const { devices } = report({ CONTEXT, DEVICE_COUNT: 2, CONTEXT_DEVICE: 1 }) as CudaReport;
  expect(devices.map(({ freeBytes }) => freeBytes)).toEqual([
    { absent: "the current CUDA context belongs to another device" },
    60_000_000_000,
  ]);
});

test("without a driver the report is absent and names the library", ({ skip }) => {
  const answer = inChild("return addon.cudaDevices();") as CudaReport | Absent;
  skip(
    !("absent" in answer) || answer.absent.startsWith("cuInit"),
    "needs a machine without an NVIDIA driver",
  );
  expect(answer).toEqual({ absent: "no NVIDIA driver: libcuda.so.1 not found" });
});

test("a failing init is told in the driver's words", () => {
  expect(report({ INIT_STATUS: 100 })).toEqual({
    absent: "cuInit failed: no CUDA-capable device is detected",
  });
});

test("an error that the driver has no words for keeps its number", () => {
  expect(report({ INIT_STATUS: 4711 })).toEqual({ absent: "cuInit failed: CUDA error 4711" });
});

test("no devices is an empty list", () => {
  expect(report({ DEVICE_COUNT: 0 })).toEqual({ driverVersion: "12.4", devices: [] });
});

test.each([-1, 2_147_483_647])("%d devices are refused", (count) => {
  expect(report({ DEVICE_COUNT: count })).toEqual({
    absent: `cuDeviceGetCount tells an impossible ${count} devices`,
  });
});

test("the function of 32 bits does not stand in for the one that is missing", () => {
  expect(report({ WITHOUT_TOTAL_V2: 1 })).toEqual({
    absent: "libcuda.so.1 has no cuDeviceTotalMem_v2; the NVIDIA driver is too old or damaged",
  });
});

test("a device that fails in mid-query is absent field by field", () => {
  expect(device({ CONTEXT, TOTAL_STATUS: 46, MEMORY_STATUS: 46 })).toEqual({
    index: 0,
    name: "Stand-in GPU",
    uuid: "00010203-0405-0607-0809-0a0b0c0d0e0f",
    totalBytes: { absent: "cuDeviceTotalMem failed: device is busy" },
    freeBytes: { absent: "cuMemGetInfo failed: device is busy" },
  });
});

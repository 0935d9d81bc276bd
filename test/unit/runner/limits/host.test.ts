import { join } from "node:path";
import { expect, test } from "vitest";
import { freeDiskBytes, readHostMemory } from "../../../../src/system/host.js";
import { V1_MOUNT, V2_MOUNT, fixture } from "./fixture.js";

const GIB = 2 ** 30;
const MACHINE = {
  "proc/meminfo":
    "MemTotal:       16777216 kB\nMemFree:  1 kB\nMemAvailable:    8388608 kB\nSwapFree:        1048576 kB\n",
  "proc/pressure/memory": "some avg10=0.00 avg60=0.00 avg300=0.00 total=42\n",
};

test("without a group's limit the machine's own figures hold", () => {
  expect(readHostMemory(fixture(MACHINE))).toEqual({
    availableBytes: 8 * GIB,
    totalBytes: 16 * GIB,
    source: "MemAvailable",
    swapFreeBytes: GIB,
    pressureSomeTotalUs: 42,
  });
});

test("a v2 limit above this process's group bounds it, less what is used and more what can be reclaimed", () => {
  const root = fixture({
    ...MACHINE,
    "proc/self/cgroup": "0::/box/inner\n",
    "proc/self/mountinfo": V2_MOUNT,
    "sys/fs/cgroup/box/memory.max": String(4 * GIB),
    "sys/fs/cgroup/box/memory.high": "max",
    "sys/fs/cgroup/box/memory.current": String(3 * GIB),
    "sys/fs/cgroup/box/memory.stat": `anon 1\ninactive_file ${GIB / 2}\nactive_file ${GIB}\n`,
    "sys/fs/cgroup/box/inner/cgroup.procs": "",
    "sys/fs/cgroup/box/inner/memory.max": "max",
    "sys/fs/cgroup/box/inner/memory.current": String(GIB),
  });
  expect(readHostMemory(root)).toMatchObject({
    availableBytes: 1.5 * GIB,
    totalBytes: 4 * GIB,
    source: join(root, "sys/fs/cgroup/box/memory.max"),
  });
});

test("a v1 limit bounds it, and one that is used up leaves nothing rather than less", () => {
  const root = fixture({
    ...MACHINE,
    "proc/self/cgroup": "4:memory:/job\n",
    "proc/self/mountinfo": V1_MOUNT,
    "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": "5",
    "sys/fs/cgroup/memory/job/cgroup.procs": "",
    "sys/fs/cgroup/memory/job/memory.limit_in_bytes": String(GIB),
    "sys/fs/cgroup/memory/job/memory.usage_in_bytes": String(GIB + 4096),
    "sys/fs/cgroup/memory/job/memory.stat": "inactive_file 77\n",
  });
  expect(readHostMemory(root)).toMatchObject({ availableBytes: 0, totalBytes: GIB });
});

test("a limit above what the machine has free does not raise it", () => {
  const root = fixture({
    ...MACHINE,
    "proc/self/cgroup": "0::/\n",
    "proc/self/mountinfo": V2_MOUNT,
    "sys/fs/cgroup/cgroup.procs": "",
    "sys/fs/cgroup/memory.max": String(12 * GIB),
    "sys/fs/cgroup/memory.current": "0",
  });
  expect(readHostMemory(root)).toMatchObject({
    availableBytes: 8 * GIB,
    totalBytes: 12 * GIB,
    source: "MemAvailable",
  });
});

test("free space is that of the file system which a folder that is not there yet will be on", async () => {
  const root = fixture({});
  const free = await freeDiskBytes(root);
  expect(free).toBeGreaterThan(0);
  expect(Math.abs((await freeDiskBytes(join(root, "not/yet"))) - free)).toBeLessThan(0.1 * free);
});

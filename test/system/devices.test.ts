import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { compileStandIn, NO_COMPILER } from "../addon/support/stand-in.js";
import { bytesper } from "./cli.js";

test("devices --watch prints processes and their change as often as asked", async ({ skip }) => {
  skip(NO_COMPILER !== undefined, NO_COMPILER);
  // The process gives back 10 MiB between the reads.
  const library = compileStandIn("nvml.c", "libnvidia-ml.so.1", {
    ...{ TOTAL: 80e9, USED: 40e9, FREE: 40e9, RESERVED: 0 },
    PROCESS_COUNT: 1,
    PID: "99999999",
    PROCESS_BYTES: "((30ull - 10 * reads++) << 20)",
    DEVICE_COUNT: 1,
  });
  const env = { LD_LIBRARY_PATH: library };
  const { code, stdout } = await bytesper(["devices", "--watch", "10ms", "--times", "2"], { env });
  expect(code).toBe(0);
  const rows = stdout.split("\n").filter((line) => line.includes("99999999"));
  // MiB now and since the process was first seen.
  expect(rows.map((row) => row.trim().split(/\s+/).slice(-2))).toEqual([
    ["30", "0"],
    ["20", "-10"],
  ]);
});

const MIB = 2 ** 20;
const WATCH = new URL("../../dist/system/device-watch.js", import.meta.url).href;

test("a process tree's bytes and the change of its device are kept over time", ({ skip }) => {
  skip(NO_COMPILER !== undefined, NO_COMPILER);
  // The process that asks the driver is a child of the watching one, which stands for the tree. With each read the
  // device has 10 MiB more in use, and so has the tree.
  const library = compileStandIn("nvml.c", "libnvidia-ml.so.1", {
    ...{ TOTAL: 80e9, USED: "((10ull * (1 + reads)) << 20)", FREE: 40e9, RESERVED: 0 },
    ...{ PROCESS_COUNT: 1, PID: "getppid()", PROCESS_BYTES: "((30ull + 10 * reads++) << 20)" },
  });
  const script = `
    const { DeviceWatch } = await import(${JSON.stringify(WATCH)});
    const watch = new DeviceWatch();
    await watch.start();
    for (let time = 1; time <= 300; time++) await watch.sample(process.pid);
    const { peakBytes, peakChangeBytes, courses } = watch;
    watch.close();
    process.stdout.write(JSON.stringify({ peakBytes, peakChangeBytes, courses }));`;
  const answer = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    env: { ...process.env, LD_LIBRARY_PATH: library },
    encoding: "utf8",
  });
  const { peakBytes, peakChangeBytes, courses } = JSON.parse(answer) as {
    peakBytes: number;
    peakChangeBytes: number;
    courses: { reading: string; over: string; points: [number, number][] }[];
  };
  // Before the first sample the driver was read once.
  expect(peakBytes).toBe((30 + 10 * 300) * MIB);
  expect(peakChangeBytes).toBe(10 * 300 * MIB);
  expect(courses.map(({ reading, over }) => [reading, over])).toEqual([
    ["deviceBytes", "second"],
    ["deviceChangeBytes", "second"],
  ]);
  for (const { points } of courses) {
    expect(points.length).toBeLessThanOrEqual(200);
    const bytes = points.map(([, each]) => each);
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
  }
  expect(courses[0]?.points.at(-1)?.[1]).toBe(peakBytes);
});

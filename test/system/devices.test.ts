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

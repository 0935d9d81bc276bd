import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { NO_CXX_COMPILER, temporaryFolder } from "./support/stand-in.js";

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

test("the AVX-512 code agrees with the portable code on emulated intrinsics", ({ skip }) => {
  skip(NO_CXX_COMPILER !== undefined, NO_CXX_COMPILER);
  const program = join(temporaryFolder(), "check");
  const sources = ["./stand-in/check_avx512.cc", "../../native/attention/cpu_portable.cc"].map(file);
  const flags = ["-std=c++17", "-O1", "-w", "-DBYTESPER_EMULATED_AVX512", `-I${file("./stand-in")}`];
  execFileSync("g++", [...flags, "-o", program, ...sources], { encoding: "utf8" });
  const errors = execFileSync(program, { encoding: "utf8" }).trim().split("\n");
  expect(errors.map((line) => line.split(" ")[0])).toEqual(["fp32", "fp16", "bf16"]);
  // Both round to the same 16-bit type after nearly the same sums.
  const limits = [2e-6, 5e-4, 4e-3];
  errors.forEach((line, index) => {
    expect(Number(line.split(" ")[1]), line).toBeLessThan(limits[index] as number);
  });
});

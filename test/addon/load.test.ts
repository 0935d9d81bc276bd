import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadFrom } from "../../src/system/native/load.js";
import { ADDON_FILE } from "./support/addon.js";
import { temporaryFolder } from "./support/stand-in.js";

test("a missing addon is absent with the command that builds it", () => {
  expect(loadFrom("/nowhere/bytesper.node")).toEqual({
    absent: "the native addon could not be loaded (it is not built); run npm run setup",
  });
});

test("the addon of this version is loaded", () => {
  expect(loadFrom(ADDON_FILE)).toHaveProperty("processStatus");
});

test("a damaged file is named with what the linker says", () => {
  const file = join(temporaryFolder(), "damaged.node");
  writeFileSync(file, "not a library");
  expect(loadFrom(file)).toEqual({ absent: expect.stringContaining(`${file}: `) as string });
});

test("an addon of another version is named with the functions that it lacks", () => {
  const file = join(temporaryFolder(), "old.cjs");
  writeFileSync(
    file,
    `for (const name of ["processStatus", "resetVmHwm", "smapsRollup", "pageFaults", "mallocInfo", "mallocSelfTest"])
       exports[name] = () => {};`,
  );
  expect(loadFrom(file)).toEqual({
    absent: `the native addon could not be loaded (${file} is of another version and lacks lockFile, mallocTrim, nvmlDevices, cudaDevices, createPool, attention, cudaKernels, decode, fillBlock, writeBlock, readBlock, cpuInstructionSets); run npm run setup`,
  });
});

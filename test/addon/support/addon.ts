import { fileURLToPath } from "node:url";
import { ADDON_EXPORTS } from "../../../src/system/native/contract.js";
import { loadAddon } from "../../../src/system/native/load.js";
import type { Absent } from "../../../src/system/probe/reading.js";
import { isAbsent } from "../../../src/system/probe/reading.js";

export const ADDON_FILE = fileURLToPath(new URL("../../../build/Release/bytesper.node", import.meta.url));

export const addon = loadAddon();

const TAKE_ARGUMENTS = ["mallocSelfTest", "createPool", "attention", "lockFile"];
const TAKE_POOLS = ["cudaKernels", "decode", "fillBlock", "writeBlock", "readBlock"];

/** The exports that take no arguments and only read. */
export const READS = ADDON_EXPORTS.filter((name) => ![...TAKE_ARGUMENTS, ...TAKE_POOLS].includes(name));

/** A reading that the test cannot do without. */
export function present<Value>(value: Value | Absent): Value {
  if (isAbsent(value)) throw new Error(`a reading is absent: ${value.absent}`);
  return value;
}

/** AddressSanitizer brings its own malloc, so that malloc's counters are absent. */
export const SANITIZED = process.env.LD_PRELOAD?.includes("libasan") ?? false;
export const NO_MALLOC_COUNTERS =
  process.platform !== "linux"
    ? "needs Linux with glibc"
    : SANITIZED
      ? "needs the C library's own malloc, which the sanitizer replaces"
      : undefined;
export const NOT_LINUX = process.platform === "linux" ? undefined : "needs Linux";

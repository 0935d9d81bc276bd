import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

type Defines = Record<string, string | number>;

export const NO_COMPILER =
  process.platform !== "linux"
    ? "needs Linux"
    : spawnSync("cc", ["--version"]).status === 0
      ? undefined
      : "needs cc, a C compiler, on the PATH";

let folder: string | undefined;
let count = 0;

afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true });
  folder = undefined;
});

/** A fresh folder that goes when the test file is done. */
export function temporaryFolder(): string {
  folder ??= mkdtempSync(join(tmpdir(), "bytesper-stand-in-"));
  const inner = join(folder, String((count += 1)));
  mkdirSync(inner);
  return inner;
}

export const NO_CXX_COMPILER =
  process.platform !== "linux"
    ? "needs Linux"
    : spawnSync("g++", ["--version"]).status === 0
      ? undefined
      : "needs g++, a C++ compiler, on the PATH";

const KERNELS = fileURLToPath(new URL("../../../native/attention/kernels", import.meta.url));
const BUILT = fileURLToPath(new URL("../../../build/stand-in", import.meta.url));
const EMULATED = fileURLToPath(new URL("../../native", import.meta.url));

/**
 * Compiles, once for these sources, a CUDA driver whose device is the emulated machine that the kernels are checked on, and a file that stands
 * for the fat binary. Returns the environment in which a child finds both.
 */
export function emulatedDevice(): { LD_LIBRARY_PATH: string; BYTESPER_KERNELS: string } {
  const source = fileURLToPath(new URL("../stand-in/cuda_machine.cc", import.meta.url));
  const flags = ["-std=c++17", "-O2", "-shared", "-fPIC", "-DBYTESPER_EMULATE", "-w"];
  const includes = [KERNELS, EMULATED, join(EMULATED, "emulate")].map((folder) => `-I${folder}`);
  const files = [
    source,
    ...["machine.cc", "hopper_machine.cc"].map((file) => join(EMULATED, "emulate", file)),
  ];
  const hash = createHash("sha256").update(JSON.stringify(flags));
  for (const folder of [KERNELS, EMULATED, join(EMULATED, "emulate"), dirname(source), dirname(KERNELS)])
    for (const name of readdirSync(folder).filter((each) => /\.(h|cuh|cc|cu)$/.test(each)))
      hash.update(readFileSync(join(folder, name)));
  const target = join(BUILT, hash.digest("hex").slice(0, 16));
  const kernels = join(target, "attention.fatbin");
  if (!existsSync(target)) {
    // Compiled beside and renamed, so that another test file never meets half of it.
    const unfinished = temporaryFolder();
    execFileSync("g++", [...flags, ...includes, "-o", join(unfinished, "libcuda.so.1"), ...files], {
      encoding: "utf8",
    });
    writeFileSync(join(unfinished, "attention.fatbin"), "in the library");
    const beside = `${target}.${process.pid}`;
    cpSync(unfinished, beside, { recursive: true });
    try {
      renameSync(beside, target);
    } catch {
      // Another test file was faster.
      rmSync(beside, { recursive: true });
    }
  }
  return { LD_LIBRARY_PATH: target, BYTESPER_KERNELS: kernels };
}

/** Compiles a stand-in library, linked with `libraries`, and returns the folder that holds it under `soname`. */
export function compileStandIn(
  source: string,
  soname: string,
  defines: Defines = {},
  libraries: string[] = [],
): string {
  const target = temporaryFolder();
  const macros = Object.entries(defines).map(([name, value]) => `-D${name}=${value}`);
  const file = fileURLToPath(new URL(`../stand-in/${source}`, import.meta.url));
  execFileSync("cc", ["-shared", "-fPIC", "-O1", ...macros, "-o", join(target, soname), file, ...libraries], {
    encoding: "utf8",
  });
  return target;
}

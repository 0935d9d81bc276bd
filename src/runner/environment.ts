import { execFileSync } from "node:child_process";
import { arch, cpus, release, totalmem, type } from "node:os";
import type { NvmlReport } from "../system/native/contract.js";
import type { Absent } from "../system/probe/reading.js";
import { absent, isAbsent } from "../system/probe/reading.js";
import type { Result } from "../record/schema.js";
import { measuringFlags } from "./cell/flags.js";
import type { Compilers } from "../record/cell.js";

/**
 * The environment of a run, as a result records it.
 *
 * @param nvml the devices, if the run uses one: a driver may hang, and nobody else should wait for it
 */
export function environmentOf(
  compilers: Compilers,
  folder: string,
  enforcement = "none",
  nvml: NvmlReport | Absent = absent("nothing here uses a device, so that no driver was asked"),
): Result["environment"] {
  const devices = isAbsent(nvml)
    ? []
    : nvml.devices.flatMap(({ name, totalBytes }) =>
        isAbsent(totalBytes)
          ? []
          : [
              {
                name: isAbsent(name) ? "unnamed device" : name,
                totalBytes,
                driver: isAbsent(nvml.driverVersion) ? "unknown" : nvml.driverVersion,
              },
            ],
      );
  return {
    node: process.versions.node,
    v8: process.versions.v8,
    os: `${type()} ${release()}`,
    arch: arch(),
    cpu: cpus()[0]?.model ?? "unknown CPU",
    memoryBytes: totalmem(),
    devices,
    ...(isAbsent(nvml) ? { devicesAbsent: nvml.absent } : {}),
    enforcement,
    commit: commitOf(folder),
    compilers,
    flags: measuringFlags(compilers),
  };
}

/** The commit of the user's repository. "-dirty" is added if tracked files differ from it. */
function commitOf(folder: string): Result["environment"]["commit"] {
  const git = (...words: string[]): string =>
    execFileSync("git", words, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    const commit = git("rev-parse", "HEAD");
    return git("status", "--porcelain", "--untracked-files=no") === "" ? commit : `${commit}-dirty`;
  } catch {
    return { absent: "not a git repository" };
  }
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";

const MOST_COLLECTIONS = 20;
/** Two readings agree if the heap differs by at most this share. */
const AGREEMENT = 0.0005;

/** Collects garbage until two readings agree, and returns the second. */
export async function settled() {
  let before = Infinity;
  for (let collection = 1; ; collection += 1) {
    globalThis.gc();
    // Memory that finalizers release is freed in a task of its own.
    await setImmediate();
    const usage = process.memoryUsage();
    if (Math.abs(usage.heapUsed - before) < AGREEMENT * usage.heapUsed || collection === MOST_COLLECTIONS)
      return usage;
    before = usage.heapUsed;
  }
}

/**
 * The kernel's count of this process's pages that have no file behind them. They are not shared with other processes.
 */
export function anonymousBytes() {
  const kib = numberIn("/proc/self/smaps_rollup", /^Anonymous:\s+(\d+) kB$/m);
  return kib === undefined ? { absent: "there is no /proc/self/smaps_rollup here" } : kib * 1024;
}

/** Kernel memory of the cell's group, which the clients belong to: sockets, files, page tables, stacks. */
export function kernelBytes() {
  const v1 = groupFolder("memory");
  const found =
    v1 === undefined
      ? numberIn(join(groupFolder(undefined) ?? "", "memory.stat"), /^kernel (\d+)$/m)
      : numberIn(join(v1, "memory.kmem.usage_in_bytes"), /^(\d+)$/m);
  return found ?? { absent: "the memory of the cell's group cannot be read here" };
}

/**
 * Memory in TCP buffers. cgroup v2 counts it for the group. v1 counts it only if a limit is set, so there this
 * returns the count for all sockets of the network namespace.
 */
export function socketBytes() {
  const ofGroup = numberIn(join(groupFolder(undefined) ?? "", "memory.stat"), /^sock (\d+)$/m);
  if (ofGroup !== undefined) return ofGroup;
  const pages = numberIn("/proc/net/sockstat", /^TCP: .*\bmem (\d+)/m);
  const pageKiB = numberIn("/proc/self/smaps", /^KernelPageSize:\s+(\d+) kB$/m);
  return pages === undefined || pageKiB === undefined
    ? { absent: "the memory of sockets cannot be read here" }
    : pages * pageKiB * 1024;
}

/** Folder of this process's group: in cgroup v1 for the given controller, otherwise in v2. */
function groupFolder(controller) {
  const own = textOf("/proc/self/cgroup")
    ?.split("\n")
    .map((line) => line.split(":"))
    .find(([, names]) => (controller === undefined ? names === "" : names?.split(",").includes(controller)));
  const mount = textOf("/proc/self/mounts")
    ?.split("\n")
    .map((line) => line.split(" "))
    .find(([, , type, options]) =>
      controller === undefined
        ? type === "cgroup2"
        : type === "cgroup" && options.split(",").includes(controller),
    );
  return own === undefined || mount === undefined ? undefined : join(mount[1], own.slice(2).join(":"));
}

function numberIn(file, pattern) {
  const found = pattern.exec(textOf(file) ?? "")?.[1];
  return found === undefined ? undefined : Number(found);
}

function textOf(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";

const MOST_COLLECTIONS = 20;
/** Share by which the heap may differ between two readings at rest. */
const AGREEMENT = 0.0005;

/** What the process holds when garbage is collected: the second of two readings that agree. */
export async function settled() {
  let before = Infinity;
  for (let collection = 1; ; collection += 1) {
    globalThis.gc();
    // What finalizers free is freed in a task of its own.
    await setImmediate();
    const usage = process.memoryUsage();
    if (Math.abs(usage.heapUsed - before) < AGREEMENT * usage.heapUsed || collection === MOST_COLLECTIONS)
      return usage;
    before = usage.heapUsed;
  }
}

/** Pages of this process that no file is behind, as the kernel counts them: what is shared with other processes is out. */
export function anonymousBytes() {
  const kib = numberIn("/proc/self/smaps_rollup", /^Anonymous:\s+(\d+) kB$/m);
  return kib === undefined ? { absent: "there is no /proc/self/smaps_rollup here" } : kib * 1024;
}

/** Memory that the kernel holds for the cell's group (the clients are in it): sockets, files, page tables, stacks. */
export function kernelBytes() {
  const v1 = groupFolder("memory");
  const found =
    v1 === undefined
      ? numberIn(join(groupFolder(undefined) ?? "", "memory.stat"), /^kernel (\d+)$/m)
      : numberIn(join(v1, "memory.kmem.usage_in_bytes"), /^(\d+)$/m);
  return found ?? { absent: "the memory of the cell's group cannot be read here" };
}

/**
 * What is in buffers of TCP. cgroup v2 counts it for the group; v1 counts only where a limit is set, so there it is
 * that of all sockets of the network namespace.
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

/** Folder of the process's group in cgroup v1's hierarchy of a controller, or in v2's. */
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

import { smallestOf } from "../base/stats/extremes.js";
import { freemem, totalmem } from "node:os";
import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { isAbsent } from "./probe/reading.js";
import { ownGroup, withAncestors } from "./hierarchy.js";
import { readFlatKeyed, readNumber, readPressureTotalUs, readText } from "./kernel-file.js";

export interface HostMemory {
  /** Memory that new processes can take without swapping or a kill. */
  availableBytes: number;
  /** Total memory of the machine, or the tightest limit on this process's groups. */
  totalBytes: number;
  /** Source of `availableBytes`: `MemAvailable`, or the file with the group's limit. */
  source: string;
  swapFreeBytes?: number;
  /** Microseconds since boot in which at least one task of the machine waited for memory. */
  pressureSomeTotalUs?: number;
}

interface Bound {
  availableBytes: number;
  totalBytes: number;
  source: string;
}

function meminfo(root: string): Record<string, number> {
  const lines = (readText(join(root, "proc/meminfo")) ?? "").matchAll(/^(\w+):\s+(\d+) kB$/gm);
  return Object.fromEntries([...lines].map(([, key = "", kib]) => [key, Number(kib) * 1024]));
}

interface Files {
  limits: string[];
  usage: string;
  reclaimable: string;
}

const FILES: Record<1 | 2, Files> = {
  // Above memory.high the kernel slows processes down almost to a stop, so it counts as a limit.
  2: { limits: ["memory.max", "memory.high"], usage: "memory.current", reclaimable: "inactive_file" },
  1: {
    limits: ["memory.limit_in_bytes"],
    usage: "memory.usage_in_bytes",
    reclaimable: "total_inactive_file",
  },
};

/** Limits of this process's group and the groups above it. */
function groupBounds(version: 1 | 2, root: string): Bound[] {
  const own = ownGroup(version, root);
  if (isAbsent(own)) return [];
  const { limits, usage, reclaimable } = FILES[version];
  return withAncestors(own).flatMap((folder) =>
    limits.flatMap((file): Bound[] => {
      const totalBytes = readNumber(join(folder, file));
      const used = readNumber(join(folder, usage));
      if (totalBytes === undefined || used === undefined) return [];
      const cached = readFlatKeyed(join(folder, "memory.stat"))[reclaimable] ?? 0;
      const availableBytes = Math.max(0, totalBytes - used + cached);
      return [{ availableBytes, totalBytes, source: join(folder, file) }];
    }),
  );
}

/** Memory of the machine, or of the control group if it limits this process more. */
export function readHostMemory(root = "/"): HostMemory {
  const { MemAvailable, MemTotal, SwapFree } = meminfo(root);
  const machine: Bound =
    MemAvailable === undefined || MemTotal === undefined
      ? { availableBytes: freemem(), totalBytes: totalmem(), source: "os.freemem" }
      : { availableBytes: MemAvailable, totalBytes: MemTotal, source: "MemAvailable" };
  const bounds = [machine, ...groupBounds(2, root), ...groupBounds(1, root)];
  const tightest = bounds.reduce((least, bound) =>
    bound.availableBytes < least.availableBytes ? bound : least,
  );
  const pressureSomeTotalUs = readPressureTotalUs(join(root, "proc/pressure/memory"));
  return {
    ...tightest,
    totalBytes: smallestOf(bounds.map(({ totalBytes }) => totalBytes)),
    ...(SwapFree !== undefined && { swapFreeBytes: SwapFree }),
    ...(pressureSomeTotalUs !== undefined && { pressureSomeTotalUs }),
  };
}

/** Bytes that this user can still write below `path`, or below its nearest existing parent. */
export async function freeDiskBytes(path: string): Promise<number> {
  const absolute = resolve(path);
  if (!existsSync(absolute) && dirname(absolute) !== absolute) return freeDiskBytes(dirname(absolute));
  const { bavail, bsize } = await statfs(absolute);
  return bavail * bsize;
}

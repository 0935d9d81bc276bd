import { join } from "node:path";
import { readFlatKeyed, readNumber, readPressureTotalUs } from "../../system/kernel-file.js";

type Counters = Record<string, number>;

function keyed(folder: string, file: string, keys?: readonly string[]): Counters {
  const entries = Object.entries(readFlatKeyed(join(folder, file)));
  return Object.fromEntries(
    entries.filter(([key]) => keys?.includes(key) ?? true).map(([key, value]) => [`${file}:${key}`, value]),
  );
}

function plain(folder: string, files: readonly string[]): Counters {
  return Object.fromEntries(
    files.flatMap((file): [string, number][] => {
      const value = readNumber(join(folder, file));
      return value === undefined ? [] : [[file, value]];
    }),
  );
}

/**
 * Time in which tasks of the group waited for memory. Every v2 group has this counter, with or without the
 * memory controller.
 */
export function pressureCounters(folder: string): Counters {
  const total = readPressureTotalUs(join(folder, "memory.pressure"));
  return total === undefined ? {} : { "memory.pressure:someTotalUs": total };
}

export function countersV2(folder: string): Counters {
  return {
    ...plain(folder, [
      "memory.max",
      "memory.peak",
      "memory.current",
      "memory.swap.current",
      "memory.swap.peak",
    ]),
    ...keyed(folder, "memory.events"),
    ...keyed(folder, "memory.events.local"),
    ...keyed(folder, "memory.stat", ["anon", "file", "shmem", "kernel"]),
    ...pressureCounters(folder),
  };
}

const FILES_V1 = [
  ...["memory.limit_in_bytes", "memory.max_usage_in_bytes", "memory.usage_in_bytes", "memory.failcnt"],
  ...["memory.memsw.limit_in_bytes", "memory.memsw.max_usage_in_bytes", "memory.memsw.failcnt"],
  "memory.kmem.max_usage_in_bytes",
];

export function countersV1(folder: string): Counters {
  return {
    ...plain(folder, FILES_V1),
    ...keyed(folder, "memory.oom_control", ["oom_kill"]),
    ...keyed(folder, "memory.stat", ["total_cache", "total_rss", "total_shmem", "total_swap"]),
  };
}

/**
 * Kills that the group's own limit caused. `oom` counts only events of this group's limit. `oom_kill` counts
 * processes killed by any limit, also the machine's. It includes groups below, which a cell may create.
 */
export function oomKillsV2(counters: Counters): number | undefined {
  // Before Linux 5.2 there is no local file. A cell's group has no limits below it unless the cell sets them.
  const oom = counters["memory.events.local:oom"] ?? counters["memory.events:oom"];
  const kills = counters["memory.events:oom_kill"];
  if (oom === 0 || kills === undefined || kills === 0) return oom === 0 ? 0 : kills;
  // A kill of the whole group counts its first process twice (seen with Linux 6.1), unless that process is
  // already gone.
  return Math.max(1, kills - (counters["memory.events:oom_group_kill"] ?? 0));
}

/**
 * The limit counts as reached within this many bytes: a huge page that did not fit leaves up to 2 MiB free.
 */
const MET_WITHIN_BYTES = 2 * 2 ** 20;

/**
 * As {@link oomKillsV2}. v1 does not say which limit caused a kill, so this also requires that the limit was
 * reached. `failcnt` alone is not enough: the combined limit on memory and swap fails first, and Linux 6.18
 * does not count its failures.
 */
export function oomKillsV1(counters: Counters): number | undefined {
  const limit = counters["memory.limit_in_bytes"] ?? Infinity;
  const peak = counters["memory.max_usage_in_bytes"] ?? 0;
  const failures = (counters["memory.failcnt"] ?? 0) + (counters["memory.memsw.failcnt"] ?? 0);
  const met = failures > 0 || peak >= limit - MET_WITHIN_BYTES;
  return met ? counters["memory.oom_control:oom_kill"] : 0;
}

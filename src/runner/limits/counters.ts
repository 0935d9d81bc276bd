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

/** Time in which tasks of the group waited for memory; every v2 group has it, with or without the memory controller. */
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
 * Kills that the group's own limit caused. `oom` counts local trouble alone, while `oom_kill` counts victims of any
 * limit, the machine's included; it is read with the groups below, which a cell may make for itself.
 */
export function oomKillsV2(counters: Counters): number | undefined {
  // Before Linux 5.2 there is no local file; a cell's group has no limits below it unless the cell makes them.
  const oom = counters["memory.events.local:oom"] ?? counters["memory.events:oom"];
  const kills = counters["memory.events:oom_kill"];
  if (oom === 0 || kills === undefined || kills === 0) return oom === 0 ? 0 : kills;
  // A kill of the whole group counts its first victim twice (seen with Linux 6.1), unless that is gone by then.
  return Math.max(1, kills - (counters["memory.events:oom_group_kill"] ?? 0));
}

/** Bytes below the limit at which it counts as met: a huge page that did not fit leaves up to 2 MiB. */
const MET_WITHIN_BYTES = 2 * 2 ** 20;

/**
 * As {@link oomKillsV2}. v1 does not say whose limit a kill is for, so the limit must have been met. `failcnt` alone
 * does not show it: with a limit on memory and swap together that one fails first, and Linux 6.18 counts no failures
 * of it.
 */
export function oomKillsV1(counters: Counters): number | undefined {
  const limit = counters["memory.limit_in_bytes"] ?? Infinity;
  const peak = counters["memory.max_usage_in_bytes"] ?? 0;
  const failures = (counters["memory.failcnt"] ?? 0) + (counters["memory.memsw.failcnt"] ?? 0);
  const met = failures > 0 || peak >= limit - MET_WITHIN_BYTES;
  return met ? counters["memory.oom_control:oom_kill"] : 0;
}

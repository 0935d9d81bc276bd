import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ownGroup, withAncestors } from "../../system/hierarchy.js";
import { readFlatKeyed, readNumber } from "../../system/kernel-file.js";
import { isAbsent } from "../../system/probe/reading.js";

/** Processes that the kernel's out-of-memory killer ended so far. */
export interface KernelKills {
  /** On this host since boot; undefined where the kernel does not count them. */
  host: number | undefined;
  /** In the nearest control group of this process that has a limit: a container, a job or a service. */
  group: GroupKills | undefined;
}

export interface GroupKills {
  limitBytes: number;
  kills: number;
}

/** A group without a limit reads as nearly 2^63 bytes in v1. */
const NO_LIMIT_BYTES = 2 ** 62;

export function kernelKills(): KernelKills {
  return { host: hostKills(), group: groupKills() };
}

/** The kills between two readings. */
export function killsBetween(before: KernelKills, after: KernelKills): KernelKills {
  const { group } = after;
  return {
    host: before.host === undefined || after.host === undefined ? undefined : after.host - before.host,
    group:
      group === undefined || before.group === undefined
        ? undefined
        : { ...group, kills: group.kills - before.group.kills },
  };
}

function hostKills(): number | undefined {
  try {
    const count = /^oom_kill (\d+)$/m.exec(readFileSync("/proc/vmstat", "latin1"))?.[1];
    return count === undefined ? undefined : Number(count);
  } catch {
    return undefined;
  }
}

/** @param root where the files of the system are; another one for tests */
export function groupKills(root = "/"): GroupKills | undefined {
  for (const [version, limitFile, killsFile] of [
    [2, "memory.max", "memory.events"],
    [1, "memory.limit_in_bytes", "memory.oom_control"],
  ] as const) {
    const group = ownGroup(version, root);
    if (isAbsent(group)) continue;
    for (const folder of withAncestors(group)) {
      const limitBytes = readNumber(join(folder, limitFile));
      if (limitBytes === undefined || limitBytes >= NO_LIMIT_BYTES) continue;
      const kills = readFlatKeyed(join(folder, killsFile)).oom_kill;
      return kills === undefined ? undefined : { limitBytes, kills };
    }
  }
  return undefined;
}

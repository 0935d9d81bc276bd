import { smallestOf } from "../../base/stats/extremes.js";
import { join } from "node:path";
import type { Reading } from "../../system/probe/reading.js";
import { absent, isAbsent } from "../../system/probe/reading.js";
import { ownGroup, withAncestors } from "../../system/hierarchy.js";
import { readNumber } from "../../system/kernel-file.js";

const FILES = {
  2: { current: "memory.current", limit: "memory.max" },
  1: { current: "memory.usage_in_bytes", limit: "memory.limit_in_bytes" },
} as const;

export interface ControlGroup {
  currentBytes(): Reading;
  limitBytes(): Reading;
}

/** The memory controller's group of this process. A command that this process starts belongs to it too. */
export function controlGroup(root = "/"): ControlGroup {
  for (const version of [2, 1] as const) {
    const own = ownGroup(version, root);
    if (isAbsent(own)) continue;
    const file = join(own.folder, FILES[version].current);
    // The root group of v2 has no count of its own.
    if (readNumber(file) === undefined) continue;
    const limits = withAncestors(own).map((folder) => join(folder, FILES[version].limit));
    return {
      currentBytes: () => readNumber(file) ?? absent(`${file} cannot be read`),
      limitBytes: () => {
        const set = limits.flatMap((path) => readNumber(path) ?? []);
        return set.length > 0 ? smallestOf(set) : absent("no control group of this process has a limit");
      },
    };
  }
  const none = absent("no control group counts the memory of this process");
  return { currentBytes: () => none, limitBytes: () => none };
}

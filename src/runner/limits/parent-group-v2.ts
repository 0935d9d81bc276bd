import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Absent } from "../../system/probe/reading.js";
import { absent } from "../../system/probe/reading.js";
import type { OwnGroup } from "../../system/hierarchy.js";
import { withAncestors } from "../../system/hierarchy.js";
import { readNumber, readWords, whyNotWritable } from "../../system/kernel-file.js";
import { descendsFrom } from "../../system/process.js";

/** A group of the v2 hierarchy in which groups with memory limits can be created. */
export interface ParentGroup {
  folder: string;
  /**
   * `ready`: the group already passes the memory controller to groups below it.
   * `enable`: it can do so, after a write to `cgroup.subtree_control`.
   * `move`: it can do so after this runner, its only process, has moved to a group below. A group that passes
   * controllers on must not have processes of its own.
   */
  how: "ready" | "enable" | "move";
}

function remedy(root: string): string {
  return existsSync(join(root, "run/systemd/system"))
    ? 'start the command with "systemd-run --user --scope -p Delegate=yes"'
    : "start the command alone in a group that this user may write, or as root";
}

/** What the group allows, or why not. `undefined` if it has no memory controller to pass on. */
function offer(folder: string, root: string): ParentGroup | Absent | undefined {
  if (!readWords(join(folder, "cgroup.controllers")).includes("memory")) return undefined;
  const refused = whyNotWritable(folder, [".", "cgroup.procs", "cgroup.subtree_control"]);
  if (refused !== undefined)
    return absent(`the group ${folder} may not be written (${refused}); ${remedy(root)}`);
  if (readWords(join(folder, "cgroup.subtree_control")).includes("memory")) return { folder, how: "ready" };
  const members = readWords(join(folder, "cgroup.procs")).map(Number);
  // Only the root of the hierarchy has no type. It may have processes of its own.
  if (members.length === 0 || !existsSync(join(folder, "cgroup.type"))) return { folder, how: "enable" };
  const others = members.filter((pid) => !descendsFrom(pid, process.pid, root));
  return others.length === 0
    ? { folder, how: "move" }
    : absent(
        `the group ${folder} has other processes (${others.length}), beside which it cannot hand the memory controller down; ${remedy(root)}`,
      );
}

/**
 * Finds the nearest group, from this process's own group upwards, that can take cells. Groups above a limit
 * are not used: cells there would escape the limit that somebody set for this process. Groups in `unusable`
 * (with their reasons) are not used either.
 */
export function findParentGroup(
  own: OwnGroup,
  unusable: ReadonlyMap<string, string> = new Map(),
  root = "/",
): ParentGroup | Absent {
  let nearest: Absent | undefined;
  for (const folder of withAncestors(own)) {
    const reason = unusable.get(folder);
    const found = reason === undefined ? offer(folder, root) : absent(reason);
    if (found !== undefined && "folder" in found) return found;
    nearest ??= found;
    const limit = readNumber(join(folder, "memory.max"));
    if (limit !== undefined && folder !== own.mount) {
      return (
        nearest ??
        absent(`the group ${folder} is limited to ${limit} bytes, and cells above it would escape that`)
      );
    }
  }
  return (
    nearest ??
    absent(
      `cgroup v2 has no memory controller at ${own.mount}, which is so where cgroup v1 has it; boot with systemd.unified_cgroup_hierarchy=1`,
    )
  );
}

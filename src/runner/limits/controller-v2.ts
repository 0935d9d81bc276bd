import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { absent } from "../../system/probe/reading.js";
import { countersV2, oomKillsV2 } from "./counters.js";
import { errorCode, readWords } from "../../system/kernel-file.js";
import type { MemoryController, MemoryGroup } from "./memory-controller.js";
import { readPeak, writeIfThere, writeLimit } from "./memory-controller.js";
import type { ParentGroup } from "./parent-group-v2.js";
import { RunnerGroup } from "./runner-group.js";
import type { LimitEvidence } from "./types.js";

/** Name of the runner's own group. No name of a cell begins with "_". */
const MOVED = "_runner";

function handDown(folder: string): void {
  writeFileSync(join(folder, "cgroup.subtree_control"), "+memory");
}

/**
 * Moves this runner and its children to another group: a group with processes of its own cannot pass
 * controllers to groups below it.
 */
function moveSelf(from: string, to: string): void {
  mkdirSync(to);
  for (const pid of readWords(join(from, "cgroup.procs"))) {
    try {
      writeFileSync(join(to, "cgroup.procs"), pid);
    } catch (error) {
      // A child may have ended meanwhile.
      if (errorCode(error) !== "ESRCH") throw error;
    }
  }
}

function setLimit(folder: string, capBytes: number): void {
  // Kills the whole group. Otherwise the kernel kills one process, and if the others continue, the cell looks
  // successful.
  writeIfThere(folder, "memory.oom.group", "1");
  writeIfThere(folder, "memory.swap.max", "0");
  writeLimit(folder, "memory.max", capBytes);
}

function evidence(folder: string): LimitEvidence {
  const counters = countersV2(folder);
  return {
    peak: readPeak(folder, "memory.peak", ", which needs Linux 5.19"),
    oomKills: oomKillsV2(counters) ?? absent(`${folder} has no memory.events`),
    counters,
  };
}

/** Makes groups with `memory.max` below `parent`. The kernel kills each group as a whole. */
export function controllerV2({ folder: parent, how }: ParentGroup): MemoryController {
  const runner = new RunnerGroup(parent, (folder) => {
    if (how === "move") moveSelf(parent, join(folder, MOVED));
    if (how !== "ready") handDown(parent);
    handDown(folder);
  });
  return {
    name: "cgroup v2 memory controller",
    open(id, capBytes): MemoryGroup {
      const folder = runner.add(id, (made) => {
        if (capBytes !== undefined) setLimit(made, capBytes);
      });
      const killFile = join(folder, "cgroup.kill");
      return {
        procsFile: join(folder, "cgroup.procs"),
        limitsSwap: existsSync(join(folder, "memory.swap.max")),
        ...(existsSync(killFile) && { killFile }),
        close: async () => {
          const found = evidence(folder);
          await runner.remove(folder);
          return found;
        },
      };
    },
  };
}

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { absent } from "../../system/probe/reading.js";
import { countersV2, oomKillsV2 } from "./counters.js";
import { errorCode, readWords } from "../../system/kernel-file.js";
import type { MemoryController, MemoryGroup } from "./memory-controller.js";
import { readPeak, writeIfThere, writeLimit } from "./memory-controller.js";
import type { Place } from "./place-v2.js";
import { RunnerGroup } from "./runner-group.js";
import type { LimitEvidence } from "./types.js";

/** No cell's name begins so. */
const MOVED = "_runner";

function handDown(folder: string): void {
  writeFileSync(join(folder, "cgroup.subtree_control"), "+memory");
}

/** Moves this runner, and children that it has started already, out of a group that is to hand controllers down. */
function moveSelf(from: string, to: string): void {
  mkdirSync(to);
  for (const pid of readWords(join(from, "cgroup.procs"))) {
    try {
      writeFileSync(join(to, "cgroup.procs"), pid);
    } catch (error) {
      // A child that has ended meanwhile.
      if (errorCode(error) !== "ESRCH") throw error;
    }
  }
}

function setLimit(folder: string, capBytes: number): void {
  // Without it the kernel takes one process, and a tree that lives on looks like a cell that went well.
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

/** Groups with `memory.max` below `place`, each of which dies as a whole. */
export function controllerV2({ folder: place, how }: Place): MemoryController {
  const runner = new RunnerGroup(place, (folder) => {
    if (how === "move") moveSelf(place, join(folder, MOVED));
    if (how !== "ready") handDown(place);
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

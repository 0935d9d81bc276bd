import { existsSync } from "node:fs";
import { join } from "node:path";
import { absent } from "../../system/probe/reading.js";
import { countersV1, oomKillsV1 } from "./counters.js";
import type { MemoryController, MemoryGroup } from "./memory-controller.js";
import { readPeak, writeIfThere, writeLimit } from "./memory-controller.js";
import { RunnerGroup } from "./runner-group.js";
import type { LimitEvidence } from "./types.js";

const SWAP_LIMIT = "memory.memsw.limit_in_bytes";

function setLimit(folder: string, capBytes: number): void {
  writeIfThere(folder, "memory.swappiness", "0");
  writeLimit(folder, "memory.limit_in_bytes", capBytes);
  // This limits memory and swap together. It must not be below the memory limit, so it is written second.
  if (existsSync(join(folder, SWAP_LIMIT))) writeLimit(folder, SWAP_LIMIT, capBytes);
}

function evidence(folder: string): LimitEvidence {
  const counters = countersV1(folder);
  return {
    peak: readPeak(folder, "memory.max_usage_in_bytes"),
    oomKills: oomKillsV1(counters) ?? absent("memory.oom_control counts no kills before Linux 4.13"),
    counters,
  };
}

/**
 * Makes groups with `memory.limit_in_bytes` below `parent`. The kernel kills one process of the tree at a
 * time, and the supervisor ends the others. If only a child was killed and the main process lives, `oomKills`
 * still shows that the cap was reached.
 */
export function controllerV1(parent: string): MemoryController {
  const runner = new RunnerGroup(parent);
  return {
    name: "cgroup v1 memory controller",
    open(id, capBytes): MemoryGroup {
      const folder = runner.add(id, (made) => {
        if (capBytes !== undefined) setLimit(made, capBytes);
      });
      return {
        // The file is not cgroup.procs: moving a whole process makes the kernel wait for all cores, 10 to 25
        // ms. A task that moves itself does not wait, and the supervisor's child has one task only.
        procsFile: join(folder, "tasks"),
        limitsSwap: existsSync(join(folder, SWAP_LIMIT)),
        close: async () => {
          const found = evidence(folder);
          await runner.remove(folder);
          return found;
        },
      };
    },
  };
}

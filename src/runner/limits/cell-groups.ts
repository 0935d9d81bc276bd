import { existsSync } from "node:fs";
import { join } from "node:path";
import { BytesperError } from "../../base/errors.js";
import { absent } from "../../system/probe/reading.js";
import { pressureCounters } from "./counters.js";
import type { MemoryController } from "./memory-controller.js";
import type { RunnerGroup } from "./runner-group.js";
import type { CellLimit, CellLimitOptions, LimitEvidence } from "./types.js";

export interface HostGroups {
  memory: MemoryController | undefined;
  /**
   * Groups of a v2 hierarchy without the memory controller. They are used for cgroup.kill and for the time
   * spent waiting for memory.
   */
  tree: RunnerGroup | undefined;
}

interface Hold {
  supervisorArguments: string[];
  close(): Promise<LimitEvidence>;
}

const UNCOUNTED: LimitEvidence = {
  peak: absent("no control group with the memory controller can be made here"),
  oomKills: absent("no control group with the memory controller can be made here"),
  counters: {},
};

function holdTree(tree: RunnerGroup, id: string): Hold {
  const folder = tree.add(id);
  const killFile = join(folder, "cgroup.kill");
  return {
    supervisorArguments: [
      ...["--join", join(folder, "cgroup.procs")],
      ...(existsSync(killFile) ? ["--kill-file", killFile] : []),
    ],
    close: async () => {
      const counters = pressureCounters(folder);
      await tree.remove(folder);
      return { ...UNCOUNTED, counters };
    },
  };
}

function holdMemory(memory: MemoryController, id: string, capBytes: number | undefined): Hold {
  const group = memory.open(id, capBytes);
  const kill = group.killFile === undefined ? [] : ["--kill-file", group.killFile];
  return { supervisorArguments: ["--join", group.procsFile, ...kill], close: () => group.close() };
}

/** Throws `BAD_INPUT`. */
export function checkOptions({ id, capBytes }: CellLimitOptions): void {
  if (!/^[A-Za-z0-9-]+$/.test(id)) {
    throw new BytesperError("BAD_INPUT", `A cell's name may have letters, digits and "-", but is "${id}".`);
  }
  if (capBytes !== undefined && !(Number.isSafeInteger(capBytes) && capBytes > 0)) {
    throw new BytesperError(
      "BAD_INPUT",
      `A memory cap must be a whole number of bytes above 0, but is ${capBytes}.`,
    );
  }
}

/** Creates the available groups. If `limited`, the memory controller gets the cap. */
export async function openGroups(
  { memory, tree }: HostGroups,
  { id, capBytes }: CellLimitOptions,
  limited: boolean,
): Promise<CellLimit> {
  const memoryHold = memory && holdMemory(memory, id, limited ? capBytes : undefined);
  let treeHold: Hold | undefined;
  try {
    treeHold = tree && holdTree(tree, id);
  } catch (error) {
    await memoryHold?.close();
    throw error;
  }
  const closeBoth = async (): Promise<LimitEvidence> => {
    // The tree group first, because it gives a notice when it is empty.
    const ofTree = await treeHold?.close();
    const ofMemory = await memoryHold?.close();
    const counters = { ...ofTree?.counters, ...ofMemory?.counters };
    return { ...(ofMemory ?? UNCOUNTED), counters };
  };
  let closed: Promise<LimitEvidence> | undefined;
  return {
    supervisorArguments: [
      ...(memoryHold?.supervisorArguments ?? []),
      ...(treeHold?.supervisorArguments ?? []),
    ],
    wrap: (command) => command,
    close: () => (closed ??= closeBoth()),
  };
}

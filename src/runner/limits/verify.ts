import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Absent } from "../../system/probe/reading.js";
import { absent, isAbsent } from "../../system/probe/reading.js";
import { ownGroup } from "../../system/hierarchy.js";
import { readText } from "../../system/kernel-file.js";
import type { MemoryController } from "./memory-controller.js";
import { runTool } from "./run-tool.js";
import { RunnerGroup } from "./runner-group.js";
import { sentence } from "../../base/sentence.js";

/** A controller that was tested: it accepts a limit and a process. */
export interface Verified {
  memory: MemoryController;
  /** Whether a cap includes swap, or the machine has no swap. */
  holdsSwap: boolean;
}

const PROBE_BYTES = 64 * 2 ** 20;
let probes = 0;

/** A name that no cell has, because it begins with "_". */
function probeName(): string {
  return `_probe-${(probes += 1)}`;
}

function hasSwap(): boolean {
  return !/^SwapTotal:\s+0 kB$/m.test(readText("/proc/meminfo") ?? "");
}

/**
 * Tests that a child can join the group. The right to create a group does not include the right to move
 * processes.
 */
async function canJoin(procsFile: string): Promise<true | Absent> {
  const answer = await runTool("/bin/sh", ["-c", 'echo 0 > "$0"', procsFile]);
  return "stdout" in answer || absent(`no process may be moved to ${procsFile} (${answer.failed})`);
}

/** Tests a controller: creates a group with a limit, moves a process there, and removes the group. */
export async function verify(memory: MemoryController): Promise<Verified | Absent> {
  try {
    const group = memory.open(probeName(), PROBE_BYTES);
    const joined = await canJoin(group.procsFile);
    await group.close();
    return joined === true ? { memory, holdsSwap: group.limitsSwap || !hasSwap() } : joined;
  } catch (error) {
    return absent(sentence(error));
  }
}

/** Groups for cgroup.kill in a v2 hierarchy in which this user has no memory controller. */
export async function verifiedTree(): Promise<RunnerGroup | undefined> {
  const own = ownGroup(2);
  if (isAbsent(own)) return undefined;
  const tree = new RunnerGroup(own.folder);
  try {
    const folder = tree.add(probeName());
    const joined = existsSync(join(folder, "cgroup.kill")) && (await canJoin(join(folder, "cgroup.procs")));
    await tree.remove(folder);
    return joined === true ? tree : undefined;
  } catch {
    return undefined;
  }
}

import { setTimeout as wait } from "node:timers/promises";
import { readText } from "../../system/kernel-file.js";
import type { Absent } from "../../system/probe/reading.js";
import { absent, isAbsent } from "../../system/probe/reading.js";
import { hasLostMemory } from "../../system/process.js";

/** What the kernel counts for a tree of processes, bytes. */
export interface TreeMemory {
  processes: number;
  /** PSS with what was swapped out. */
  pssBytes: number;
  /**
   * PSS without pages of files. The pages of program code are shared with every process of the machine that runs the
   * same program, so that their share moves when such a process starts or ends.
   */
  ownBytes: number;
  /** Resident pages of files, each process's counted in full. */
  fileBytes: number;
  swapBytes: number;
}

/** Reads all processes, or says why that is not possible. A process that has just ended counts no more. */
export function readTree(pids: readonly number[]): TreeMemory | Absent {
  const tree: TreeMemory = { processes: 0, pssBytes: 0, ownBytes: 0, fileBytes: 0, swapBytes: 0 };
  for (const pid of pids) {
    const text = readText(`/proc/${pid}/smaps_rollup`) ?? "";
    const pss = field(text, "Pss");
    if (pss === undefined) {
      if (hasLostMemory(pid)) continue;
      return absent(`the kernel does not tell the PSS of process ${pid}`);
    }
    const swap = field(text, "SwapPss") ?? 0;
    const anonymous = field(text, "Pss_Anon");
    if (anonymous === undefined) return absent("this kernel does not divide PSS; that needs Linux 5.4");
    tree.processes++;
    tree.pssBytes += pss + swap;
    tree.ownBytes += anonymous + (field(text, "Pss_Shmem") ?? 0) + swap;
    tree.fileBytes += field(readText(`/proc/${pid}/status`) ?? "", "RssFile") ?? 0;
    tree.swapBytes += swap;
  }
  return tree.processes === 0 ? absent("no process of the server lives") : tree;
}

function field(text: string, name: string): number | undefined {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}

const LOOK_MS = 100;
/** So many looks in a row must find nothing to do. */
const QUIET_LOOKS = 3;
const STILL_BYTES = 2 ** 16;
const STILL_SHARE = 0.001;
/** Processor time between two looks that a heartbeat or a log line may take. */
const STILL_TICKS = 2;

/**
 * Waits until the processes rest: none runs or waits for a processor, and their memory stays the same. A busy machine
 * alone does not look like rest, because a process that waits for a processor counts as running.
 */
export async function untilStill(
  pidsOf: () => readonly number[],
  mostMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const until = performance.now() + mostMs;
  let quiet = 0;
  let [bytes, ticks] = [NaN, NaN];
  while (performance.now() < until && !signal.aborted) {
    const pids = pidsOf();
    const memory = readTree(pids);
    if (isAbsent(memory)) return false;
    const work = workOf(pids);
    const same =
      Math.abs(memory.ownBytes - bytes) <= Math.max(STILL_BYTES, STILL_SHARE * bytes) &&
      work.ticks - ticks <= STILL_TICKS &&
      !work.runs;
    [bytes, ticks] = [memory.ownBytes, work.ticks];
    quiet = same ? quiet + 1 : 0;
    if (quiet >= QUIET_LOOKS) return true;
    await wait(LOOK_MS);
  }
  return false;
}

/** See proc_pid_stat(5). */
function workOf(pids: readonly number[]): { ticks: number; runs: boolean } {
  let [ticks, runs] = [0, false];
  for (const pid of pids) {
    const text = readText(`/proc/${pid}/stat`);
    if (text === undefined) continue;
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    runs ||= fields[0] === "R";
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return { ticks, runs };
}

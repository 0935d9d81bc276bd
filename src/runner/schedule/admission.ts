import { bytesWithBinaryUnit } from "../../base/format.js";
import type { HostMemory } from "../limits/index.js";

export interface AdmissionSettings {
  /** If less than this share of the memory is available, no new cell starts. */
  softShare: number;
  /**
   * If less than this share of the memory is available, the youngest cell is ended, before the kernel chooses
   * a process.
   */
  hardShare: number;
  /** If less than this disk space is free, no new cell starts. */
  diskReserveBytes: number;
  /** No new cell starts if some task of the host waited for memory for more than this share of the time. */
  stalledShare: number;
}

export const ADMISSION_DEFAULTS: AdmissionSettings = {
  softShare: 0.1,
  hardShare: 0.04,
  diskReserveBytes: 256 * 2 ** 20,
  stalledShare: 0.2,
};

export interface Claim {
  /**
   * Most memory that the cell will hold: its cap, or its earlier peak with a margin. Undefined if unknown.
   */
  needBytes: number | undefined;
  heldBytes: number;
}

export interface HostReading {
  memory: Pick<HostMemory, "availableBytes" | "totalBytes">;
  diskFreeBytes: number | undefined;
  /**
   * Share of the time since the last reading, from the kernel's pressure counter. Undefined if there is none.
   */
  stalledShare?: number | undefined;
}

export type Admission = { admitted: true } | { admitted: false; what: "memory" | "disk"; message: string };

/** Factor on the earlier peak of a cell without a cap, since peaks vary from run to run. */
export const PEAK_MARGIN = 1.25;

/**
 * Whether a cell may start. Its need must fit into the free memory, less what the running cells may still
 * take. A cell that never fits starts when no other runs; its own cap then ends it.
 */
export function admit(
  cell: Claim,
  running: readonly Claim[],
  host: HostReading,
  settings: AdmissionSettings,
): Admission {
  const { diskFreeBytes, memory } = host;
  if (diskFreeBytes !== undefined && diskFreeBytes < settings.diskReserveBytes) {
    return {
      admitted: false,
      what: "disk",
      message: `New cells wait: ${bytesWithBinaryUnit(diskFreeBytes)} of disk are free and ${bytesWithBinaryUnit(settings.diskReserveBytes)} are kept in reserve; free some space.`,
    };
  }
  if (running.length === 0) return { admitted: true };
  // A cell always starts if no other runs. Beside others it waits: pressure rises only when the host already
  // lacks memory, so the running cells must end first.
  if (host.stalledShare !== undefined && host.stalledShare > settings.stalledShare) {
    return {
      admitted: false,
      what: "memory",
      message: `New cells wait: tasks of this host waited for memory in ${(100 * host.stalledShare).toFixed(0)} % of the time (limit ${(100 * settings.stalledShare).toFixed(0)} %).`,
    };
  }
  const claimed = running.reduce(
    (sum, { needBytes = 0, heldBytes }) => sum + Math.max(0, needBytes - heldBytes),
    0,
  );
  const reserve = memory.totalBytes * settings.softShare;
  const free = memory.availableBytes - claimed - reserve;
  if (free >= (cell.needBytes ?? 0)) return { admitted: true };
  return {
    admitted: false,
    what: "memory",
    message: `New cells wait for memory: the next needs ${bytesWithBinaryUnit(cell.needBytes ?? 0)}; ${bytesWithBinaryUnit(memory.availableBytes)} are available, of which running cells may still take ${bytesWithBinaryUnit(claimed)} and ${bytesWithBinaryUnit(reserve)} are kept in reserve.`,
  };
}

export function mustEndOne({ memory }: HostReading, settings: AdmissionSettings): boolean {
  return memory.availableBytes < memory.totalBytes * settings.hardShare;
}

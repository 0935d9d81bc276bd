import { bytesWithBinaryUnit } from "../../base/format.js";
import type { HostMemory } from "../limits/index.js";

/** Memory and disk below which nothing is started, and below which something must go. */
export interface GateSettings {
  /** Below this share of the memory no new cell starts. */
  softShare: number;
  /** Below this share the youngest cell is ended, before the kernel picks one. */
  hardShare: number;
  /** Free disk below which no new cell starts. */
  diskReserveBytes: number;
  /** Share of the time in which some task of the host waited for memory, above which no new cell starts. */
  stalledShare: number;
}

export const GATE_DEFAULTS: GateSettings = {
  softShare: 0.1,
  hardShare: 0.04,
  diskReserveBytes: 256 * 2 ** 20,
  stalledShare: 0.2,
};

/** What the gate knows of a cell. */
export interface Claim {
  /** Most that it will hold: its cap, or what it held before with a margin; undefined where nobody knows. */
  needBytes: number | undefined;
  /** What it holds now. */
  heldBytes: number;
}

export interface HostReading {
  memory: Pick<HostMemory, "availableBytes" | "totalBytes">;
  diskFreeBytes: number | undefined;
  /** From the kernel's pressure counter, since the last look; undefined where it has none. */
  stalledShare?: number | undefined;
}

export type Admission = { admitted: true } | { admitted: false; what: "memory" | "disk"; message: string };

/** Measured peaks vary from run to run; a cell without a cap is given this much more than it held before. */
export const PEAK_MARGIN = 1.25;

/**
 * Whether a cell may start: what it may come to hold must fit what is free, less what the running ones may still
 * take. One that would never fit starts alone, so that its own cap can say so.
 */
export function admit(
  cell: Claim,
  running: readonly Claim[],
  host: HostReading,
  settings: GateSettings,
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
  // Never alone: pressure rises only when the host is thrashing already, and what runs must come to its end.
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

/** Whether the host is so short of memory that a cell must be ended. */
export function mustEndOne({ memory }: HostReading, settings: GateSettings): boolean {
  return memory.availableBytes < memory.totalBytes * settings.hardShare;
}

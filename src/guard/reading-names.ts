import type { KnownReadings } from "./rules/parse.js";
import { unitOfName } from "./rules/unit.js";

/**
 * Readings that rules may use without declaring them. In a program they are about this process. Under `bytesper
 * guard` those of a process are about the command's whole process tree.
 */
export const READING_NAMES = {
  pssBytes: "resident memory, shared pages divided by their users",
  rssBytes: "resident memory, shared pages in full",
  heapUsedBytes: "objects on V8's heap, garbage included until it is collected",
  heapLimitBytes: "most that V8's heap may take",
  externalBytes: "what array buffers and addons declare to V8",
  nativeBytes: "what malloc has handed out",
  cgroupCurrentBytes: "what the kernel charges to this process's control group, file pages included",
  cgroupLimitBytes: "the tightest memory limit of that group and those above it",
  hostAvailableBytes: "what may be taken without swapping or a kill, control groups considered",
  hostTotalBytes: "memory of the machine, or the tightest limit on it",
  memoryPressureShare:
    "share of the time since the last sample in which a task of the machine waited for memory",
  deviceAllocatedBytes: "bytes of a memory pool that the program asked for and has not given back",
  deviceReservedBytes: "bytes that the pool has taken from the device",
  poolCapBytes: "cap of the pool",
  deviceUsedBytes: "used on the device by all processes (NVML)",
  deviceFreeBytes: "free on the device (NVML)",
  deviceTotalBytes: "memory of the device",
  deviceProcessBytes: "bytes on all devices that the process, or the command's tree, holds (NVML)",
} as const;

export type ReadingName = keyof typeof READING_NAMES;

/** Limits of the machine. They do not change while a program runs, so thresholds are checked against them. */
export const LIMIT_READINGS: ReadonlySet<string> = new Set<ReadingName>([
  "heapLimitBytes",
  "cgroupLimitBytes",
  "hostTotalBytes",
  "poolCapBytes",
  "deviceTotalBytes",
]);

export function knownReadings(ownNumbers: Iterable<string>): KnownReadings {
  return new Map([...Object.keys(READING_NAMES), ...ownNumbers].map((name) => [name, unitOfName(name)]));
}

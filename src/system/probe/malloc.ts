import type { MallocInfo } from "../native/contract.js";
import { tryLoadAddon } from "../native/load.js";
import type { Absent, Reading } from "./reading.js";
import { isAbsent } from "./reading.js";

/** glibc's `mallinfo2` of this process, bytes. */
export function mallocInfo(): MallocInfo | Absent {
  const addon = tryLoadAddon();
  return isAbsent(addon) ? addon : addon.mallocInfo();
}

/** Bytes that malloc has given out and that are not freed: `uordblks + hblkhd`. */
export function mallocInUse(): Reading {
  const info = mallocInfo();
  return isAbsent(info) ? info : info.inUseBytes;
}

/** The change of the malloc counter for one block of `bytes`; it shows whether the counter works. */
export function mallocSelfTest(bytes: number): Reading {
  const addon = tryLoadAddon();
  return isAbsent(addon) ? addon : addon.mallocSelfTest(bytes);
}

/** Gives whole pages of free chunks back to the system, where malloc can; nothing that is in use moves. */
export function trimMalloc(): void {
  const addon = tryLoadAddon();
  if (!isAbsent(addon)) addon.mallocTrim();
}

import type { PageFaults, ProcessStatus, SmapsRollup } from "../native/contract.js";
import { tryLoadAddon } from "../native/load.js";
import type { Absent } from "./reading.js";
import { isAbsent } from "./reading.js";

/** `VmRSS` and `VmHWM` of this process, bytes. */
export function processStatus(): ProcessStatus | Absent {
  const addon = tryLoadAddon();
  return isAbsent(addon) ? addon : addon.processStatus();
}

/** PSS, USS and their parts, bytes; the kernel walks all page tables for it. */
export function smapsRollup(): SmapsRollup | Absent {
  const addon = tryLoadAddon();
  return isAbsent(addon) ? addon : addon.smapsRollup();
}

/** Page faults of this process since its start. */
export function pageFaults(): PageFaults | Absent {
  const addon = tryLoadAddon();
  return isAbsent(addon) ? addon : addon.pageFaults();
}

/** Sets `VmHWM` back to the present `VmRSS`. */
export function resetVmHwm(): true | Absent {
  const addon = tryLoadAddon();
  return isAbsent(addon) ? addon : addon.resetVmHwm();
}

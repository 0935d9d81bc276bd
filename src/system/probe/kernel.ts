import type { ProcessStatus, SmapsRollup } from "../native/contract.js";
import { tryLoadAddon } from "../native/load.js";
import type { Absent } from "./reading.js";
import { isAbsent } from "./reading.js";

/** `VmRSS` and `VmHWM` of this process, bytes. */
export function processStatus(): ProcessStatus | Absent {
  const addon = tryLoadAddon();
  return isAbsent(addon) ? addon : addon.processStatus();
}

/** PSS, USS and their parts, bytes. The kernel walks all page tables to compute them. */
export function smapsRollup(): SmapsRollup | Absent {
  const addon = tryLoadAddon();
  return isAbsent(addon) ? addon : addon.smapsRollup();
}

import type { NvmlReport } from "../native/contract.js";
import { tryLoadAddon } from "../native/load.js";
import type { Absent } from "./reading.js";
import { isAbsent } from "./reading.js";

/** NVIDIA devices as NVML sees them, or why there are none. */
export function nvmlDevices(): NvmlReport | Absent {
  const addon = tryLoadAddon();
  return isAbsent(addon) ? addon : addon.nvmlDevices();
}

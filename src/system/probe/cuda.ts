import type { CudaReport } from "../native/contract.js";
import { tryLoadAddon } from "../native/load.js";
import type { Absent } from "./reading.js";
import { isAbsent } from "./reading.js";

/** NVIDIA devices as the CUDA driver sees them, or why there are none. */
export function cudaDevices(): CudaReport | Absent {
  const addon = tryLoadAddon();
  return isAbsent(addon) ? addon : addon.cudaDevices();
}

import type { NvmlDevice, NvmlReport } from "../../system/native/contract.js";
import type { Absent } from "../../system/probe/reading.js";
import { absent, isAbsent } from "../../system/probe/reading.js";

/**
 * The device with this index, or the only device. NVML numbers devices by their bus position; CUDA may number them
 * otherwise.
 */
export function nvmlDevice(report: NvmlReport | Absent, index: number | undefined): NvmlDevice | Absent {
  if (isAbsent(report)) return report;
  const { devices } = report;
  if (index === undefined && devices.length > 1)
    return absent(`there are ${devices.length} devices, and "device" names none of them`);
  return devices.find((device) => index === undefined || device.index === index) ?? noDevice(index);
}

function noDevice(index: number | undefined): Absent {
  return absent(index === undefined ? "the driver lists no device" : `the driver lists no device ${index}`);
}

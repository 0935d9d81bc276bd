import type { NvmlReport } from "../../system/native/contract.js";
import type { Absent, Reading } from "../../system/probe/reading.js";
import { absent, isAbsent } from "../../system/probe/reading.js";
import type { ReadingName } from "../reading-names.js";
import { nvmlDevice } from "../sources/nvml.js";
import type { ReadingSource } from "../sources/source.js";
import type { ReportFile } from "./report-file.js";

/** Numbers that only a framework's allocator knows, such as PyTorch's memory_allocated and memory_reserved. */
const OF_ALLOCATOR: readonly string[] = [
  "deviceAllocatedBytes",
  "deviceReservedBytes",
  "poolCapBytes",
] satisfies ReadingName[];

export interface ReportSourceOptions {
  report: ReportFile;
  /** Names of the program's own numbers. */
  numbers: readonly string[];
  device: number | undefined;
  devices: () => NvmlReport | Absent;
  /** Whether the first report may still come. */
  isEarly: () => boolean;
}

export function reportSource({
  report,
  numbers,
  device,
  devices,
  isEarly,
}: ReportSourceOptions): ReadingSource {
  return {
    names: [...OF_ALLOCATOR, ...numbers],
    awaits: isEarly,
    capacityOf: (name) => {
      if (numbers.includes(name)) return undefined;
      if (name === "poolCapBytes") return reported(report, name);
      const found = nvmlDevice(devices(), device);
      return isAbsent(found) ? found : found.totalBytes;
    },
    sample: (wanted, put) => {
      for (const name of wanted) put(name, reported(report, name));
    },
  };
}

/** The last reported value, or the reason why there is none. */
function reported(report: ReportFile, name: string): Reading {
  const { numbers, wrong } = report.last;
  const value = numbers.get(name);
  if (value !== undefined) return value;
  return absent(
    wrong.has(name)
      ? `the program reported something else than a number for ${name}`
      : `the program has not reported ${name} to BYTESPER_GUARD_REPORT`,
  );
}

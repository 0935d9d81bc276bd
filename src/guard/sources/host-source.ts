import type { Reading } from "../../system/probe/reading.js";
import { isAbsent } from "../../system/probe/reading.js";
import { readHostMemory } from "../../system/host.js";
import type { ReadingName } from "../reading-names.js";
import { controlGroup } from "./control-group.js";
import { Pressure } from "./pressure.js";
import type { ReadingSource } from "./source.js";

/** Memory of the machine and of this process's control group. */
export function hostSource(): ReadingSource {
  const group = controlGroup();
  const pressure = new Pressure();
  const takers: Partial<Record<ReadingName, () => Reading>> = {
    cgroupCurrentBytes: () => group.currentBytes(),
    cgroupLimitBytes: () => group.limitBytes(),
    memoryPressureShare: () => pressure.read(),
  };
  return {
    names: [...Object.keys(takers), "hostAvailableBytes", "hostTotalBytes"],
    capacityOf: (name) => {
      if (name === "memoryPressureShare") return 1;
      if (name === "cgroupLimitBytes") return group.limitBytes();
      const total = readHostMemory().totalBytes;
      if (name !== "cgroupCurrentBytes") return total;
      const limit = group.limitBytes();
      return isAbsent(limit) ? total : Math.min(limit, total);
    },
    sample: (wanted, put) => {
      for (const [name, take] of Object.entries(takers)) if (wanted.has(name)) put(name, take());
      if (!wanted.has("hostAvailableBytes") && !wanted.has("hostTotalBytes")) return;
      // It reads some ten files, which takes most of a millisecond, so both readings share it.
      const { availableBytes, totalBytes } = readHostMemory();
      put("hostAvailableBytes", availableBytes);
      put("hostTotalBytes", totalBytes);
    },
  };
}

import { isAbsent } from "../system/probe/reading.js";
import { BYTES_IN } from "../base/size.js";
import type { Result } from "../record/schema.js";

/**
 * How many sessions fit into a gibibyte and a gigabyte: memory minus the fixed cost, divided by the slope
 * plus what malloc holds beyond the declared external bytes. An extrapolation: it leaves out pages that are
 * not full, the headroom of the heap and the rest of the process.
 */
export function capacityOf(unit: string, fit: Result["fit"]): Pick<Result, "capacity"> {
  if (unit !== "session" || isAbsent(fit)) return {};
  const native = isAbsent(fit.nativePerUnitBytes) ? 0 : fit.nativePerUnitBytes.value;
  const external = isAbsent(fit.externalPerUnitBytes) ? 0 : fit.externalPerUnitBytes.value;
  const beyond = Math.max(0, native - external);
  const perSession = fit.perUnitBytes.value + beyond;
  const fixed = Math.max(0, fit.fixedBytes.value);
  if (!(perSession > 0)) return {};
  const fitting = (memory: number): number => Math.max(0, Math.floor((memory - fixed) / perSession));
  return {
    capacity: {
      perGiB: fitting(BYTES_IN.GiB),
      perGB: fitting(BYTES_IN.GB),
      formula: `(memory - ${fixed.toFixed(0)} fixed) / (${fit.perUnitBytes.value.toFixed(1)} heap and external + ${beyond.toFixed(1)} native beyond external)`,
    },
  };
}

import { isAbsent } from "../system/probe/reading.js";
import { BYTES_IN } from "../base/size.js";
import type { Result } from "../record/schema.js";

/**
 * Sessions that fit a gibibyte and a gigabyte by the line: memory less the fixed cost, over the slope and what
 * malloc holds beyond the declared external bytes. An extrapolation: pages that are not filled, the heap's
 * headroom and the rest of the process are not in it.
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

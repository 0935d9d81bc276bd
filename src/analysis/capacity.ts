import { isAbsent } from "../system/probe/reading.js";
import { BYTES_IN } from "../base/size.js";
import type { Result } from "../record/schema.js";
import { totalOf } from "../record/total.js";

/**
 * How many sessions fit into a gibibyte and a gigabyte: memory minus the fixed cost, divided by what one
 * costs the process and what V8 takes to keep the books of its pages. Absent where the total is. An extrapolation: it leaves out pages that are
 * not full, the headroom of the heap and the rest of the process.
 */
export function capacityOf(unit: string, fit: Result["fit"]): Pick<Result, "capacity"> {
  if (unit !== "session" || isAbsent(fit)) return {};
  const total = totalOf(fit);
  if (isAbsent(total)) return {};
  const bookkeeping = fit.bookkeepingPerUnitBytes ?? 0;
  const each = (total as { value: number }).value;
  const perSession = each + bookkeeping;
  const fixed = Math.max(0, fit.fixedBytes.value);
  if (!(perSession > 0)) return {};
  const fitting = (memory: number): number => Math.max(0, Math.floor((memory - fixed) / perSession));
  return {
    capacity: {
      perGiB: fitting(BYTES_IN.GiB),
      perGB: fitting(BYTES_IN.GB),
      formula: `(memory - ${fixed.toFixed(0)} fixed) / (${each.toFixed(1)} in all + ${bookkeeping.toFixed(1)} of V8's books for its pages)`,
    },
  };
}

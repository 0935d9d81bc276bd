export const COLUMN_UNITS = ["B", "kB", "MB", "KiB", "MiB", "GiB"] as const;

/** Values that every row has a name for, beside its factors and readings. `units` are instances times their units. */
export const ROW_VALUES: readonly string[] = [
  "instances",
  "units",
  "unitsPerInstance",
  "heapAndExternal",
  "perInstanceBytes",
  "perUnitBytes",
  "outcome",
  "verdict",
  "enforcement",
  "capBytes",
  "estimateBytes",
  "measuredOverEstimate",
];

/**
 * A column of an experiment's main table. `from` names the value it shows: `factors.NAME`, `readings.NAME` or one of
 * {@link ROW_VALUES}.
 */
export interface ColumnSpec {
  title: string;
  from: string;
  /** Unit in which bytes are printed; the default is B. */
  unit?: (typeof COLUMN_UNITS)[number];
}

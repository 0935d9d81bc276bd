export const COLUMN_UNITS = ["B", "kB", "MB", "KiB", "MiB", "GiB"] as const;

/**
 * A column of an experiment's main table. `from` names the value it shows: `factors.NAME`, `instances`,
 * `units` (instances times units per instance), `unitsPerInstance`, `readings.NAME`, `heapAndExternal`,
 * `perInstanceBytes`, `perUnitBytes`, `outcome`, or `verdict` of a rollout's stage.
 */
export interface ColumnSpec {
  title: string;
  from: string;
  /** Unit in which bytes are printed; the default is B. */
  unit?: (typeof COLUMN_UNITS)[number];
}

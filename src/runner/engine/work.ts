import type { PreparedCell } from "./prepare.js";
import type { ReadyCell } from "./schedule.js";

/** A prepared trial that waits to be run. */
export type PlannedWork = PreparedCell & ReadyCell;

import type { PreparedCell } from "./prepare.js";
import type { ReadyCell } from "./schedule.js";

export type PlannedWork = PreparedCell & ReadyCell;

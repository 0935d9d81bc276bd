import type { Left, TimedCell } from "../schedule/time-left.js";
import { TimeLeft } from "../schedule/time-left.js";
import type { Learned } from "./learned.js";
import { placeOf } from "./learned.js";
import type { PlanEntry } from "./need.js";
import type { PreparedExperiment } from "./prepare.js";
import { shippedDurations } from "./shipped.js";

/** The time that is left, by the clock of this process. */
export interface Watch {
  started: (key: string) => void;
  ended: (key: string, durationMs: number) => void;
  left: () => Left;
  /** Whether a cell of this folder ran before, so that the first guess is of this machine. */
  hasRunHere: boolean;
}

/** The answer is computed anew when this much time has passed: a grid may have a million cells. */
const FRESH_MS = 500;
/** Computing takes at most this share of the time. */
const SHARE = 0.02;

/** Durations come from earlier runs in the folder, else, for shipped experiments, from those of a machine of four cores. */
export function timeLeftOf(
  plans: readonly { prepared: PreparedExperiment; entries: readonly PlanEntry[] }[],
  slotsOf: (prepared: PreparedExperiment) => number,
  learned: Learned,
  quick: boolean,
): Watch {
  const slots = new Map(plans.map(({ prepared }) => [prepared.record.experiment, slotsOf(prepared)]));
  const shipped = shippedDurations(quick);
  const cells = plans.flatMap(({ entries }) =>
    entries.flatMap(({ cell, key, run }) => (run ? [{ ...cell, key }] : [])),
  );
  const ranHere = (cell: TimedCell): number | undefined =>
    learned.cells.get(cell.cell)?.durationMs ?? learned.durations.get(placeOf(cell));
  const time = new TimeLeft(
    cells,
    (experiment) => slots.get(experiment) ?? 1,
    (cell) => ranHere(cell) ?? shipped.get(placeOf(cell)),
  );
  let known: Left | undefined;
  let validUntilMs = 0;
  return {
    hasRunHere: cells.some((cell) => ranHere(cell) !== undefined),
    started: (key) => {
      time.started(key, performance.now());
    },
    ended: (key, durationMs) => {
      time.ended(key, durationMs);
    },
    left: () => {
      const before = performance.now();
      if (known !== undefined && before < validUntilMs) return known;
      known = time.left(before);
      const after = performance.now();
      validUntilMs = after + Math.max(FRESH_MS, (after - before) / SHARE);
      return known;
    },
  };
}

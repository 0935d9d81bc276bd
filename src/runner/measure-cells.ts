import type { CollectedCell } from "../analysis/collected.js";
import type { CellRole } from "../record/cell.js";
import type { Executor } from "./executor/executor.js";
import { isMistake } from "./mistake.js";
import type { PlannedCell } from "./plan.js";
import { ADMISSION_DEFAULTS } from "./schedule/admission.js";
import { hostReader } from "./schedule/host-reader.js";
import { schedule } from "./schedule/schedule.js";
import type { Left } from "./schedule/time-left.js";
import { TimeLeft } from "./schedule/time-left.js";
import type { ReadyCell } from "./schedule/work-source.js";
import { inOrder } from "./schedule/work-source.js";
import { startSingleCell } from "./single-cell.js";
import type { SingleCellOptions } from "./single-cell.js";
import { slotsHere } from "./slots.js";

/** How long cells took for a session of 4,408 bytes, ms. The first that end tell how much longer the others take. */
const USUAL_MS: Partial<Record<CellRole, number>> = { row: 450, null: 420, snapshot: 700, growth: 650 };

type Ready = ReadyCell & { planned: PlannedCell };

/**
 * Runs the cells of one subject, several at a time, without a journal. One that crashes beside others is run again
 * alone, and so are all that follow: it may listen on a port or write a file that only one process can have. A mistake
 * in the subject, which every cell would meet, stops the run.
 */
export async function runCells(
  cells: readonly PlannedCell[],
  options: SingleCellOptions,
  progress: (finished: number, total: number, label: string, left: Left) => void,
): Promise<CollectedCell[]> {
  const ended = new Map<string, CollectedCell>();
  const aborted = (): boolean => options.signal?.aborted === true;
  let slots = slotsHere();
  let stopped = false;
  const time = new TimeLeft(
    cells.map((cell) => ({ ...cell, key: cell.label, cell: cell.label, experiment: "measure" })),
    () => slots,
    ({ role }) => USUAL_MS[role as CellRole],
  );
  await schedule<Ready>(inOrder(cells.map(readyOf)), {
    executor: executorOf(options),
    slots: () => slots,
    deviceSlots: 1,
    admission: ADMISSION_DEFAULTS,
    readHost: hostReader(),
    stop: () => stopped || aborted(),
    isConflict: ({ outcome, code }) => outcome === "crash" && code !== "NO_SPACE",
    start: ({ key, planned }) => {
      time.started(key, performance.now());
      const { compilers, timeoutMs } = options;
      return { job: { id: key, work: planned.work, compilers, timeoutMs }, events: {} };
    },
    end: ({ key, planned }, end, { beside, again }) => {
      if (again) {
        slots = 1;
        return;
      }
      ended.set(key, { ...planned, beside, end });
      stopped ||= isMistake(end.code, true);
      time.ended(key, end.durationMs);
      progress(ended.size, cells.length, key, time.left(performance.now()));
    },
    // Cells then run one after the other, and the progress shows it.
    pressure: () => undefined,
  });
  if (aborted())
    for (const cell of cells) if (!ended.has(cell.label)) ended.set(cell.label, { ...cell, beside: false });
  return [...ended.values()].sort((a, b) => a.trial - b.trial);
}

function readyOf(planned: PlannedCell): Ready {
  const { label } = planned;
  return { key: label, label, planned, exclusive: false, usesDevice: false, needBytes: undefined };
}

/** Cells of no grid, in processes of this machine or in the place that the options name. */
function executorOf(options: SingleCellOptions): Executor {
  return {
    name: "local",
    slots: slotsHere(),
    here: true,
    submit: (jobs) => Promise.resolve(jobs.map(({ work }) => startSingleCell(work, options))),
    close: () => Promise.resolve(),
  };
}

import { bytesWithBinaryUnit } from "../../base/format.js";
import type { CellEnd } from "../../record/cell-end.js";
import type { CellEvents, CellJob, RunningCell } from "../cell/execute.js";
import { mayBeConflict } from "../cell/conflict.js";
import type { Executor } from "../executor/executor.js";
import type { Claim, AdmissionSettings, HostReading } from "./admission.js";
import { admit, mustEndOne } from "./admission.js";

export interface ReadyCell {
  key: string;
  label: string;
  /** No other cell runs beside it. */
  exclusive: boolean;
  /** Needs a GPU that no other cell uses. */
  usesDevice: boolean;
  needBytes: number | undefined;
}

export interface WorkSource<C extends ReadyCell> {
  /** The next cell. Undefined if no cell is left, or if running cells must end first. */
  take: () => C | undefined;
  /** Puts a cell back. It will run without others beside it. */
  requeue: (cell: C) => void;
  ended: (cell: C, end: CellEnd) => void;
}

export interface ScheduleOptions<C extends ReadyCell> {
  executor: Executor;
  slots: number;
  /** Number of GPUs. A cell that uses one does not share it. */
  deviceSlots: number;
  admission: AdmissionSettings;
  readHost: () => Promise<HostReading>;
  /** Interval at which the host is read, ms. */
  pollMs: number;
  stop: () => boolean;
  /** Called before the process starts; returns the job. */
  start: (cell: C, beside: number, device: number | undefined) => { job: CellJob; events: CellEvents };
  end: (cell: C, end: CellEnd, beside: boolean) => void;
  /** Called after each reading of the host. */
  tick: () => void;
  pressure: (what: "memory" | "disk", level: "soft" | "hard", message: string) => void;
}

interface Chosen<C> {
  cell: C;
  claim: Claim;
  device: number | undefined;
}

interface Running<C> extends Chosen<C> {
  running: RunningCell;
  beside: boolean;
  /** The host ran short of memory, and the cell was told to end. */
  ending: boolean;
}

/**
 * Runs cells from a source until it is empty. The slots and the memory limit how many run at once. Ends are
 * handled in the order in which they arrive. When the host runs short of memory, the youngest cell is ended
 * and later runs alone. So does a cell that failed beside others for want of a port, a file or a lock.
 */
export async function schedule<C extends ReadyCell>(
  source: WorkSource<C>,
  options: ScheduleOptions<C>,
): Promise<void> {
  const { executor, slots } = options;
  const running = new Map<string, Running<C>>();
  const alone = new Set<string>();
  /** For each cell, the ends after which it was run again. */
  const runAgain = new Map<string, CellEnd[]>();
  let waiting: C | undefined;
  let host: HostReading | undefined;
  let told: string | undefined;
  let wake: () => void = () => undefined;

  let failure: { error: unknown } | undefined;

  const fail = (error: unknown): void => {
    failure ??= { error };
    for (const { running: cell } of running.values()) cell.stop("interrupted", "the runner failed");
    wake();
  };
  const isExclusive = (cell: C): boolean => executor.here && (cell.exclusive || alone.has(cell.key));

  const freeDevice = (): number | undefined => {
    const taken = new Set([...running.values()].map(({ device }) => device));
    return Array.from({ length: options.deviceSlots }, (_, index) => index).find(
      (index) => !taken.has(index),
    );
  };

  const choose = async (): Promise<Chosen<C> | undefined> => {
    if (failure !== undefined || options.stop() || running.size >= slots) return undefined;
    if ([...running.values()].some(({ cell }) => isExclusive(cell))) return undefined;
    waiting ??= source.take();
    const cell = waiting;
    if (cell === undefined || (isExclusive(cell) && running.size > 0)) return undefined;
    const device = cell.usesDevice && executor.here ? freeDevice() : undefined;
    if (cell.usesDevice && executor.here && device === undefined) return undefined;
    const claim: Claim = { needBytes: cell.needBytes, heldBytes: 0 };
    if (executor.here) {
      host ??= await options.readHost();
      const admission = admit(
        claim,
        [...running.values()].map((each) => each.claim),
        host,
        options.admission,
      );
      if (!admission.admitted) {
        if (told !== admission.what) options.pressure(admission.what, "soft", admission.message);
        told = admission.what;
        return undefined;
      }
    }
    told = undefined;
    waiting = undefined;
    return { cell, claim, device };
  };

  const startNext = async (): Promise<boolean> => {
    const chosen: Chosen<C>[] = [];
    // On this machine, each start changes how much memory the next cell may take. Another executor gets all
    // ready cells at once.
    const most = executor.here ? 1 : slots - running.size;
    while (chosen.length < most) {
      const next = await choose();
      if (next === undefined) break;
      chosen.push(next);
    }
    if (chosen.length === 0) return false;
    const others = executor.here ? running.size : 0;
    const starts = chosen.map(({ cell, claim, device }) => {
      const { job, events } = options.start(cell, others, device);
      const onSample: CellEvents["onSample"] = (sample) => {
        claim.heldBytes = sample.pssBytes ?? sample.rssBytes ?? claim.heldBytes;
        events.onSample?.(sample);
      };
      return { job, events: { ...events, onSample } };
    });
    const handles = await executor.submit(
      starts.map(({ job }) => job),
      (job) => starts.find((start) => start.job === job)?.events ?? {},
    );
    if (others > 0) for (const other of running.values()) other.beside = true;
    chosen.forEach((each, index) => {
      const handle = handles[index];
      if (handle === undefined) throw new Error("an executor answered without a cell");
      follow({ ...each, running: handle, beside: others > 0, ending: false });
    });
    return true;
  };

  const follow = (entry: Running<C>): void => {
    const { cell } = entry;
    running.set(cell.key, entry);
    const ended = entry.running.end.then((own) => {
      running.delete(cell.key);
      const before = runAgain.get(cell.key) ?? [];
      const { end, again } = executor.settle?.(own, before) ?? { end: own, again: false };
      if (again) runAgain.set(cell.key, [...before, end]);
      const short = end.outcome === "oom-watchdog" && !isExclusive(cell);
      const conflict = executor.here && entry.beside && !alone.has(cell.key) && mayBeConflict(end);
      if (short || conflict) alone.add(cell.key);
      if (short || conflict || again) source.requeue(cell);
      options.end(cell, end, entry.beside);
      if (!again && !conflict) source.ended(cell, end);
      wake();
    });
    ended.catch(fail);
  };

  const look = async (): Promise<void> => {
    options.tick();
    if (executor.here) {
      host = await options.readHost();
      const youngest = [...running.values()].at(-1);
      // The cell may need time to die. Meanwhile no other cell is ended, and this one is not told twice.
      if (youngest?.ending === false && mustEndOne(host, options.admission)) {
        youngest.ending = true;
        const { availableBytes, totalBytes } = host.memory;
        const cause = `the host had ${bytesWithBinaryUnit(availableBytes)} of ${bytesWithBinaryUnit(totalBytes)} left, and this was the youngest cell`;
        options.pressure("memory", "hard", `${youngest.cell.label} was ended: ${cause}.`);
        youngest.running.stop("oom-watchdog", cause);
      }
    }
    if (options.stop())
      for (const { running: cell } of running.values()) cell.stop("interrupted", "interrupted");
  };

  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = looking
      .then(look)
      .then(() => {
        wake();
      })
      .catch(fail);
  }, options.pollMs);
  try {
    for (;;) {
      const woken = new Promise<void>((resolve) => (wake = resolve));
      try {
        while (await startNext());
      } catch (error) {
        // Running cells are ended first; otherwise the runner would wait for them after its failure.
        fail(error);
      }
      if (running.size === 0) {
        if (failure !== undefined) throw failure.error;
        if (options.stop() || waiting === undefined) return;
      }
      await woken;
    }
  } finally {
    clearInterval(timer);
    await looking;
  }
}

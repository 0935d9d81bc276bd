import { bytesWithBinaryUnit } from "../../base/format.js";
import type { CellEnd } from "../../record/cell-end.js";
import { mayBeConflict } from "../cell/conflict.js";
import type { CellEvents, CellJob } from "../cell/execute.js";
import type { Executor } from "../executor/executor.js";
import type { AdmissionSettings, Claim, HostReading } from "./admission.js";
import { admit, mustEndOne } from "./admission.js";
import type { StartedCell } from "./running-cells.js";
import { RunningCells } from "./running-cells.js";
import type { ReadyCell, WorkSource } from "./work-source.js";

export interface SchedulerOptions<C extends ReadyCell> {
  executor: Executor;
  /** Most cells at the same time; asked before each start. */
  slots: () => number;
  /** Number of GPUs. A cell that uses one does not share it. */
  deviceSlots: number;
  admission: AdmissionSettings;
  readHost: () => Promise<HostReading>;
  stop: () => boolean;
  /** Called before the process starts; returns the job. */
  start: (cell: C, beside: number, device: number | undefined) => { job: CellJob; events: CellEvents };
  end: (cell: C, end: CellEnd, how: EndOf) => void;
  /** Whether a cell that ended beside others may have failed because of them; by the words of its end if absent. */
  isConflict?: (end: CellEnd) => boolean;
  /** Called at each look, before the host is read. */
  tick?: () => void;
  pressure: (what: "memory" | "disk", level: "soft" | "hard", message: string) => void;
}

/** How an attempt ended, as the scheduler sees it. */
export interface EndOf {
  /** Another cell ran at the same time, at any time. */
  beside: boolean;
  /** The cell is run again, so this end is not its last. */
  again: boolean;
}

type ChosenCell<C> = Pick<StartedCell<C>, "cell" | "claim" | "device">;

/**
 * Runs cells from a source until it is empty. The slots and the memory limit how many run at once. Ends are
 * handled in the order in which they arrive. When the host runs short of memory, the youngest cell is ended
 * and later runs alone. So does a cell that failed beside others for want of a port, a file or a lock. It has
 * no clock: `look` must be called from time to time while `run` goes on.
 */
export class Scheduler<C extends ReadyCell> {
  readonly #source: WorkSource<C>;
  readonly #options: SchedulerOptions<C>;
  readonly #running = new RunningCells<C>();
  /** Keys of the cells that run alone, after an attempt beside others. */
  readonly #alone = new Set<string>();
  /** For each cell, the ends after which it was run again. */
  readonly #earlierEnds = new Map<string, CellEnd[]>();
  /** The cell that was taken from the source and may not start yet. */
  #waiting: C | undefined;
  #host: HostReading | undefined;
  /** What the waiting cell lacks, if it was told. */
  #toldLack: "memory" | "disk" | undefined;
  #failure: { error: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(source: WorkSource<C>, options: SchedulerOptions<C>) {
    this.#source = source;
    this.#options = options;
  }

  /** Rejects with the first error of the executor or of an option, after the running cells have ended. */
  async run(): Promise<void> {
    for (;;) {
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      try {
        while (await this.#startNext());
      } catch (error) {
        this.#fail(error);
      }
      if (this.#running.size === 0) {
        if (this.#failure !== undefined) throw this.#failure.error;
        if (this.#options.stop() || this.#waiting === undefined) return;
      }
      await woken;
    }
  }

  /** Reads the host, ends a cell if it must, passes on a stop, and lets waiting cells try again. Never rejects. */
  async look(): Promise<void> {
    const { tick, stop, executor } = this.#options;
    try {
      tick?.();
      if (executor.here) await this.#watchHost();
      if (stop()) this.#running.interrupt("interrupted");
      this.#wake();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Running cells are ended first; otherwise the runner would wait for them after its failure. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#running.interrupt("the runner failed");
    this.#wake();
  }

  #isExclusive(cell: C): boolean {
    return this.#options.executor.here && (cell.exclusive || this.#alone.has(cell.key));
  }

  async #startNext(): Promise<boolean> {
    const { executor, start } = this.#options;
    const slots = this.#options.slots();
    // On this machine, each start changes how much memory the next cell may take. Another executor gets all
    // ready cells at once.
    const most = executor.here ? 1 : slots - this.#running.size;
    const chosen: ChosenCell<C>[] = [];
    while (chosen.length < most) {
      const next = await this.#choose();
      if (next === undefined) break;
      chosen.push(next);
    }
    if (chosen.length === 0) return false;
    const others = executor.here ? this.#running.size : 0;
    const starts = chosen.map(({ cell, claim, device }) => {
      const { job, events } = start(cell, others, device);
      return { job, events: followingClaim(claim, events) };
    });
    const handles = await executor.submit(
      starts.map(({ job }) => job),
      (job) => starts.find((each) => each.job === job)?.events ?? {},
    );
    if (others > 0) this.#running.markBeside();
    chosen.forEach((each, index) => {
      const running = handles[index];
      if (running === undefined) throw new Error("an executor answered without a cell");
      this.#follow({ ...each, running, beside: others > 0, ending: false });
    });
    return true;
  }

  /** The next cell, if it may start now. */
  async #choose(): Promise<ChosenCell<C> | undefined> {
    const { executor, stop, deviceSlots } = this.#options;
    if (this.#failure !== undefined || stop() || this.#running.size >= this.#options.slots())
      return undefined;
    if (this.#running.some((cell) => this.#isExclusive(cell))) return undefined;
    this.#waiting ??= this.#source.take();
    const cell = this.#waiting;
    if (cell === undefined || (this.#isExclusive(cell) && this.#running.size > 0)) return undefined;
    const needsDevice = cell.usesDevice && executor.here;
    const device = needsDevice ? this.#running.freeDevice(deviceSlots) : undefined;
    if (needsDevice && device === undefined) return undefined;
    const claim: Claim = { needBytes: cell.needBytes, heldBytes: 0 };
    if (executor.here && !(await this.#isAdmitted(claim))) return undefined;
    this.#toldLack = undefined;
    this.#waiting = undefined;
    return { cell, claim, device };
  }

  async #isAdmitted(claim: Claim): Promise<boolean> {
    const { readHost, admission: settings, pressure } = this.#options;
    this.#host ??= await readHost();
    const admission = admit(claim, this.#running.claims, this.#host, settings);
    if (admission.admitted) return true;
    if (this.#toldLack !== admission.what) pressure(admission.what, "soft", admission.message);
    this.#toldLack = admission.what;
    return false;
  }

  #follow(started: StartedCell<C>): void {
    this.#running.add(started);
    started.running.end
      .then((own) => {
        this.#handleEnd(started, own);
        this.#wake();
      })
      .catch((error: unknown) => {
        this.#fail(error);
      });
  }

  #handleEnd({ cell, beside }: StartedCell<C>, own: CellEnd): void {
    this.#running.delete(cell);
    const before = this.#earlierEnds.get(cell.key) ?? [];
    const { end, again: settled } = this.#options.executor.settle?.(own, before) ?? {
      end: own,
      again: false,
    };
    if (settled) this.#earlierEnds.set(cell.key, [...before, end]);
    const ranShort = end.outcome === "oom-watchdog" && !this.#isExclusive(cell);
    const { executor, isConflict = mayBeConflict } = this.#options;
    const conflict = executor.here && beside && !this.#alone.has(cell.key) && isConflict(end);
    if (ranShort || conflict) this.#alone.add(cell.key);
    const again = ranShort || conflict || settled;
    if (again) this.#source.requeue(cell);
    this.#options.end(cell, end, { beside, again });
    if (!settled && !conflict) this.#source.ended(cell, end);
  }

  async #watchHost(): Promise<void> {
    const { readHost, admission, pressure } = this.#options;
    this.#host = await readHost();
    const { youngest } = this.#running;
    // The cell may need time to die. Meanwhile no other cell is ended, and this one is not told twice.
    if (youngest?.ending !== false || !mustEndOne(this.#host, admission)) return;
    youngest.ending = true;
    const { availableBytes, totalBytes } = this.#host.memory;
    const cause = `the host had ${bytesWithBinaryUnit(availableBytes)} of ${bytesWithBinaryUnit(totalBytes)} left, and this was the youngest cell`;
    pressure("memory", "hard", `${youngest.cell.label} was ended: ${cause}.`);
    youngest.running.stop("oom-watchdog", cause);
  }
}

/** The samples of a cell tell how much of its claim it holds already. */
function followingClaim(claim: Claim, events: CellEvents): CellEvents {
  return {
    ...events,
    onSample: (sample) => {
      claim.heldBytes = sample.pssBytes ?? sample.rssBytes ?? claim.heldBytes;
      events.onSample?.(sample);
    },
  };
}

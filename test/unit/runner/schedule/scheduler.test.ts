import { describe, expect, test } from "vitest";
import type { CellEnd } from "../../../../src/record/cell-end.js";
import type { CellEvents, CellJob } from "../../../../src/runner/cell/execute.js";
import type { HostReading } from "../../../../src/runner/schedule/admission.js";
import { ADMISSION_DEFAULTS } from "../../../../src/runner/schedule/admission.js";
import type { SchedulerOptions } from "../../../../src/runner/schedule/scheduler.js";
import { Scheduler } from "../../../../src/runner/schedule/scheduler.js";
import type { ReadyCell } from "../../../../src/runner/schedule/work-source.js";
import { inOrder } from "../../../../src/runner/schedule/work-source.js";
import { endOf } from "../engine/sample.js";

const GIB = 2 ** 30;
const PLENTY: HostReading = {
  memory: { availableBytes: 9 * GIB, totalBytes: 10 * GIB },
  diskFreeBytes: 100 * GIB,
};

function available(gib: number): HostReading {
  return { ...PLENTY, memory: { ...PLENTY.memory, availableBytes: gib * GIB } };
}

interface RunningHere {
  finish: (end: CellEnd) => void;
  stopped: { outcome: string; cause: string }[];
  events: CellEvents;
}

interface Ended {
  key: string;
  outcome: string;
  beside: boolean;
  again: boolean;
}

/**
 * A scheduler over cells in memory, without a clock: the test says when each of them ends, what the host has,
 * and when it is looked at.
 */
class Bench {
  host: HostReading;
  stopping = false;
  /** Thrown when an end is to be handled. */
  failure: Error | undefined;
  readonly running = new Map<string, RunningHere>();
  readonly ended: Ended[] = [];
  readonly told: string[] = [];
  readonly done: Promise<void>;
  readonly #scheduler: Scheduler<ReadyCell>;

  constructor(
    cells: readonly (string | (Partial<ReadyCell> & { key: string }))[],
    options: Partial<SchedulerOptions<ReadyCell>> = {},
    host = PLENTY,
  ) {
    this.host = host;
    const queue = cells.map((given): ReadyCell => {
      const cell = typeof given === "string" ? { key: given } : given;
      return { label: cell.key, exclusive: false, usesDevice: false, needBytes: undefined, ...cell };
    });
    this.#scheduler = new Scheduler(inOrder(queue), {
      executor: {
        name: "local",
        slots: 4,
        here: true,
        submit: (jobs, eventsOf) => Promise.resolve(jobs.map((job) => this.#start(job, eventsOf(job)))),
        close: () => Promise.resolve(),
      },
      slots: () => 4,
      deviceSlots: 1,
      admission: ADMISSION_DEFAULTS,
      readHost: () => Promise.resolve(this.host),
      stop: () => this.stopping,
      start: ({ key }) => ({ job: { id: key } as CellJob, events: {} }),
      end: ({ key }, { outcome }, how) => {
        if (this.failure !== undefined) throw this.failure;
        this.ended.push({ key, outcome, ...how });
      },
      pressure: (what, level, message) => this.told.push(`${level} ${what}: ${message}`),
      ...options,
    });
    this.done = this.#scheduler.run();
    // Each test awaits it in its own time.
    this.done.catch(() => undefined);
  }

  #start(
    job: CellJob,
    events: CellEvents,
  ): { end: Promise<CellEnd>; stop: (outcome: string, cause: string) => void } {
    let finish: (end: CellEnd) => void = () => undefined;
    const end = new Promise<CellEnd>((resolve) => (finish = resolve));
    const stopped: RunningHere["stopped"] = [];
    this.running.set(job.id, { events, stopped, finish });
    return { end, stop: (outcome, cause) => stopped.push({ outcome, cause }) };
  }

  /** Looks at the host, and expects exactly these cells to run then. */
  async until(...keys: string[]): Promise<void> {
    await this.look();
    expect([...this.running.keys()].sort()).toEqual([...keys].sort());
  }

  /** Looks at the host; what that leads to has happened afterwards. */
  async look(): Promise<void> {
    await this.settle();
    await this.#scheduler.look();
    await this.settle();
  }

  /** Waits until every promise that is ready has been handled. */
  async settle(): Promise<void> {
    await new Promise(setImmediate);
  }

  at(key: string): RunningHere {
    const running = this.running.get(key);
    if (running === undefined) throw new Error(`${key} does not run`);
    return running;
  }

  finish(key: string, outcome: CellEnd["outcome"] = "ok", cause?: string): void {
    const { finish } = this.at(key);
    this.running.delete(key);
    finish(endOf(outcome, cause === undefined ? {} : { cause }));
  }
}

describe("slots", () => {
  test("as many cells run as there are slots, and the next starts when one ends", async () => {
    const bench = new Bench(["a", "b", "c", "d"], { slots: () => 2 });
    await bench.until("a", "b");
    bench.finish("b");
    await bench.until("a", "c");
    bench.finish("a");
    await bench.until("c", "d");
    bench.finish("c");
    bench.finish("d");
    await bench.done;
    expect(bench.ended.map(({ key }) => key)).toEqual(["b", "a", "c", "d"]);
  });

  test("an exclusive cell runs alone, and what comes after it waits", async () => {
    const bench = new Bench(["a", { key: "b", exclusive: true }, "c"]);
    await bench.until("a");
    bench.finish("a");
    await bench.until("b");
    bench.finish("b");
    await bench.until("c");
    bench.finish("c");
    await bench.done;
    expect(bench.ended.map(({ beside }) => beside)).toEqual([false, false, false]);
  });

  test("cells that use the device wait for one that is free", async () => {
    const devices: (number | undefined)[] = [];
    const bench = new Bench([{ key: "a", usesDevice: true }, { key: "b", usesDevice: true }, "c"], {
      start: ({ key }, _beside, device) => {
        devices.push(device);
        return { job: { id: key } as CellJob, events: {} };
      },
    });
    await bench.until("a");
    bench.finish("a");
    await bench.until("b", "c");
    expect(devices).toEqual([0, 0, undefined]);
    bench.finish("b");
    bench.finish("c");
    await bench.done;
  });

  test("a cell that had company at any time is marked, also where that came later or left before", async () => {
    const bench = new Bench(["a", "b", "c"], { slots: () => 2 });
    await bench.until("a", "b");
    bench.finish("b");
    await bench.until("a", "c");
    bench.finish("a");
    bench.finish("c");
    await bench.done;
    expect(bench.ended.every(({ beside }) => beside)).toBe(true);
  });

  test("nothing to run ends at once", async () => {
    const bench = new Bench([]);
    await bench.done;
    expect(bench.ended).toEqual([]);
  });
});

describe("below the soft limit on memory", () => {
  test("new cells wait, those that run go on, and it is told once", async () => {
    const bench = new Bench(["a", "b"].map((key) => ({ key, needBytes: 6 * GIB })));
    await bench.until("a");
    await bench.look();
    await bench.look();
    expect([...bench.running.keys()]).toEqual(["a"]);
    expect(bench.at("a").stopped).toEqual([]);
    expect(bench.told).toEqual([
      expect.stringMatching(/^soft memory: New cells wait for memory: the next needs 6/),
    ]);
    bench.finish("a");
    await bench.until("b");
    bench.finish("b");
    await bench.done;
  });

  test("new cells start when the host has memory again", async () => {
    const bench = new Bench(["a", "b"], {}, available(0.9));
    await bench.until("a");
    await bench.look();
    expect(bench.running.size).toBe(1);
    bench.host = available(9);
    await bench.until("a", "b");
    bench.finish("a");
    bench.finish("b");
    await bench.done;
  });

  test("what a running cell holds by its samples is not claimed a second time", async () => {
    const bench = new Bench(["a", "b"].map((key) => ({ key, needBytes: 5 * GIB })));
    await bench.until("a");
    // Five of nine are claimed; what is left beside the reserve is too little for the other.
    await bench.look();
    expect(bench.running.size).toBe(1);
    bench.at("a").events.onSample?.({ event: "sample", processes: 1, pssBytes: 3 * GIB });
    await bench.until("a", "b");
    bench.finish("a");
    bench.finish("b");
    await bench.done;
  });
});

test("a cell that fails beside another for want of a port is run again alone, and once only", async () => {
  const bench = new Bench(["a", "b"], { slots: () => 2 });
  const taken = "listen EADDRINUSE: address already in use :::3000";
  await bench.until("a", "b");
  bench.finish("a", "crash", taken);
  await bench.look();
  await bench.until("b");
  bench.finish("b");
  await bench.until("a");
  bench.finish("a", "crash", taken);
  await bench.done;
  expect(bench.ended).toEqual([
    { key: "a", outcome: "crash", beside: true, again: true },
    { key: "b", outcome: "ok", beside: true, again: false },
    { key: "a", outcome: "crash", beside: false, again: false },
  ]);
});

test("what counts as a conflict, and how many run at once, may change while cells run", async () => {
  let slots = 2;
  const bench = new Bench(["a", "b", "c"], {
    slots: () => slots,
    isConflict: ({ outcome }) => outcome === "crash",
  });
  await bench.until("a", "b");
  slots = 1;
  bench.finish("a", "crash", "it left half a file");
  await bench.until("b");
  bench.finish("b");
  await bench.until("c");
  bench.finish("c");
  await bench.until("a");
  bench.finish("a");
  await bench.done;
  expect(bench.ended.map(({ key, again }) => [key, again])).toEqual([
    ["a", true],
    ["b", false],
    ["c", false],
    ["a", false],
  ]);
});

describe("below the hard limit on memory", () => {
  test("the youngest cell is ended, with the reason, and run again alone", async () => {
    const bench = new Bench(["a", "b", "c"], { slots: () => 3 });
    await bench.until("a", "b", "c");
    bench.host = available(0.3);
    await bench.look();
    expect(bench.at("c").stopped).toHaveLength(1);
    bench.host = PLENTY;
    expect(bench.at("c").stopped[0]).toEqual({
      outcome: "oom-watchdog",
      cause: "the host had 307.20 MiB of 10.00 GiB left, and this was the youngest cell",
    });
    expect(bench.at("a").stopped).toEqual([]);
    expect(bench.at("b").stopped).toEqual([]);
    bench.finish("c", "oom-watchdog");
    await bench.look();
    // Alone: not beside the others that are left.
    await bench.until("a", "b");
    bench.finish("a");
    await bench.look();
    await bench.until("b");
    bench.finish("b");
    await bench.until("c");
    bench.finish("c");
    await bench.done;
    expect(bench.ended.map(({ key, outcome }) => `${key} ${outcome}`)).toEqual([
      "c oom-watchdog",
      "a ok",
      "b ok",
      "c ok",
    ]);
    expect(bench.ended.at(-1)?.beside).toBe(false);
  });

  test("one cell at a time is ended: the next only when the first is gone and it was not enough", async () => {
    const bench = new Bench(["a", "b"], { slots: () => 2 });
    await bench.until("a", "b");
    bench.host = available(0.3);
    await bench.look();
    expect(bench.at("b").stopped).toHaveLength(1);
    await bench.look();
    await bench.look();
    expect(bench.at("a").stopped).toEqual([]);
    bench.finish("b", "oom-watchdog");
    await bench.look();
    expect(bench.at("a").stopped).toHaveLength(1);
    bench.host = PLENTY;
    bench.finish("a", "oom-watchdog");
    await bench.until("b");
    bench.finish("b");
    await bench.until("a");
    bench.finish("a");
    await bench.done;
  });

  test("the end of a cell that takes its time is told once", async () => {
    const bench = new Bench(["a"]);
    await bench.until("a");
    bench.host = available(0.3);
    await bench.look();
    expect(bench.at("a").stopped).toHaveLength(1);
    await bench.look();
    await bench.look();
    bench.host = PLENTY;
    bench.finish("a", "oom-watchdog");
    await bench.until("a");
    bench.finish("a");
    await bench.done;
    expect(bench.told).toEqual([
      expect.stringMatching(/^hard memory: a was ended: the host had 307\.20 MiB/),
    ]);
  });

  test("a cell that ran alone and was ended again is not put back for ever", async () => {
    const bench = new Bench([{ key: "a", exclusive: true }, "b"]);
    await bench.until("a");
    bench.finish("a", "oom-watchdog");
    await bench.until("b");
    bench.finish("b");
    await bench.done;
    expect(bench.ended).toMatchObject([{ outcome: "oom-watchdog" }, { key: "b", outcome: "ok" }]);
  });
});

describe("below the reserve of disk", () => {
  test("not even one cell starts; it is told once, and goes on when there is space", async () => {
    const bench = new Bench(["a"], {}, { ...PLENTY, diskFreeBytes: 2 ** 20 });
    await bench.look();
    await bench.look();
    expect(bench.running.size).toBe(0);
    expect(bench.told).toEqual([
      "soft disk: New cells wait: 1.00 MiB of disk are free and 256.00 MiB are kept in reserve; free some space.",
    ]);
    bench.host = PLENTY;
    await bench.until("a");
    bench.finish("a");
    await bench.done;
  });
});

describe("an interrupt", () => {
  test("ends what runs and starts nothing more", async () => {
    const bench = new Bench(["a", "b", "c"], { slots: () => 2 });
    await bench.until("a", "b");
    bench.stopping = true;
    await bench.look();
    expect(bench.at("a").stopped).toHaveLength(1);
    expect(bench.at("b").stopped[0]).toEqual({ outcome: "interrupted", cause: "interrupted" });
    bench.finish("a", "interrupted");
    bench.finish("b", "interrupted");
    await bench.done;
    expect(bench.ended.map(({ key }) => key)).toEqual(["a", "b"]);
  });

  test("ends a run that waits for disk", async () => {
    const bench = new Bench(["a"], {}, { ...PLENTY, diskFreeBytes: 0 });
    await bench.look();
    bench.stopping = true;
    await bench.look();
    await bench.done;
    expect(bench.ended).toEqual([]);
  });
});

describe("a failure of the runner's own", () => {
  test("while it handles an end ends the other cells first, and is the run's", async () => {
    const bench = new Bench(["a", "b", "c"], { slots: () => 2 });
    await bench.until("a", "b");
    bench.failure = new Error("out of ideas");
    bench.finish("a");
    await bench.look();
    expect(bench.at("b").stopped).toHaveLength(1);
    bench.finish("b", "interrupted");
    await expect(bench.done).rejects.toThrow("out of ideas");
    expect(bench.running.size).toBe(0);
  });

  test("while it starts a cell ends those that run first, and is the run's", async () => {
    const bench = new Bench(["a", "b"], {
      start: ({ key }) => {
        if (key === "b") throw new Error("no job for b");
        return { job: { id: key } as CellJob, events: {} };
      },
    });
    await bench.settle();
    expect(bench.at("a").stopped).toHaveLength(1);
    let over = false;
    void bench.done.catch(() => (over = true));
    await bench.look();
    expect(over).toBe(false);
    bench.finish("a", "interrupted");
    await expect(bench.done).rejects.toThrow("no job for b");
  });

  test("while it reads the host is the run's", async () => {
    const bench = new Bench(["a"], { readHost: () => Promise.reject(new Error("no such file")) });
    await expect(bench.done).rejects.toThrow("no such file");
  });
});

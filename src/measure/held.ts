import { closeSync, openSync, readdirSync } from "node:fs";
import { setImmediate as nextTask } from "node:timers/promises";
import { getHeapSpaceStatistics } from "node:v8";
import type { SubjectContext } from "../experiment/define.js";
import type { ContextData, LoadedSubject, SubjectReference } from "../experiment/subject.js";
import { BytesperError } from "../base/errors.js";
import { sentence } from "../base/sentence.js";
import { readText } from "../system/kernel-file.js";
import { loadSubject } from "./load-subject.js";
import type { Stream } from "./stream.js";

/** What a process does that holds instances as a user's own program would. */
export interface HeldSpec {
  subject: SubjectReference;
  context: ContextData;
  /** Number of instances to make and hold. */
  target: number;
  /** Turns that each instance takes after it was made, through the subject's `use`. */
  turns?: number;
  /** When all are made, this share of them is replaced in each of `CHURN_ROUNDS` rounds. */
  churn?: number;
}

/** What a process does from which the estimate is made: it holds few instances and reads itself. */
export interface WeighSpec extends Omit<HeldSpec, "target"> {
  /** Growth of the resident set at which it stops. */
  growBytes: number;
  timeMs: number;
}

export interface HeldReading {
  count: number;
  /** Objects in V8's heap. */
  heapBytes: number;
  /** Pages of V8's heap that lie in memory. */
  heapPagesBytes: number;
  /** Memory of the process that a container's limit counts: anonymous pages and page tables. */
  residentBytes: number;
  descriptors: number;
}

export interface WeighedReading extends HeldReading {
  /** Objects in V8's heap after a full collection; absent where none was made. */
  liveBytes?: number;
}

const CHURN_ROUNDS = 10;

/** Number of progress records while the instances are made. */
const STEPS = 512;
/** Steps between two turns of the event loop. */
const STEPS_OF_A_TURN = 16;

/**
 * Makes instances and holds them in an array, as a plain program does: no forced collection, no reading but a
 * count. The event loop takes a turn now and then, as it does between the connections of a server.
 */
export async function holdPopulation(spec: HeldSpec, stream: Stream, emit: Stream): Promise<HeldReading> {
  const spare = new SpareDescriptor();
  const holder = await Holder.open(spec, emit);
  stream({ type: "ready", reading: readingOf(0, spare) });
  const step = Math.max(1, Math.floor(spec.target / STEPS));
  for (let steps = 1; holder.count < spec.target; steps++) {
    await holder.growTo(Math.min(spec.target, holder.count + step));
    stream({ type: "made", count: holder.count });
    if (steps % STEPS_OF_A_TURN === 0) await nextTask();
  }
  for (let round = 1; spec.churn !== undefined && round <= CHURN_ROUNDS; round++) {
    await holder.replace(Math.ceil(spec.target * spec.churn));
    stream({ type: "churned", round });
    await nextTask();
  }
  return readingOf(holder.count, spare);
}

/**
 * Makes instances until the process has grown by so much, with readings on the way and two full collections: at a
 * quarter and at the end.
 */
export async function weighPopulation(
  spec: WeighSpec,
  collect: () => void,
  stream: Stream,
  emit: Stream,
): Promise<WeighedReading[]> {
  const spare = new SpareDescriptor();
  const holder = await Holder.open(spec, emit);
  stream({ type: "ready", reading: readingOf(0, spare) });
  const started = performance.now();
  const first = readingOf(0, spare);
  const readings: WeighedReading[] = [first];
  const live = (reading: WeighedReading): void => {
    collect();
    reading.liveBytes = readingOf(reading.count, spare).heapBytes;
  };
  live(first);
  let quarter = false;
  for (;;) {
    try {
      await holder.growTo(Math.ceil(holder.count * 1.05) + 1);
    } catch (error) {
      // The wall may be so near that these few instances meet it, such as a limit on open descriptors.
      const last = readings.at(-1) as WeighedReading;
      if (last.count < LEAST_WEIGHED) throw error;
      holder.shrinkTo(last.count);
      live(last);
      return readings;
    }
    stream({ type: "made", count: holder.count });
    await nextTask();
    const reading = readingOf(holder.count, spare);
    readings.push(reading);
    const growth = reading.residentBytes - first.residentBytes;
    const late = performance.now() - started;
    if (!quarter && (growth > spec.growBytes / 4 || late > spec.timeMs / 4)) {
      quarter = true;
      live(reading);
    } else if (quarter && (growth > spec.growBytes || late > spec.timeMs || holder.count > MOST_WEIGHED)) {
      live(reading);
      return readings;
    }
  }
}

const MOST_WEIGHED = 2 ** 23;
const LEAST_WEIGHED = 16;

/** The instances, and what the subject does with them. */
class Holder {
  readonly #instances: unknown[] = [];
  readonly #subject: LoadedSubject;
  readonly #context: SubjectContext;
  readonly #name: string;
  readonly #turns: number;
  #made = 0;
  #random = 1;

  private constructor(subject: LoadedSubject, context: SubjectContext, name: string, turns: number) {
    this.#subject = subject;
    this.#context = context;
    this.#name = name;
    this.#turns = turns;
  }

  static async open(spec: Omit<HeldSpec, "target">, emit: Stream): Promise<Holder> {
    const context: SubjectContext = { ...spec.context, emit };
    const subject = await loadSubject(spec.subject);
    if (spec.turns !== undefined && subject.use === undefined)
      throw new BytesperError(
        "BAD_SUBJECT",
        `${spec.subject.name} exports no use(instance, turn, context), which --grow calls; export it, or leave out --grow.`,
      );
    await subject.prepare?.(context);
    return new Holder(subject, context, spec.subject.name, spec.turns ?? 0);
  }

  get count(): number {
    return this.#instances.length;
  }

  async growTo(count: number): Promise<void> {
    const instances = this.#instances;
    while (instances.length < count) {
      const made = this.#create();
      instances.push(isThenable(made) ? await made : made);
      if (this.#turns > 0) await this.#use(instances.length - 1, this.#turns);
    }
  }

  shrinkTo(count: number): void {
    this.#instances.length = count;
  }

  /** Replaces so many instances, in an order that is the same in each process. */
  async replace(many: number): Promise<void> {
    const instances = this.#instances;
    for (let done = 0; done < many; done++) {
      this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0;
      const place = this.#random % instances.length;
      const released = this.#subject.release?.(instances[place]);
      if (isThenable(released)) await released;
      const made = this.#create();
      instances[place] = isThenable(made) ? await made : made;
      if (this.#turns > 0) await this.#use(place, this.#turns);
      if (done % 1024 === 1023) await nextTask();
    }
  }

  #create(): unknown {
    const index = this.#made++;
    try {
      return this.#subject.create(index, this.#context);
    } catch (error) {
      throw this.#threw(`create(${index})`, error);
    }
  }

  async #use(place: number, turns: number): Promise<void> {
    for (let turn = 0; turn < turns; turn++) {
      try {
        const used = this.#subject.use?.(this.#instances[place], turn, this.#context);
        if (isThenable(used)) await used;
      } catch (error) {
        throw this.#threw(`use of instance ${place}`, error);
      }
    }
  }

  #threw(what: string, error: unknown): BytesperError {
    return new BytesperError("SUBJECT_THREW", `${what} of ${this.#name} threw: ${sentence(error)}.`, {
      cause: error,
    });
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

function readingOf(count: number, spare: SpareDescriptor): HeldReading {
  let [heapBytes, heapPagesBytes] = [0, 0];
  for (const space of getHeapSpaceStatistics()) {
    heapBytes += space.space_used_size;
    heapPagesBytes += space.physical_space_size;
  }
  const own = spare.lend(() => ({ residentBytes: residentBytes(), descriptors: descriptors() }));
  return { count, heapBytes, heapPagesBytes, ...own };
}

/** One descriptor that instances cannot take, because a process that has none left cannot read its own memory. */
class SpareDescriptor {
  #descriptor: number | undefined;

  constructor() {
    this.#take();
  }

  lend<T>(read: () => T): T {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    try {
      return read();
    } finally {
      this.#take();
    }
  }

  #take(): void {
    try {
      this.#descriptor = openSync("/dev/null", "r");
    } catch {
      this.#descriptor = undefined;
    }
  }
}

function residentBytes(): number {
  const status = readText("/proc/self/status") ?? "";
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]);
  const bytes = (kib("RssAnon") + kib("VmPTE")) * 1024;
  return Number.isFinite(bytes) ? bytes : process.memoryUsage.rss();
}

function descriptors(): number {
  try {
    return readdirSync("/proc/self/fd").length - 1;
  } catch {
    return 0;
  }
}

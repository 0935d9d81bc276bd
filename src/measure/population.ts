import type { SubjectContext } from "../experiment/define.js";
import { BytesperError } from "../base/errors.js";
import { sentence } from "../base/sentence.js";
import type { LoadedSubject } from "../experiment/subject.js";

/** A promise that `create` returns must settle within this time. */
const CREATE_TIMEOUT_MS = 10_000;

/**
 * Holds the instances of a subject. The array has its full length from the start, filled with `null`. So
 * neither its growth nor a change of its elements kind is charged to the instances.
 */
export class Population {
  readonly instances: unknown[];
  count = 0;
  created = 0;
  /** Whether `create` returns nothing: then each call is counted, and no instance is held. */
  returnsNothing = false;
  /** Index of the instance at place 0. */
  #first = 0;
  #isAnew = true;
  readonly #subject: LoadedSubject;
  readonly #context: SubjectContext;
  readonly #name: string;

  constructor(subject: LoadedSubject, context: SubjectContext, capacity: number, name: string) {
    this.#subject = subject;
    this.#context = context;
    this.#name = name;
    this.instances = new Array<unknown>(capacity).fill(null);
  }

  /**
   * From now on every population gets the indices from 0 again, so that all populations hold equal instances.
   * Only for a subject that keeps nothing of dropped instances: where it keeps them by index, a new instance
   * would take the place of an old one.
   */
  repeat(): void {
    this.#isAnew = false;
    this.#first = 0;
  }

  /** From now on no index is given twice. */
  renew(): void {
    this.#isAnew = true;
    this.#first = this.created;
  }

  /**
   * Makes instances until there are `count`. Stays synchronous for a synchronous subject, because an await
   * costs heap.
   */
  fill(count: number): void | Promise<void> {
    const { instances } = this;
    for (let place = this.count; place < count; place++) {
      const instance = this.#create(place);
      if (isThenable(instance)) return this.#fillAwaiting(place, instance, count);
      instances[place] = this.#checked(instance, place);
    }
    this.#made(count);
  }

  drop(): void | Promise<void> {
    const { instances, count } = this;
    const { release } = this.#subject;
    this.count = 0;
    if (this.#isAnew) this.#first += count;
    if (release === undefined) {
      instances.fill(null, 0, count);
      return;
    }
    for (let index = 0; index < count; index++) {
      const result = this.#release(index);
      instances[index] = null;
      if (isThenable(result)) return this.#dropAwaiting(index, result, count);
    }
  }

  async #fillAwaiting(from: number, first: PromiseLike<unknown>, count: number): Promise<void> {
    const timer = new ProgressTimer((index) =>
      this.#timedOut(`create(${index}) returned a promise that did not settle`),
    );
    try {
      this.instances[from] = this.#checked(
        await timer.watch(this.#first + from, first, "create", this.#name),
        from,
      );
      for (let place = from + 1; place < count; place++) {
        const instance = await timer.watch(this.#first + place, this.#create(place), "create", this.#name);
        this.instances[place] = this.#checked(instance, place);
      }
    } finally {
      timer.stop();
    }
    this.#made(count);
  }

  async #dropAwaiting(from: number, first: PromiseLike<unknown>, count: number): Promise<void> {
    const timer = new ProgressTimer((index) =>
      this.#timedOut(`release of instance ${index} returned a promise that did not settle`),
    );
    try {
      await timer.watch(from, first, "release", this.#name);
      for (let index = from + 1; index < count; index++) {
        await timer.watch(index, this.#release(index), "release", this.#name);
        this.instances[index] = null;
      }
    } finally {
      timer.stop();
    }
  }

  #made(count: number): void {
    this.created += count - this.count;
    this.count = count;
  }

  #create(place: number): unknown {
    const index = this.#first + place;
    try {
      return this.#subject.create(index, this.#context);
    } catch (error) {
      throw threw(`create(${index})`, this.#name, error);
    }
  }

  #release(index: number): unknown {
    try {
      return this.#subject.release?.(this.instances[index]);
    } catch (error) {
      throw threw(`release of instance ${index}`, this.#name, error);
    }
  }

  #checked(instance: unknown, place: number): unknown {
    if (this.created === 0 && place === 0) this.returnsNothing = instance === undefined;
    if ((instance === undefined) === this.returnsNothing) return instance;
    const index = this.#first + place;
    throw new BytesperError(
      "BAD_SUBJECT",
      this.returnsNothing
        ? `create(0) of ${this.#name} returned nothing and create(${index}) returned something; let all return an instance, or none.`
        : `create(${index}) of ${this.#name} returned nothing and create(0) returned an instance; let all return an instance, or none.`,
    );
  }

  #timedOut(what: string): BytesperError {
    return new BytesperError(
      "SUBJECT_TIMEOUT",
      `${what} within ${CREATE_TIMEOUT_MS / 1000} s in ${this.#name}; make it settle, or create the instance without waiting.`,
    );
  }
}

/** One timer for all promises of a loop: a timer for each promise would be measured too. */
class ProgressTimer {
  #index = 0;
  #since = performance.now();
  #reject: ((error: BytesperError) => void) | undefined;
  readonly #timer: NodeJS.Timeout;

  constructor(timedOut: (index: number) => BytesperError) {
    this.#timer = setInterval(() => {
      if (performance.now() - this.#since > CREATE_TIMEOUT_MS) this.#reject?.(timedOut(this.#index));
    }, 250);
  }

  async watch(index: number, value: unknown, what: string, name: string): Promise<unknown> {
    this.#index = index;
    this.#since = performance.now();
    try {
      return await new Promise((resolve, reject) => {
        this.#reject = reject;
        Promise.resolve(value).then(resolve, reject);
      });
    } catch (error) {
      if (error instanceof BytesperError) throw error;
      throw threw(what === "create" ? `create(${index})` : `release of instance ${index}`, name, error);
    } finally {
      this.#reject = undefined;
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function threw(what: string, name: string, error: unknown): BytesperError {
  return new BytesperError("SUBJECT_THREW", `${what} of ${name} threw: ${sentence(error)}.`, {
    cause: error,
  });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

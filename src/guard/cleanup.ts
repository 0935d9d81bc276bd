import { absent, isAbsent } from "../system/probe/reading.js";
import type { Absent, Reading } from "../system/probe/reading.js";
import type { CleanupEffect } from "./types.js";

/** After so many cleanups in a row that freed nothing, a doubt is reported. */
export const FRUITLESS_CLEANUPS = 3;
/** A cleanup that has not ended after this time was probably forgotten. */
const UNANSWERED_MS = 60_000;

/** Memory before a cleanup, for comparison with the memory after it. */
export interface BeforeCleanup {
  startedMs: number;
  value: number;
  bytes: ReadonlyMap<string, number>;
}

/**
 * Calls the cleanup of a rule, never again before the first call has ended, and keeps what is needed to
 * measure its effect.
 */
export class Cleanup {
  readonly #callback: () => void | Promise<void>;
  #before: BeforeCleanup | undefined;
  #endedMs: number | undefined;
  #toldUnanswered = false;
  #fruitless = 0;
  calls = 0;

  constructor(callback: () => void | Promise<void>) {
    this.#callback = callback;
  }

  /** Whether a cleanup is running, or has ended but was not measured yet. */
  get busy(): boolean {
    return this.#before !== undefined;
  }

  /** Whether it has ended, so that its effect can be measured. */
  get ended(): boolean {
    return this.#endedMs !== undefined;
  }

  /** `onEnd` is called at once if the callback returns no promise. */
  start(before: BeforeCleanup, now: () => number, onEnd: (failure: Absent | undefined) => void): void {
    this.calls++;
    this.#before = before;
    this.#endedMs = undefined;
    this.#toldUnanswered = false;
    const end = (failure?: unknown): void => {
      this.#endedMs = now();
      onEnd(failure === undefined ? undefined : absent(messageOf(failure)));
    };
    let answer: void | Promise<void>;
    try {
      answer = this.#callback();
    } catch (error) {
      end(error ?? "nothing");
      return;
    }
    if (answer instanceof Promise)
      answer.then(
        () => {
          end();
        },
        (error: unknown) => {
          end(error ?? "nothing");
        },
      );
    else end();
  }

  /** True once for a cleanup that has been running for too long. */
  isForgotten(nowMs: number): boolean {
    if (this.#before === undefined || this.ended || this.#toldUnanswered) return false;
    this.#toldUnanswered = nowMs - this.#before.startedMs > UNANSWERED_MS;
    return this.#toldUnanswered;
  }

  /**
   * Call it after the end, with the memory after the cleanup. `better`: the left side changed in the right
   * direction.
   */
  measure(
    after: number,
    bytesNow: (name: string) => Reading,
    better: (after: number, before: number) => boolean,
  ): CleanupEffect | undefined {
    const before = this.#before;
    const endedMs = this.#endedMs;
    if (before === undefined || endedMs === undefined) return undefined;
    this.#before = undefined;
    this.#endedMs = undefined;
    const freedBytes: Record<string, number> = {};
    for (const [name, bytes] of before.bytes) {
      const now = bytesNow(name);
      if (!isAbsent(now)) freedBytes[name] = bytes - now;
    }
    this.#fruitless = better(after, before.value) ? 0 : this.#fruitless + 1;
    return { durationMs: endedMs - before.startedMs, before: before.value, after, freedBytes };
  }

  /**
   * Whether so many cleanups in a row freed nothing that it must be reported; if so, counting starts again.
   */
  takeFruitless(): boolean {
    if (this.#fruitless < FRUITLESS_CLEANUPS) return false;
    this.#fruitless = 0;
    return true;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { absent, isAbsent } from "../system/probe/reading.js";
import type { Absent, Reading } from "../system/probe/reading.js";
import type { CleanupEffect } from "./types.js";

/** A doubt is reported after this many cleanups in a row that freed nothing. */
export const FRUITLESS_CLEANUPS = 3;
/** After this time without an end, a doubt about the cleanup is reported. */
const UNANSWERED_MS = 60_000;

/** Memory before a cleanup. */
export interface BeforeCleanup {
  startedMs: number;
  value: number;
  bytes: ReadonlyMap<string, number>;
}

/** Calls the cleanup of a rule and measures its effect. It is never called again before it has ended. */
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
   * Call this after the end, with the memory after the cleanup. `better` tells whether the left side changed in the
   * right direction.
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

  /** Whether FRUITLESS_CLEANUPS cleanups in a row freed nothing. If so, the count begins again at 0. */
  takeFruitless(): boolean {
    if (this.#fruitless < FRUITLESS_CLEANUPS) return false;
    this.#fruitless = 0;
    return true;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

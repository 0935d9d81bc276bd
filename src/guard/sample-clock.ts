import { fixed, percent } from "../base/format.js";
import type { GuardDoubt } from "./types.js";

/** What taking the readings has cost. */
export interface SamplingCost {
  samples: number;
  totalMs: number;
  /** Of the last few samples, the later ones counting more. */
  recentMs: number;
  longestMs: number;
  intervalMs: number;
}

/** Share of its program's time that sampling may take: PSS of tens of GiB costs tens of milliseconds. */
const MOST_SAMPLING_SHARE = 0.02;
const LONGEST_INTERVAL_MS = 10_000;
const WEIGHT_OF_LAST = 0.25;

/** When the next sample is due, and what the ones before have cost. Samples further apart where they are dear. */
export class SampleClock {
  readonly #wantedMs: number;
  readonly #mostShare: number;
  #intervalMs: number;
  #dueMs = -Infinity;
  #samples = 0;
  #totalMs = 0;
  #recentMs = 0;
  #longestMs = 0;
  #toldSlowed = false;

  /** `mostShare`: of the time that sampling may take. */
  constructor(wantedMs: number, mostShare = MOST_SAMPLING_SHARE) {
    this.#wantedMs = wantedMs;
    this.#mostShare = mostShare;
    this.#intervalMs = wantedMs;
  }

  get intervalMs(): number {
    return this.#intervalMs;
  }

  get cost(): SamplingCost {
    return {
      samples: this.#samples,
      totalMs: this.#totalMs,
      recentMs: this.#recentMs,
      longestMs: this.#longestMs,
      intervalMs: this.#intervalMs,
    };
  }

  slowedDoubt(): GuardDoubt {
    const [ms, wanted, now] = [this.#recentMs, this.#wantedMs, this.#intervalMs].map((value) =>
      fixed(value, 1),
    );
    const share = percent(this.#mostShare, 0);
    return {
      name: "sampling-slowed",
      message: `A sample takes ${ms} ms, so they are ${now} ms apart rather than ${wanted} ms, which keeps sampling under ${share} of the time.`,
    };
  }

  isDue(nowMs: number): boolean {
    return nowMs >= this.#dueMs;
  }

  makeDue(): void {
    this.#dueMs = -Infinity;
  }

  /** Notes a sample; true the first time that the interval had to grow. */
  took(beginMs: number, endMs: number): boolean {
    const ms = endMs - beginMs;
    this.#recentMs = this.#samples === 0 ? ms : this.#recentMs + WEIGHT_OF_LAST * (ms - this.#recentMs);
    this.#samples++;
    this.#totalMs += ms;
    this.#longestMs = Math.max(this.#longestMs, ms);
    const affordable = Math.min(this.#recentMs / this.#mostShare, LONGEST_INTERVAL_MS);
    // 0 asks for a sample in every step, whatever it costs.
    this.#intervalMs = this.#wantedMs === 0 ? 0 : Math.max(this.#wantedMs, affordable);
    this.#dueMs = endMs + this.#intervalMs;
    // A busy machine makes single samples slow; twice the interval is more than that.
    if (this.#toldSlowed || this.#wantedMs === 0 || this.#intervalMs < 2 * this.#wantedMs) return false;
    this.#toldSlowed = true;
    return true;
  }
}

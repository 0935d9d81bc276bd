import { fixed, percent } from "../base/format.js";
import type { GuardDoubt } from "./types.js";

export interface SamplingCost {
  samples: number;
  totalMs: number;
  /** Mean time of the last few samples; later ones have more weight. */
  recentMs: number;
  longestMs: number;
  intervalMs: number;
}

/** Largest share of the program's time for sampling. Reading the PSS of tens of GiB takes tens of milliseconds. */
const MOST_SAMPLING_SHARE = 0.02;
const LONGEST_INTERVAL_MS = 10_000;
const WEIGHT_OF_LAST = 0.25;

/** Computes when the next sample is due. If samples are expensive, the interval grows. */
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

  /** @param mostShare largest share of the time that sampling may take */
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

  /** Records a sample. Returns true the first time that the interval had to grow. */
  took(beginMs: number, endMs: number): boolean {
    const ms = endMs - beginMs;
    this.#recentMs = this.#samples === 0 ? ms : this.#recentMs + WEIGHT_OF_LAST * (ms - this.#recentMs);
    this.#samples++;
    this.#totalMs += ms;
    this.#longestMs = Math.max(this.#longestMs, ms);
    const affordable = Math.min(this.#recentMs / this.#mostShare, LONGEST_INTERVAL_MS);
    // With 0, every step takes a sample, at any cost.
    this.#intervalMs = this.#wantedMs === 0 ? 0 : Math.max(this.#wantedMs, affordable);
    this.#dueMs = endMs + this.#intervalMs;
    // On a busy machine single samples are slow, so the interval is reported only at twice the wanted one.
    if (this.#toldSlowed || this.#wantedMs === 0 || this.#intervalMs < 2 * this.#wantedMs) return false;
    this.#toldSlowed = true;
    return true;
  }
}

import { getHeapStatistics } from "node:v8";
import type { Reading } from "../system/probe/reading.js";
import { absent, isAbsent } from "../system/probe/reading.js";
import { mallocInUse } from "../system/probe/malloc.js";

const MOST_COLLECTIONS = 10;
const CAPACITY = 256;

/** One row of the log, in bytes. */
export interface SettledReading {
  count: number;
  /** Instances made in this process so far. */
  created: number;
  /** V8's `used_heap_size`. */
  heapBytes: number;
  /** V8's `external_memory`: what array buffers, external strings and addons declare. */
  externalBytes: number;
  mallocBytes: Reading;
  /** False when no two readings in a row agreed; then this is the last one. */
  settled: boolean;
}

/**
 * Readings of the heap, each taken after garbage was collected until nothing changed any more. They go to
 * typed arrays that exist before the first reading, because a log that grew on the heap would be measured
 * with the subject.
 */
export class SettledLog {
  readonly #count = new Float64Array(CAPACITY);
  readonly #created = new Float64Array(CAPACITY);
  readonly #heap = new Float64Array(CAPACITY);
  readonly #external = new Float64Array(CAPACITY);
  readonly #malloc = new Float64Array(CAPACITY);
  readonly #settled = new Uint8Array(CAPACITY);
  readonly #collect: () => void;
  #length = 0;
  #noMalloc = "malloc in use was not read";

  constructor(collect: () => void) {
    this.#collect = collect;
  }

  /**
   * Collects until two readings in a row have equal heap and external bytes, and logs the last one. One
   * collection is not enough: it runs weak callbacks and finalizers, and what they release is freed by the
   * next. Returns the index of the row.
   *
   * @param same an earlier row of equal instances: a first reading that equals it needs no second
   */
  take(count: number, created: number, same = -1): number {
    const row = this.#length;
    if (row === CAPACITY) throw new RangeError(`a log holds ${CAPACITY} readings`);
    const isSettled = this.#settled[same] === 1;
    this.#heap[row] = isSettled ? (this.#heap[same] ?? -1) : -1;
    this.#external[row] = isSettled ? (this.#external[same] ?? -1) : -1;
    this.#settled[row] = 0;
    for (let collections = 0; collections < MOST_COLLECTIONS && this.#settled[row] === 0; collections++) {
      this.#collect();
      this.#read(row);
    }
    const malloc = mallocInUse();
    if (isAbsent(malloc)) this.#noMalloc = malloc.absent;
    this.#malloc[row] = isAbsent(malloc) ? Number.NaN : malloc;
    this.#count[row] = count;
    this.#created[row] = created;
    this.#length++;
    return row;
  }

  /** A separate function, so that its objects are dead when it returns and the next collection frees them. */
  #read(row: number): void {
    const statistics = getHeapStatistics();
    const heap = statistics.used_heap_size;
    const external = statistics.external_memory;
    if (heap === this.#heap[row] && external === this.#external[row]) this.#settled[row] = 1;
    this.#heap[row] = heap;
    this.#external[row] = external;
  }

  /** The largest growth of heap and external memory, or of malloc, from one row to a later one. */
  growth(from: number, to: number): number {
    const change = (column: Float64Array): number => (column[to] ?? 0) - (column[from] ?? 0);
    const malloc = change(this.#malloc);
    const live = change(this.#heap) + change(this.#external);
    return Number.isNaN(malloc) ? live : Math.max(live, malloc);
  }

  /** NaN stands for "not read" only within the log: written as JSON, it would become null and then 0. */
  #mallocReading(row: number): Reading {
    const bytes = this.#malloc[row];
    return bytes === undefined || Number.isNaN(bytes) ? absent(this.#noMalloc) : bytes;
  }

  /** The last row with this count from `first` on; -1 if there is none. */
  lastOf(count: number, first: number): number {
    for (let row = this.#length - 1; row >= first; row--) if (this.#count[row] === count) return row;
    return -1;
  }

  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  rows(): SettledReading[] {
    return Array.from({ length: this.#length }, (_, row) => ({
      count: this.#count[row] ?? Number.NaN,
      created: this.#created[row] ?? Number.NaN,
      heapBytes: this.#heap[row] ?? Number.NaN,
      externalBytes: this.#external[row] ?? Number.NaN,
      mallocBytes: this.#mallocReading(row),
      settled: this.#settled[row] === 1,
    }));
  }
}

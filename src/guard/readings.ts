import type { Reading } from "../system/probe/reading.js";
import { absent, isAbsent } from "../system/probe/reading.js";
import type { ReadingSource } from "./sources/source.js";
import type { OwnNumber } from "./types.js";

const NOT_SAMPLED = absent("no sample has been taken");

/**
 * The current readings and numbers. Each has a fixed index in one array, so that a check needs no look-up by name. An
 * absent one is NaN, and its reason is stored separately.
 */
export class Readings {
  readonly values: Float64Array;
  readonly #places = new Map<string, number>();
  readonly #reasons: string[];
  readonly #sources: readonly ReadingSource[];
  readonly #wantedOf: ReadonlySet<string>[];
  readonly #callbacks: { name: string; read: () => Reading }[] = [];
  /** By index: whether the program set the number since the last evaluation. */
  readonly #fresh: Uint8Array;
  #anyFresh = false;
  readonly #awaited = new Set<number>();

  /** @param wanted readings that rules name; a source without any of them is never sampled */
  constructor(
    sources: readonly ReadingSource[],
    numbers: Readonly<Record<string, OwnNumber>>,
    wanted: ReadonlySet<string>,
  ) {
    const names = [...Object.keys(numbers), ...sources.flatMap((source) => source.names)];
    for (const name of names) if (!this.#places.has(name)) this.#places.set(name, this.#places.size);
    this.values = new Float64Array(this.#places.size).fill(Number.NaN);
    this.#reasons = Array.from(this.#places.keys(), () => NOT_SAMPLED.absent);
    this.#fresh = new Uint8Array(this.#places.size);
    const used = sources.filter((source) => source.names.some((name) => wanted.has(name)));
    this.#sources = used;
    this.#wantedOf = used.map((source) => new Set(source.names.filter((name) => wanted.has(name))));
    for (const [name, number] of Object.entries(numbers)) {
      if (typeof number === "function") this.#callbacks.push({ name, read: number });
      else this.#put(name, number ?? absent(`the program has not set ${name} yet`));
      if (number === null) this.#awaited.add(this.placeOf(name));
    }
  }

  placeOf(name: string): number {
    return this.#places.get(name) ?? -1;
  }

  get(name: string): Reading {
    const place = this.placeOf(name);
    const value = this.values[place];
    if (value === undefined) return absent("there is no reading of that name");
    return Number.isNaN(value) ? absent(this.#reasons[place] ?? "") : value;
  }

  sample(): void {
    this.#sources.forEach((source, index) => {
      source.sample(this.#wantedOf[index] ?? new Set(), this.#put);
    });
    for (const { name, read } of this.#callbacks) this.#put(name, called(read));
  }

  /** Sets one of the program's own numbers by its index. */
  set(place: number, value: number): void {
    this.values[place] = Number.isFinite(value) ? value : Number.NaN;
    if (!Number.isFinite(value)) this.#reasons[place] = `it was set to ${value}`;
    if (this.#awaited.size > 0) this.#awaited.delete(place);
    this.#fresh[place] = 1;
    this.#anyFresh = true;
  }

  /** Whether it is absent only because the program has not set it yet, or its source has not started. */
  isAwaited(name: string): boolean {
    return this.#awaited.has(this.placeOf(name)) || this.#awaitsSource(name);
  }

  /** Whether some of these are absent, and all of those only because their source has not started. */
  isAwaitedBySource(names: ReadonlySet<string>): boolean {
    const missing = [...names].filter((name) => isAbsent(this.get(name)));
    return missing.length > 0 && missing.every((name) => this.#awaitsSource(name));
  }

  #awaitsSource(name: string): boolean {
    return this.#sources.some((source) => source.names.includes(name) && source.awaits?.(name) === true);
  }

  get anyFresh(): boolean {
    return this.#anyFresh;
  }

  /** Whether one of these was set since the last evaluation. */
  anyOf(places: readonly number[]): boolean {
    return this.#anyFresh && places.some((place) => this.#fresh[place] === 1);
  }

  clearFresh(): void {
    this.#fresh.fill(0);
    this.#anyFresh = false;
  }

  readonly #put = (name: string, value: Reading): void => {
    const place = this.placeOf(name);
    if (isAbsent(value)) {
      this.values[place] = Number.NaN;
      this.#reasons[place] = value.absent;
    } else this.values[place] = value;
  };
}

function called(read: () => Reading): Reading {
  try {
    const value = read();
    if (isAbsent(value) || Number.isFinite(value)) return value;
    return absent(`its callback answered ${String(value)}`);
  } catch (error) {
    return absent(`its callback threw: ${error instanceof Error ? error.message : String(error)}`);
  }
}

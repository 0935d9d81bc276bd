import type { DestinationStream, Logger } from "pino";
import { pino } from "pino";
import { BytesperError } from "../../base/errors.js";
import type { Reading } from "../../system/probe/reading.js";
import type { ObservedPool } from "../sources/pool-source.js";
import { isCategoryOn } from "./categories.js";
import type { MemoryState } from "./memory-state.js";
import { readMemoryState } from "./memory-state.js";
import type { OperationStatistics } from "./operations.js";
import { Operations } from "./operations.js";

export type { MemoryState } from "./memory-state.js";
export type { OperationStatistics } from "./operations.js";

export interface MemoryLogOptions {
  /** Categories that are on, beside those of `BYTESPER_DEBUG`. This log's is `memory`. */
  debugCategories?: readonly string[];
  /** Gives the device's allocated and reserved bytes. */
  pool?: ObservedPool | undefined;
  /** Where lines go: a stream, or a file to append to. Standard error unless given; null for no lines at all. */
  destination?: DestinationStream | string | null;
  /** Latest states that are kept; 256 unless given. */
  kept?: number;
  /** Operations with statistics of their own; 64 unless given, the others are counted together. */
  operations?: number;
}

/** A state that was logged. */
export interface LoggedState extends MemoryState {
  operation: string;
  /** Milliseconds since 1970. */
  timeMs: number;
}

export type ExtraFields = Readonly<Record<string, string | number | boolean | null | Reading>>;

const CATEGORY = "memory";
const DEFAULT_KEPT = 256;
const DEFAULT_OPERATIONS = 64;
const LONGEST_OPERATION = 200;

/**
 * Structured log lines about memory, with statistics of limited size. While the category is off, a call
 * returns at once and reads nothing.
 */
export class MemoryLog {
  readonly enabled: boolean;
  readonly #logger: Logger | undefined;
  readonly #pool: ObservedPool | undefined;
  readonly #kept: number;
  readonly #ring: LoggedState[] = [];
  #next = 0;
  readonly #operations: Operations;

  /** Throws `USAGE` for invalid sizes. */
  constructor(options: MemoryLogOptions = {}) {
    this.enabled = isCategoryOn(CATEGORY, options.debugCategories);
    this.#pool = options.pool;
    this.#kept = atLeastOne("kept", options.kept ?? DEFAULT_KEPT);
    this.#operations = new Operations(atLeastOne("operations", options.operations ?? DEFAULT_OPERATIONS));
    this.#logger = this.enabled && options.destination !== null ? openLogger(options.destination) : undefined;
  }

  /** Logs the memory of host and device as it is now. */
  state(operation: string): void {
    if (!this.enabled) return;
    const name = shortened(operation);
    const state = readMemoryState(this.#pool);
    this.#keep({ operation: name, timeMs: Date.now(), ...state });
    this.#operations.countState(name, state);
    this.#logger?.info({ category: CATEGORY, operation: name, ...state }, "state");
  }

  /** Logs how long an operation took, with extra fields of the program; these appear only in the line. */
  performance(operation: string, durationMs: number, extra: ExtraFields = {}): void {
    if (!this.enabled) return;
    const name = shortened(operation);
    // An invalid time must not enter the sums; the line still shows it.
    if (Number.isFinite(durationMs) && durationMs >= 0) this.#operations.countTime(name, durationMs);
    const line = { category: CATEGORY, operation: name, durationMs };
    this.#logger?.info(Object.keys(extra).length > 0 ? { ...line, extra } : line, "performance");
  }

  /** The latest states, oldest first. */
  recent(): LoggedState[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
  }

  statistics(): OperationStatistics[] {
    return this.#operations.all();
  }

  /** All of it in the text format of Prometheus. */
  async metrics(): Promise<string> {
    const { logMetrics } = await import("./log-metrics.js");
    return logMetrics(this);
  }

  /** Reads the same as `state`, but writes no line. */
  read(): MemoryState {
    return readMemoryState(this.#pool);
  }

  #keep(state: LoggedState): void {
    if (this.#ring.length < this.#kept) this.#ring.push(state);
    else {
      this.#ring[this.#next] = state;
      this.#next = (this.#next + 1) % this.#kept;
    }
  }
}

/** Writes each line before the call returns, because the last lines before a kill matter most. */
function openLogger(destination: MemoryLogOptions["destination"]): Logger {
  const stream =
    typeof destination === "object" && destination !== null
      ? destination
      : pino.destination({ dest: destination ?? 2, sync: true, append: true, mkdir: true });
  return pino({ base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}

function atLeastOne(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new BytesperError("USAGE", `"${name}" of a memory log must be a whole number from 1, not ${value}.`);
}

function shortened(operation: string): string {
  return operation.length > LONGEST_OPERATION ? operation.slice(0, LONGEST_OPERATION) : operation;
}

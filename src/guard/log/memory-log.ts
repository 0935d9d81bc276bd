import type { DestinationStream, Logger } from "pino";
import { pino } from "pino";
import { BytesperError } from "../../base/errors.js";
import type { Reading } from "../../system/probe/reading.js";
import type { ObservedPool } from "../sources/pool-source.js";
import { isCategoryOn } from "./categories.js";
import type { MemoryState } from "./memory-state.js";
import { readMemoryState } from "./memory-state.js";
import { loadMetrics } from "./load-metrics.js";
import type { OperationStatistics } from "./operations.js";
import { Operations } from "./operations.js";

export type { MemoryState } from "./memory-state.js";
export type { OperationStatistics } from "./operations.js";

export interface MemoryLogOptions {
  /** Categories that are on, in addition to those in `BYTESPER_DEBUG`. The category of this log is `memory`. */
  debugCategories?: readonly string[];
  /** The source of the device's allocated and reserved bytes. */
  pool?: ObservedPool | undefined;
  /** A stream, or a file to append to; standard error by default. With null, no lines are written. */
  destination?: DestinationStream | string | null;
  /** How many of the latest states are kept; 256 by default. */
  kept?: number;
  /** How many operations have their own statistics; 64 by default. All others are counted together. */
  operations?: number;
}

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
 * Structured log lines about memory, with statistics of limited size. While the category is off, each call returns at
 * once and reads nothing.
 */
export class MemoryLog {
  readonly enabled: boolean;
  readonly #logger: Logger | undefined;
  readonly #pool: ObservedPool | undefined;
  readonly #kept: number;
  readonly #ring: LoggedState[] = [];
  #next = 0;
  readonly #operations: Operations;

  /** Throws `USAGE` for sizes that are no whole numbers from 1. */
  constructor(options: MemoryLogOptions = {}) {
    this.enabled = isCategoryOn(CATEGORY, options.debugCategories);
    this.#pool = options.pool;
    this.#kept = atLeastOne("kept", options.kept ?? DEFAULT_KEPT);
    this.#operations = new Operations(atLeastOne("operations", options.operations ?? DEFAULT_OPERATIONS));
    this.#logger = this.enabled && options.destination !== null ? openLogger(options.destination) : undefined;
  }

  /** Logs the present memory of host and device. */
  state(operation: string): void {
    if (!this.enabled) return;
    const name = shortened(operation);
    const state = readMemoryState(this.#pool);
    this.#keep({ operation: name, timeMs: Date.now(), ...state });
    this.#operations.countState(name, state);
    this.#logger?.info({ category: CATEGORY, operation: name, ...state }, "state");
  }

  /** Logs how long an operation took. Extra fields appear only in the line, not in the statistics. */
  performance(operation: string, durationMs: number, extra: ExtraFields = {}): void {
    if (!this.enabled) return;
    const name = shortened(operation);
    // An invalid time is not added to the statistics, but the line shows it.
    if (Number.isFinite(durationMs) && durationMs >= 0) this.#operations.countTime(name, durationMs);
    const line = { category: CATEGORY, operation: name, durationMs };
    this.#logger?.info(Object.keys(extra).length > 0 ? { ...line, extra } : line, "performance");
  }

  /** The latest states, the oldest first. */
  recent(): LoggedState[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
  }

  statistics(): OperationStatistics[] {
    return this.#operations.all();
  }

  /** Statistics and present memory in the text format of Prometheus. Throws `NO_PACKAGE` without prom-client. */
  async metrics(): Promise<string> {
    const { logMetrics } = await loadMetrics(() => import("./log-metrics.js"));
    return logMetrics(this);
  }

  /** The same readings as in `state`, without a line. */
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

/** Each line is written before the call returns: the last lines before a kill are the most important. */
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

import { isAbsent } from "../../system/probe/reading.js";
import type { MemoryState } from "./memory-state.js";
import { STATE_NAMES } from "./memory-state.js";

/** The name under which all operations above the limit are counted. */
const OTHERS = "others";

export interface OperationStatistics {
  operation: string;
  states: number;
  /** Calls of `performance`. The next two fields are about them. */
  timed: number;
  totalMs: number;
  longestMs: number;
  /** The largest value of each reading that was present at least once. */
  mostBytes: Partial<Record<keyof MemoryState, number>>;
}

/** Up to a limit, each operation has its own statistics. */
export class Operations {
  readonly #most: number;
  readonly #byName = new Map<string, OperationStatistics>();

  constructor(most: number) {
    this.#most = most;
  }

  countState(operation: string, state: MemoryState): void {
    const statistics = this.#of(operation);
    statistics.states++;
    for (const name of STATE_NAMES) {
      const bytes = state[name];
      if (!isAbsent(bytes)) statistics.mostBytes[name] = Math.max(statistics.mostBytes[name] ?? 0, bytes);
    }
  }

  countTime(operation: string, durationMs: number): void {
    const statistics = this.#of(operation);
    statistics.timed++;
    statistics.totalMs += durationMs;
    statistics.longestMs = Math.max(statistics.longestMs, durationMs);
  }

  all(): OperationStatistics[] {
    return [...this.#byName.values()].map((statistics) => ({
      ...statistics,
      mostBytes: { ...statistics.mostBytes },
    }));
  }

  #of(operation: string): OperationStatistics {
    const known = this.#byName.get(operation);
    if (known !== undefined) return known;
    const full = this.#byName.size >= this.#most && operation !== OTHERS;
    if (full) return this.#of(OTHERS);
    const added = { operation, states: 0, timed: 0, totalMs: 0, longestMs: 0, mostBytes: {} };
    this.#byName.set(operation, added);
    return added;
  }
}

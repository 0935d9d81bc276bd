import type { Decision } from "../subjects/gated-memory/decision.js";
import { GatedMemory } from "../subjects/gated-memory/gated-memory.js";
import type { GatedMemorySettings } from "../subjects/gated-memory/settings.js";
import type { StreamSettings } from "../subjects/gated-memory/stream.js";
import { events } from "../subjects/gated-memory/stream.js";

export interface RunRequest {
  seed: number;
  steps: number;
  memory?: Partial<GatedMemorySettings>;
  stream?: Partial<StreamSettings>;
  /** Called with every decision. */
  sink?: (decision: Decision) => void;
}

export interface MemoryRun {
  memory: GatedMemory;
  events: number;
  /** Number of rows by "action reason". */
  rows: Map<string, number>;
  /** Pairs of step and size: 40 points, the last one at the end. */
  curve: [number, number][];
  /** Step of the last commit or promotion. A promotion's row shows an earlier step. */
  lastGrowth: number;
}

const POINTS = 40;

/** Sends the events of `steps` steps to a memory. */
export function runMemory({ seed, steps, memory: changes, stream, sink }: RunRequest): MemoryRun {
  const rows = new Map<string, number>();
  const memory = new GatedMemory(changes, (decision) => {
    const name = `${decision.action} ${decision.reason}`;
    rows.set(name, (rows.get(name) ?? 0) + 1);
    sink?.(decision);
  });
  const { dimension } = memory.settings;
  const curve: [number, number][] = [];
  let offered = 0;
  let lastGrowth = 0;
  for (const event of events({ dimension, ...stream, seed })) {
    let next = steps * ((curve.length + 1) / POINTS);
    for (; event.step >= next && curve.length < POINTS; next = steps * ((curve.length + 1) / POINTS))
      curve.push([next, memory.size]);
    if (event.step >= steps) break;
    const before = memory.size;
    memory.write(event);
    if (memory.size > before) lastGrowth = event.step;
    offered++;
  }
  return { memory, events: offered, rows, curve, lastGrowth };
}

/** The size after a share of the steps. */
export function sizeAt({ curve }: MemoryRun, share: number): number {
  return (curve[Math.round(share * POINTS) - 1] as [number, number])[1];
}

/** Number of rows of an action, optionally of one reason; without an action, of all rows. */
export function rowsOf({ rows }: MemoryRun, action = "", reason = ""): number {
  const start = action === "" ? "" : `${action} ${reason}`;
  let sum = 0;
  for (const [name, count] of rows) if (name.startsWith(start)) sum += count;
  return sum;
}

/** Different seeds that depend only on the given seed. */
export function seedsOf(seed: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => 1000 * seed + index);
}

/** Readings: the mean, the smallest and the largest value. */
export function spread(name: string, values: readonly number[]): Record<string, number> {
  return {
    [name]: meanOf(values),
    [`${name}Low`]: Math.min(...values),
    [`${name}High`]: Math.max(...values),
  };
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

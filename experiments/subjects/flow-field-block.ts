/** What is kept of a flow at each step: place, sideways velocity and energy. */
export const FIELDS = ["x", "y", "z", "vx", "vy", "energy"] as const;
export const X = 0;
export const Y = 1;
export const Z = 2;
export const VX = 3;
export const VY = 4;
export const ENERGY = 5;

/** Bytes of one number: 32 bit. */
export const NUMBER_BYTES = 4;
/** Flows in a block: a block of the usual history is above 1 MiB, so that the pool gives it a segment of its own. */
export const SLOTS = 1024;

/** The formula: bytes of one flow, fields x width of a number x steps of history. */
export function flowBytes(history: number): number {
  return FIELDS.length * NUMBER_BYTES * history;
}

/** Bytes of a block: the flows, and for each slot the step at which its flow was born. */
export function blockBytes(history: number): number {
  return SLOTS * (flowBytes(history) + NUMBER_BYTES);
}

/** The step of birth in a slot without a flow. */
export const FREE = -1;

/**
 * Flows beside one another, with a ring of their last states. It is as large as its block in the pool, which it
 * stands for: code in JavaScript cannot write into a pool's memory.
 */
export class FlowBlock {
  readonly handle: number;
  /** By place in the ring, then field, then slot. */
  readonly values: Float32Array;
  readonly born = new Int32Array(SLOTS).fill(FREE);

  constructor(handle: number, history: number) {
    this.handle = handle;
    this.values = new Float32Array(SLOTS * FIELDS.length * history);
  }

  /** Copies a flow with its whole history. */
  copyFrom(other: FlowBlock, from: number, to: number): void {
    const { values } = other;
    for (let row = 0; row < values.length; row += SLOTS) this.values[row + to] = values[row + from] as number;
    this.born[to] = other.born[from] as number;
  }
}

/** Numbers that are kept of a flow for each step: position, sideways velocity and energy. */
export const FIELDS = ["x", "y", "z", "vx", "vy", "energy"] as const;
export const X = 0;
export const Y = 1;
export const Z = 2;
export const VX = 3;
export const VY = 4;
export const ENERGY = 5;

/** Bytes of one number: 32 bit. */
export const NUMBER_BYTES = 4;
/** Flows in a block. With the usual history a block exceeds 1 MiB, so the pool gives it a segment of its own. */
export const SLOTS = 1024;

/** Bytes of one flow by formula: fields x width of a number x steps of history. */
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
 * Flows side by side, with a ring of their last states. It has the size of its block in the pool, which it
 * represents: JavaScript cannot write into a pool's memory.
 */
export class FlowBlock {
  readonly handle: number;
  /** Order: position in the ring, then field, then slot. */
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

import type { MemoryPool } from "bytesper/device";
import { blockBytes, FIELDS, FlowBlock, FREE, SLOTS } from "./flow-field-block.js";

/** Index of a flow in all blocks: block x SLOTS + slot. */
export type FlowSlot = number;

export type FlowPool = Pick<MemoryPool, "allocate" | "release" | "trim">;

/** The active flows, in blocks from a pool. Blocks are added as the number of flows grows. */
export class FlowStore {
  readonly blocks: FlowBlock[] = [];
  active = 0;
  readonly #pool: FlowPool;
  readonly #history: number;
  #free: FlowSlot[] = [];

  constructor(pool: FlowPool, history: number) {
    this.#pool = pool;
    this.#history = history;
  }

  /** Number of flows that the blocks have space for. */
  get capacity(): number {
    return this.blocks.length * SLOTS;
  }

  /** Index in each block at which the states of a step begin, by field. */
  row(step: number, field: number): number {
    return ((step % this.#history) * FIELDS.length + field) * SLOTS;
  }

  block(place: FlowSlot): FlowBlock {
    return this.blocks[Math.floor(place / SLOTS)] as FlowBlock;
  }

  /** Allocates space for this many more flows, or throws `OutOfDeviceMemory` and changes nothing. */
  async reserve(flows: number): Promise<void> {
    const missing = Math.ceil(Math.max(0, flows - this.#free.length) / SLOTS);
    if (missing === 0) return;
    const sizes = Array.from({ length: missing }, () => blockBytes(this.#history));
    for (const handle of await this.#pool.allocate(sizes)) {
      const first = this.blocks.push(new FlowBlock(handle, this.#history)) * SLOTS - SLOTS;
      for (let slot = SLOTS - 1; slot >= 0; slot--) this.#free.push(first + slot);
    }
  }

  /** Adds a flow with the values of its fields. `reserve` must have made space. */
  add(step: number, state: readonly number[]): void {
    const place = this.#free.pop();
    if (place === undefined) throw new Error("a flow is added where no room was made");
    const block = this.block(place);
    const row = this.row(step, 0) + (place % SLOTS);
    state.forEach((value, field) => (block.values[row + field * SLOTS] = value));
    block.born[place % SLOTS] = step;
    this.active++;
  }

  remove(place: FlowSlot): void {
    this.block(place).born[place % SLOTS] = FREE;
    this.active--;
    this.#free.push(place);
  }

  /** Moves the flows of the last blocks into gaps while that empties a block, and releases the empty blocks. */
  async cleanUp(): Promise<void> {
    const handles: number[] = [];
    while (this.#free.length >= SLOTS) {
      const last = this.blocks.pop() as FlowBlock;
      const first = this.blocks.length * SLOTS;
      this.#free = this.#free.filter((place) => place < first);
      for (let slot = 0; slot < SLOTS; slot++) {
        if (last.born[slot] === FREE) continue;
        const place = this.#free.pop() as FlowSlot;
        this.block(place).copyFrom(last, slot, place % SLOTS);
      }
      handles.push(last.handle);
    }
    await this.#pool.release(handles);
    await this.#pool.trim();
  }

  /** The values of a field at a step, for every active flow. */
  *values(step: number, field: number): Generator<number> {
    const row = this.row(step, field);
    for (const { born, values } of this.blocks)
      for (let slot = 0; slot < SLOTS; slot++) if (born[slot] !== FREE) yield values[row + slot] as number;
  }
}

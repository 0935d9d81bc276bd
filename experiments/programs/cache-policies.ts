import { MemoryPool, OutOfDeviceMemory } from "bytesper/device";
import type { CacheShape } from "./cache-shape.js";
import { cacheBytes, tensorBytes } from "./cache-shape.js";

export interface CacheTotals {
  /** Bytes that sessions hold. */
  heldBytes: number;
  /** Bytes that the pools have given out. */
  usedBytes: number;
  /** Bytes that the pools have taken from the device. */
  reservedBytes: number;
}

/** Where caches are allocated, and how many bytes they may take together. */
export interface Room {
  device: string;
  capBytes: number;
}

/** A way of placing the caches of sessions in device memory. */
export interface CachePolicy {
  /** Opens a session and returns its number. Throws `OutOfDeviceMemory`, and then nothing stays allocated. */
  open: () => Promise<number>;
  close: (session: number) => Promise<void>;
  totals: () => CacheTotals;
  dispose: () => Promise<void>;
}

export function cachePolicy(name: string, shape: CacheShape, room: Room): CachePolicy {
  if (name === "pool per session") return new PoolPerSession(shape, room);
  if (name === "shared pool") return new SharedPool(shape, room);
  if (name === "paged blocks") return new PagedBlocks(shape, room);
  throw new Error(`there is no policy "${name}"`);
}

/** One tensor for the keys and one for the values of each layer. */
function contiguousTensors(shape: CacheShape): number[] {
  return new Array<number>(2 * shape.layers).fill(tensorBytes(shape, shape.tokens));
}

class PoolPerSession implements CachePolicy {
  readonly #sessions = new Map<number, MemoryPool>();
  readonly #shape: CacheShape;
  readonly #room: Room;
  #last = 0;

  constructor(shape: CacheShape, room: Room) {
    this.#shape = shape;
    this.#room = room;
  }

  async open(): Promise<number> {
    const { device, capBytes } = this.#room;
    // All pools share one device, so what the others hold is not available for this one.
    const pool = new MemoryPool({ device, capBytes: Math.max(0, capBytes - this.totals().reservedBytes) });
    try {
      await pool.allocate(contiguousTensors(this.#shape));
    } catch (error) {
      await pool.close();
      throw error;
    }
    this.#sessions.set(++this.#last, pool);
    return this.#last;
  }

  async close(session: number): Promise<void> {
    await this.#sessions.get(session)?.close();
    this.#sessions.delete(session);
  }

  totals(): CacheTotals {
    const totals = { heldBytes: 0, usedBytes: 0, reservedBytes: 0 };
    for (const pool of this.#sessions.values()) {
      const { usedBytes, reservedBytes } = pool.stats();
      totals.heldBytes += usedBytes;
      totals.usedBytes += usedBytes;
      totals.reservedBytes += reservedBytes;
    }
    return totals;
  }

  async dispose(): Promise<void> {
    for (const session of [...this.#sessions.keys()]) await this.close(session);
  }
}

class SharedPool implements CachePolicy {
  readonly #pool: MemoryPool;
  readonly #sessions = new Map<number, number[]>();
  readonly #shape: CacheShape;
  #last = 0;

  constructor(shape: CacheShape, room: Room) {
    this.#shape = shape;
    this.#pool = new MemoryPool(room);
  }

  async open(): Promise<number> {
    this.#sessions.set(++this.#last, await this.#pool.allocate(contiguousTensors(this.#shape)));
    return this.#last;
  }

  async close(session: number): Promise<void> {
    await this.#pool.release(this.#sessions.get(session) ?? []);
    this.#sessions.delete(session);
  }

  totals(): CacheTotals {
    const { usedBytes, reservedBytes } = this.#pool.stats();
    return { heldBytes: usedBytes, usedBytes, reservedBytes };
  }

  dispose(): Promise<void> {
    return this.#pool.close();
  }
}

const BLOCK_TOKENS = 16;
const BLOCKS_PER_SLAB = 64;

/** A slab of blocks. Each block holds all layers of 16 tokens. */
interface Slab {
  handle: number;
  free: number[];
}

/** Blocks come from slabs of 64. A slab is released when all of its blocks are free. */
class PagedBlocks implements CachePolicy {
  readonly #pool: MemoryPool;
  readonly #blockBytes: number;
  readonly #blocksPerSession: number;
  readonly #slabs = new Set<Slab>();
  readonly #sessions = new Map<number, { slab: Slab; block: number }[]>();
  #last = 0;
  #blocksInUse = 0;

  constructor(shape: CacheShape, room: Room) {
    this.#pool = new MemoryPool(room);
    this.#blockBytes = cacheBytes(shape, BLOCK_TOKENS);
    this.#blocksPerSession = Math.ceil(shape.tokens / BLOCK_TOKENS);
  }

  async open(): Promise<number> {
    const blocks: { slab: Slab; block: number }[] = [];
    try {
      while (blocks.length < this.#blocksPerSession) blocks.push(await this.#take());
    } catch (error) {
      if (error instanceof OutOfDeviceMemory) await this.#giveBack(blocks);
      throw error;
    }
    this.#sessions.set(++this.#last, blocks);
    return this.#last;
  }

  async close(session: number): Promise<void> {
    await this.#giveBack(this.#sessions.get(session) ?? []);
    this.#sessions.delete(session);
  }

  totals(): CacheTotals {
    const { usedBytes, reservedBytes } = this.#pool.stats();
    return { heldBytes: this.#blocksInUse * this.#blockBytes, usedBytes, reservedBytes };
  }

  dispose(): Promise<void> {
    return this.#pool.close();
  }

  async #take(): Promise<{ slab: Slab; block: number }> {
    let slab = [...this.#slabs].find(({ free }) => free.length > 0);
    if (slab === undefined) {
      const [handle] = await this.#pool.allocate([BLOCKS_PER_SLAB * this.#blockBytes]);
      slab = { handle: handle as number, free: Array.from({ length: BLOCKS_PER_SLAB }, (_, index) => index) };
      this.#slabs.add(slab);
    }
    this.#blocksInUse++;
    return { slab, block: slab.free.pop() as number };
  }

  async #giveBack(blocks: readonly { slab: Slab; block: number }[]): Promise<void> {
    for (const { slab, block } of blocks) slab.free.push(block);
    this.#blocksInUse -= blocks.length;
    for (const slab of [...this.#slabs]) {
      if (slab.free.length < BLOCKS_PER_SLAB) continue;
      this.#slabs.delete(slab);
      await this.#pool.release([slab.handle]);
    }
  }
}

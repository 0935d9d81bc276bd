import type { CacheLayout, CacheType, DecodeMemory, DecodeShape } from "bytesper/device";
import { fillCache, MemoryPool, OutOfDeviceMemory, scaleBytes, slabBytes, writeBlock } from "bytesper/device";
import type { ModelShape } from "bytesper/model";
import { estimate, knownModel } from "bytesper/model";

export const CACHE_KINDS = ["dense bf16", "paged bf16", "dense fp8", "paged fp8"] as const;
type CacheKind = (typeof CACHE_KINDS)[number];

const MODEL = "Qwen2.5-3B";
const PAGE_TOKENS = 16;
const PAGES_IN_SLAB = 64;

export interface CacheSetting {
  kind: CacheKind;
  type: CacheType;
  paged: boolean;
  shape: DecodeShape;
  model: ModelShape;
}

/** The attention of the model in each layer, and how its cache is kept. */
export function cacheSetting(name: string): CacheSetting {
  const kind = CACHE_KINDS.find((each) => each === name);
  const model = knownModel(MODEL)?.shape;
  if (kind === undefined || model === undefined) throw new Error(`there is no cache "${name}"`);
  const layers = model.layers.flatMap(({ attention }) => (attention === undefined ? [] : [attention]));
  const [first] = layers;
  if (first === undefined) throw new Error(`${MODEL} has no attention`);
  return {
    kind,
    model,
    type: kind.endsWith("fp8") ? "fp8" : "bf16",
    paged: kind.startsWith("paged"),
    shape: { layers: layers.length, heads: first.heads, kvHeads: first.kvHeads, headDim: first.keyDim },
  };
}

/** Bytes of one session's cache by the model's config: what `bytesper estimate` says. */
export function estimatedBytes({ model, type }: CacheSetting, tokens: number): number {
  return estimate(model, { tokens, cacheDtype: type }).kvBytes;
}

export interface Caches {
  readonly pool: MemoryPool;
  readonly sessions: number;
  /** Opens a session without a token. Throws `OutOfDeviceMemory`, as `grow` does. */
  open: () => Promise<number>;
  /** Makes room for so many tokens of a session. */
  grow: (session: number, tokens: number) => Promise<void>;
  /** Bytes that sessions hold, without the unused rest of slabs. */
  heldBytes: () => number;
  /** What `decode` reads. All sessions have the same number of tokens. */
  memory: (tokens: number) => { layout: CacheLayout; memory: DecodeMemory };
  /** Random numbers in all slabs. */
  fill: (seed: number) => Promise<void>;
  close: () => Promise<void>;
}

export function openCaches(setting: CacheSetting, room: { device: string; capBytes: number }): Caches {
  return setting.paged ? new PagedCaches(setting, room) : new DenseCaches(setting, room);
}

/** Blocks with the scales of 8-bit numbers, one a session. */
class Scales {
  readonly handles: number[] = [];
  readonly bytes: number;
  readonly #setting: CacheSetting;

  constructor(setting: CacheSetting) {
    this.#setting = setting;
    this.bytes = setting.type === "fp8" ? scaleBytes(setting.shape) : 0;
  }

  async add(pool: MemoryPool): Promise<void> {
    if (this.bytes === 0) return;
    const [handle = 0] = await pool.allocate([this.bytes]);
    const ones = new Float32Array(scaleBytes(this.#setting.shape) / 4).fill(1);
    await writeBlock(pool, handle, new Uint8Array(ones.buffer));
    this.handles.push(handle);
  }
}

/** One block a session, exactly as long as its tokens. Growing takes a longer one before the old one goes back. */
class DenseCaches implements Caches {
  readonly pool: MemoryPool;
  readonly #setting: CacheSetting;
  readonly #scales: Scales;
  readonly #slabs: (number | undefined)[] = [];
  #bytes = 0;

  constructor(setting: CacheSetting, room: { device: string; capBytes: number }) {
    this.pool = new MemoryPool(room);
    this.#setting = setting;
    this.#scales = new Scales(setting);
  }

  get sessions(): number {
    return this.#slabs.length;
  }

  async open(): Promise<number> {
    await this.#scales.add(this.pool);
    return this.#slabs.push(undefined) - 1;
  }

  async grow(session: number, tokens: number): Promise<void> {
    const bytes = slabBytes(this.#setting.shape, this.#layout(tokens));
    const [slab] = await this.pool.allocate([bytes]);
    const old = this.#slabs[session];
    this.#slabs[session] = slab;
    this.#bytes = bytes;
    if (old !== undefined) await this.pool.release([old]);
  }

  heldBytes(): number {
    return this.sessions * (this.#bytes + this.#scales.bytes);
  }

  memory(tokens: number): { layout: CacheLayout; memory: DecodeMemory } {
    const slabs = this.#slabs.filter((slab) => slab !== undefined);
    const lengths = new Int32Array(slabs.length).fill(tokens);
    return { layout: this.#layout(tokens), memory: { lengths, slabs, scales: this.#scales.handles } };
  }

  async fill(seed: number): Promise<void> {
    for (const slab of this.#slabs)
      if (slab !== undefined) await fillCache(this.pool, slab, { type: this.#setting.type, seed });
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  #layout(tokens: number): CacheLayout {
    return { type: this.#setting.type, paged: false, pageTokens: tokens };
  }
}

/** Pages of 16 tokens from slabs of 64. A session takes one more page when its last one is full. */
class PagedCaches implements Caches {
  readonly pool: MemoryPool;
  readonly #setting: CacheSetting;
  readonly #scales: Scales;
  readonly #layout: CacheLayout;
  readonly #slabs: number[] = [];
  readonly #pages: number[][] = [];
  #next = 0;

  constructor(setting: CacheSetting, room: { device: string; capBytes: number }) {
    this.pool = new MemoryPool(room);
    this.#setting = setting;
    this.#scales = new Scales(setting);
    this.#layout = {
      type: setting.type,
      paged: true,
      pageTokens: PAGE_TOKENS,
      pagesInSlab: PAGES_IN_SLAB,
    };
  }

  get sessions(): number {
    return this.#pages.length;
  }

  async open(): Promise<number> {
    await this.#scales.add(this.pool);
    return this.#pages.push([]) - 1;
  }

  async grow(session: number, tokens: number): Promise<void> {
    const pages = this.#pages[session] as number[];
    while (pages.length * PAGE_TOKENS < tokens) {
      if (this.#next === this.#slabs.length * PAGES_IN_SLAB) {
        const bytes = slabBytes(this.#setting.shape, this.#layout);
        this.#slabs.push(...(await this.pool.allocate([bytes])));
      }
      pages.push(this.#next++);
    }
  }

  heldBytes(): number {
    const pageBytes = slabBytes(this.#setting.shape, this.#layout) / PAGES_IN_SLAB;
    return this.#next * pageBytes + this.sessions * this.#scales.bytes;
  }

  memory(tokens: number): { layout: CacheLayout; memory: DecodeMemory } {
    const lengths = new Int32Array(this.sessions).fill(tokens);
    const table = Int32Array.from(this.#pages.flat());
    return {
      layout: this.#layout,
      memory: { lengths, table, slabs: this.#slabs, scales: this.#scales.handles },
    };
  }

  async fill(seed: number): Promise<void> {
    for (const slab of this.#slabs) await fillCache(this.pool, slab, { type: this.#setting.type, seed });
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}

/** Opens sessions of so many tokens until one is refused; returns how many are open. */
export async function openUntilRefused(caches: Caches, tokens: number): Promise<number> {
  for (let opened = 0; ; opened++) {
    try {
      await caches.grow(await caches.open(), tokens);
    } catch (error) {
      if (error instanceof OutOfDeviceMemory) return opened;
      throw error;
    }
  }
}

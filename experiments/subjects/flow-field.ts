import { ENERGY, FREE, NUMBER_BYTES, SLOTS, VX, VY, X, Y, Z } from "./flow-field-block.js";
import {
  COLUMNS,
  columnOf,
  driftOf,
  HEIGHT,
  KEPT,
  nextRandom,
  NOISE,
  randomStart,
  reflected,
  SPAWN_MOVEMENT,
  WIDTH,
} from "./flow-field-lattice.js";
import type { FlowPool, FlowSlot } from "./flow-field-store.js";
import { FlowStore } from "./flow-field-store.js";
import type { SpawnRule } from "./flow-field-spawning.js";
import { spawnCount } from "./flow-field-spawning.js";

/** What a guard allows in a step. `MemoryGuard` fits this interface. */
export interface Barrier {
  allows: (branch: string) => boolean;
  mayGrow: () => boolean;
}

export interface FlowFieldOptions extends SpawnRule {
  /** The pool that the state is allocated from. */
  pool: FlowPool;
  seed: number;
  /** Samples that share the lattice. Each starts with one flow in every column. */
  samples: number;
  /** Number of layers. A flow that has passed the last one is finished. */
  depth: number;
  /** Number of steps whose states are kept of every flow, with the present one; at least 2. */
  history: number;
  /** Whether flows are reflected at the edge of the lattice. Otherwise they leave it. */
  reflection: boolean;
  /** Steps between cleanups, which close gaps and release memory; 0 for none. */
  cleanupEvery: number;
  /** Whether each step draws a picture. The picture has no effect on the result. */
  visualise?: boolean;
  barrier?: Barrier;
}

export interface FlowStep {
  step: number;
  active: number;
  spawned: number;
  /** Flows that the rule asked for, but the limit on active flows or the barrier refused. */
  refused: number;
  /** Flows that left the lattice at an edge. */
  left: number;
  /** Flows that passed the last layer. */
  finished: number;
  /** Largest number of flows over one column; absent if no picture was drawn. */
  densest?: number;
}

/** Layers that a flow moves down in a step, from 0.5 to 1. It uses other random bits than the sideways noise. */
function sinking(random: number): number {
  return 0.5 + (Math.imul(random, 0x9e3779b1) >>> 8) / 2 ** 25;
}

/**
 * Flows that move down through layers below a lattice. With the same options, the numbers are the same on any device.
 * The state is allocated from a pool block by block as the number of flows grows.
 */
export class FlowField {
  step = 0;
  readonly #options: FlowFieldOptions;
  readonly #store: FlowStore;
  readonly #drift: { x: Float32Array; y: Float32Array };
  #random: number;

  private constructor(options: FlowFieldOptions) {
    this.#options = options;
    this.#store = new FlowStore(options.pool, options.history);
    this.#drift = driftOf(options.seed);
    this.#random = randomStart(options.seed);
  }

  /** Places one flow over every column for each sample. Throws `OutOfDeviceMemory`. */
  static async create(options: FlowFieldOptions): Promise<FlowField> {
    const field = new FlowField(options);
    await field.#store.reserve(options.samples * COLUMNS);
    for (let sample = 0; sample < options.samples; sample++)
      for (let column = 0; column < COLUMNS; column++) field.#placeOver(column);
    return field;
  }

  /** Moves every flow by one step, then spawns. Throws `OutOfDeviceMemory` before any flow is spawned. */
  async advance(): Promise<FlowStep> {
    const { pool, samples, movementSpawning, cleanupEvery, visualise = false, barrier } = this.#options;
    // The movement stays allocated until the spawning has read it, as on a device.
    const movement = await pool.allocate([Math.max(1, this.active) * NUMBER_BYTES]);
    this.step++;
    const { movers, left, finished } = this.#move();
    const mayGrow = barrier?.mayGrow() ?? true;
    const { wanted, granted } = spawnCount(this.#options, {
      movers: movers.length,
      samples,
      active: this.active,
    });
    const spawned = mayGrow ? granted : 0;
    try {
      await this.#store.reserve(spawned);
    } finally {
      await pool.release(movement);
    }
    for (let index = 0; index < spawned; index++) {
      if (movementSpawning) this.#placeBeside(movers[index % movers.length] as FlowSlot);
      else this.#placeOver(this.#draw() % COLUMNS);
    }
    if (cleanupEvery > 0 && this.step % cleanupEvery === 0) await this.#store.cleanUp();
    const draws = visualise && (barrier?.allows("visualise") ?? true);
    return {
      step: this.step,
      active: this.active,
      spawned,
      refused: wanted - spawned,
      left,
      finished,
      ...(draws ? { densest: this.#densest() } : {}),
    };
  }

  get active(): number {
    return this.#store.active;
  }

  get capacity(): number {
    return this.#store.capacity;
  }

  /** The present values of a field, for every active flow. */
  values(field: number): Generator<number> {
    return this.#store.values(this.step, field);
  }

  #move(): { movers: FlowSlot[]; left: number; finished: number } {
    const { reflection, depth } = this.#options;
    const from = this.#store.row(this.step - 1, 0);
    const to = this.#store.row(this.step, 0);
    const { x: driftX, y: driftY } = this.#drift;
    const movers: FlowSlot[] = [];
    const furthest = SPAWN_MOVEMENT ** 2;
    let random = this.#random;
    let left = 0;
    let finished = 0;
    for (const [index, { values, born }] of this.#store.blocks.entries()) {
      for (let slot = 0; slot < SLOTS; slot++) {
        if (born[slot] === FREE) continue;
        const at = from + slot;
        const x = values[at + X * SLOTS] as number;
        const y = values[at + Y * SLOTS] as number;
        const column = columnOf(x, y);
        random = nextRandom(random);
        const vx =
          KEPT * (values[at + VX * SLOTS] as number) +
          (driftX[column] as number) +
          NOISE * ((random & 0xffff) / 32_768 - 1);
        const vy =
          KEPT * (values[at + VY * SLOTS] as number) +
          (driftY[column] as number) +
          NOISE * ((random >>> 16) / 32_768 - 1);
        const z = (values[at + Z * SLOTS] as number) + sinking(random);
        const inside = x + vx >= 0 && x + vx <= WIDTH && y + vy >= 0 && y + vy <= HEIGHT;
        if (z >= depth || !(inside || reflection)) {
          if (z >= depth) finished++;
          else left++;
          this.#store.remove(index * SLOTS + slot);
          continue;
        }
        const next = to + slot;
        values[next + X * SLOTS] = reflected(x + vx, WIDTH);
        values[next + Y * SLOTS] = reflected(y + vy, HEIGHT);
        values[next + Z * SLOTS] = z;
        // A reflected flow changes its direction.
        values[next + VX * SLOTS] = x + vx < 0 || x + vx > WIDTH ? -vx : vx;
        values[next + VY * SLOTS] = y + vy < 0 || y + vy > HEIGHT ? -vy : vy;
        values[next + ENERGY * SLOTS] = values[at + ENERGY * SLOTS] as number;
        if (vx * vx + vy * vy > furthest) movers.push(index * SLOTS + slot);
      }
    }
    this.#random = random;
    return { movers, left, finished };
  }

  #placeOver(column: number): void {
    const x = (column % WIDTH) + 0.5;
    const y = Math.floor(column / WIDTH) + 0.5;
    this.#store.add(this.step, [x, y, 0, 0, 0, 1]);
  }

  /** A child starts at the position of its parent, at rest, with half of its energy. */
  #placeBeside(parent: FlowSlot): void {
    const { values } = this.#store.block(parent);
    const row = this.#store.row(this.step, 0) + (parent % SLOTS);
    const energy = (values[row + ENERGY * SLOTS] as number) / 2;
    values[row + ENERGY * SLOTS] = energy;
    const [x, y, z] = [X, Y, Z].map((field) => values[row + field * SLOTS] as number) as [
      number,
      number,
      number,
    ];
    this.#store.add(this.step, [x, y, z, 0, 0, energy]);
  }

  #draw(): number {
    this.#random = nextRandom(this.#random);
    return this.#random >>> 0;
  }

  /** Draws the picture: the number of flows over each column. */
  #densest(): number {
    const counts = new Int32Array(COLUMNS);
    const [xs, ys] = [this.values(X), this.values(Y)];
    for (const x of xs) {
      const column = columnOf(x, ys.next().value as number);
      counts[column] = (counts[column] as number) + 1;
    }
    return Math.max(...counts);
  }
}

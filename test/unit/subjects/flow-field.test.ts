import { describe, expect, test } from "vitest";
import type { FlowFieldOptions, FlowStep } from "../../../experiments/subjects/flow-field.js";
import { FlowField } from "../../../experiments/subjects/flow-field.js";
import {
  blockBytes,
  ENERGY,
  FIELDS,
  flowBytes,
  FlowBlock,
  SLOTS,
  VX,
  VY,
  X,
  Y,
  Z,
} from "../../../experiments/subjects/flow-field-block.js";
import { COLUMNS, HEIGHT, reflected, WIDTH } from "../../../experiments/subjects/flow-field-lattice.js";
import { FlowStore } from "../../../experiments/subjects/flow-field-store.js";
import { spawnCount } from "../../../experiments/subjects/flow-field-spawning.js";
import { OutOfDeviceMemory } from "../../../src/device/memory-pool.js";
import { MemoryGuard } from "../../../src/guard/index.js";

/** Counts what is taken: the numbers of a field do not depend on where its memory is. */
class CountingPool {
  used = 0;
  trims = 0;
  readonly #blocks = new Map<number, number>();
  readonly #cap: number;
  #next = 0;

  constructor(cap = Infinity) {
    this.#cap = cap;
  }

  allocate(sizes: readonly number[]): Promise<number[]> {
    const requestedBytes = sizes.reduce((sum, size) => sum + size, 0);
    if (this.used + requestedBytes > this.#cap)
      return Promise.reject(
        new OutOfDeviceMemory({
          failure: "oom-device",
          reason: "full",
          requestedBytes,
          usedBytes: this.used,
          reservedBytes: this.used,
        }),
      );
    this.used += requestedBytes;
    return Promise.resolve(
      sizes.map((size) => {
        this.#blocks.set(++this.#next, size);
        return this.#next;
      }),
    );
  }

  release(handles: readonly number[]): Promise<void> {
    for (const handle of handles) {
      const size = this.#blocks.get(handle);
      if (size === undefined) throw new Error(`block ${handle} was given back twice`);
      this.#blocks.delete(handle);
      this.used -= size;
    }
    return Promise.resolve();
  }

  trim(): Promise<void> {
    this.trims++;
    return Promise.resolve();
  }
}

const HISTORY = 3;

async function fieldOf(
  changes: Partial<FlowFieldOptions> = {},
): Promise<{ field: FlowField; pool: CountingPool }> {
  const pool = new CountingPool();
  const options: FlowFieldOptions = {
    pool,
    seed: 1,
    samples: 1,
    depth: 1000,
    history: HISTORY,
    reflection: true,
    movementSpawning: false,
    maxSpawnPerStep: 0,
    maxActiveFlows: 0,
    cleanupEvery: 0,
    ...changes,
  };
  return { field: await FlowField.create(options), pool };
}

async function steps(field: FlowField, count: number): Promise<FlowStep[]> {
  const taken: FlowStep[] = [];
  for (let step = 0; step < count; step++) taken.push(await field.advance());
  return taken;
}

const all = (field: FlowField, of: number): number[] => [...field.values(of)];
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe("with reflection", () => {
  test.each([1, 2, 3, 4, 5])("no flow ever leaves the lattice, and none is lost (seed %i)", async (seed) => {
    const { field } = await fieldOf({ seed });
    for (let step = 0; step < 200; step++) {
      expect(await field.advance()).toMatchObject({ active: COLUMNS, left: 0, spawned: 0, finished: 0 });
      for (const x of field.values(X)) if (!(x >= 0 && x <= WIDTH)) expect.fail(`x = ${x}`);
      for (const y of field.values(Y)) if (!(y >= 0 && y <= HEIGHT)) expect.fail(`y = ${y}`);
    }
  });

  test("what is turned back goes on in the other direction", async () => {
    const { field } = await fieldOf();
    let turned = 0;
    for (let step = 0; step < 40; step++) {
      const before = all(field, X);
      await field.advance();
      const velocities = all(field, VX);
      for (const [index, x] of all(field, X).entries()) {
        const [from, vx] = [before[index] as number, velocities[index] as number];
        if (Math.abs(x - from - vx) < 1e-5) continue;
        // It went the other way, and over the edge.
        turned++;
        expect(from - vx < 0 || from - vx > WIDTH).toBe(true);
      }
    }
    expect(turned).toBeGreaterThan(100);
  });

  test("energy is neither made nor lost, however many flows share it", async () => {
    const { field } = await fieldOf({ movementSpawning: true, maxSpawnPerStep: 2 });
    await steps(field, 30);
    expect(field.active).toBeGreaterThan(2 * COLUMNS);
    // One for each flow of the start; halves of 32 bit numbers are exact.
    expect(sum(all(field, ENERGY))).toBe(COLUMNS);
  });
});

test("without reflection flows leave, and only the others stay inside", async () => {
  const { field } = await fieldOf({ reflection: false });
  const left = sum((await steps(field, 60)).map((step) => step.left));
  expect(left).toBeGreaterThan(COLUMNS / 10);
  expect(field.active).toBe(COLUMNS - left);
  expect(all(field, X).every((x) => x >= 0 && x <= WIDTH)).toBe(true);
});

test("a position is mirrored at both edges as often as it takes", () => {
  expect([-1, 0, 10, 11, 19, 20, 21, -12].map((position) => reflected(position, 10))).toEqual([
    1, 0, 10, 9, 1, 0, 1, 8,
  ]);
});

test("every flow is accounted for at every step, whatever the flags", async () => {
  for (const reflection of [true, false])
    for (const movementSpawning of [true, false])
      for (const cleanupEvery of [0, 5]) {
        const flags = { reflection, movementSpawning, cleanupEvery };
        const { field } = await fieldOf({ ...flags, depth: 20, maxSpawnPerStep: 2, samples: 2 });
        let expected = 2 * COLUMNS;
        for (const { active, spawned, left, finished } of await steps(field, 45)) {
          expected += spawned - left - finished;
          expect(active, JSON.stringify(flags)).toBe(expected);
        }
        expect(all(field, X)).toHaveLength(field.active);
      }
});

test("flows sink half a layer to one in a step: through 8 layers nobody comes before step 9 or after step 16", async () => {
  const { field } = await fieldOf({ depth: 8 });
  const finished = (await steps(field, 16)).map((step) => step.finished);
  expect(sum(finished.slice(0, 8))).toBe(0);
  expect(sum(finished)).toBe(COLUMNS);
  expect(field.active).toBe(0);
});

describe("spawning", () => {
  test("without movement each sample gets its flows in every step", async () => {
    const { field } = await fieldOf({ samples: 3, maxSpawnPerStep: 2 });
    for (const { spawned, refused } of await steps(field, 10)) expect([spawned, refused]).toEqual([6, 0]);
    expect(field.active).toBe(3 * COLUMNS + 60);
  });

  test.each([1, 2, 3])(
    "by movement each flow that moved further than 0.9 columns gets %i",
    async (children) => {
      const { field } = await fieldOf({ movementSpawning: true, maxSpawnPerStep: children });
      let parents = 0;
      for (let step = 0; step < 25; step++) {
        const { spawned } = await field.advance();
        // Children begin at rest, so that what moved is older.
        const vy = field.values(VY);
        const movers = all(field, VX).filter((vx) => vx ** 2 + (vy.next().value as number) ** 2 > 0.81);
        expect(spawned).toBe(children * movers.length);
        parents += movers.length;
      }
      expect(parents).toBeGreaterThan(100);
    },
  );

  test("stops at the limit on active flows, and says what it refused", async () => {
    const { field } = await fieldOf({ movementSpawning: true, maxSpawnPerStep: 2, maxActiveFlows: 1000 });
    const taken = await steps(field, 40);
    expect(Math.max(...taken.map(({ active }) => active))).toBe(1000);
    expect(taken.at(-1)).toMatchObject({ active: 1000, spawned: 0 });
    expect(taken.at(-1)?.refused).toBeGreaterThan(0);
  });

  test("a limit below what is active refuses all and takes nothing away", () => {
    const rule = { movementSpawning: false, maxSpawnPerStep: 3, maxActiveFlows: 10 };
    expect(spawnCount(rule, { movers: 9, samples: 4, active: 12 })).toEqual({ wanted: 12, granted: 0 });
    expect(spawnCount(rule, { movers: 9, samples: 4, active: 5 })).toEqual({ wanted: 12, granted: 5 });
    expect(spawnCount({ ...rule, maxActiveFlows: 0 }, { movers: 9, samples: 4, active: 12 }).granted).toBe(
      12,
    );
  });
});

test("the same seed comes to the same numbers, another to others", async () => {
  const course = async (seed: number): Promise<number[]> => {
    const { field } = await fieldOf({ seed, movementSpawning: true, maxSpawnPerStep: 1 });
    await steps(field, 20);
    return all(field, X);
  };
  const first = await course(1);
  expect(await course(1)).toEqual(first);
  expect(await course(2)).not.toEqual(first);
});

describe("memory", () => {
  test("a flow takes fields x 4 bytes x history, and its step of birth", () => {
    expect(FIELDS).toHaveLength(6);
    expect(flowBytes(64)).toBe(1536);
    expect(blockBytes(64)).toBe(1024 * 1540);
  });

  test("at rest the pool holds the blocks that the flows need and nothing else", async () => {
    const { field, pool } = await fieldOf({ samples: 3, movementSpawning: true, maxSpawnPerStep: 2 });
    for (let step = 0; step < 30; step++) {
      await field.advance();
      expect(pool.used).toBe(Math.ceil(field.active / SLOTS) * blockBytes(HISTORY));
      expect(field.capacity).toBe(Math.ceil(field.active / SLOTS) * SLOTS);
    }
  });

  test("a cleanup gives whole blocks back and changes no flow", async () => {
    const flags = { samples: 4, reflection: false };
    const { field: kept } = await fieldOf(flags);
    const { field: cleaned, pool } = await fieldOf({ ...flags, cleanupEvery: 60 });
    await steps(kept, 60);
    await steps(cleaned, 60);
    const sorted = (field: FlowField, of: number): number[] => all(field, of).sort((a, b) => a - b);
    for (const of of [X, Y, Z, VX, VY, ENERGY]) expect(sorted(cleaned, of)).toEqual(sorted(kept, of));
    const needed = Math.ceil(cleaned.active / SLOTS);
    expect(kept.capacity).toBe(3 * SLOTS);
    expect(needed).toBeLessThan(3);
    expect(pool.used).toBe(needed * blockBytes(HISTORY));
    expect(pool.trims).toBe(1);
    // They go on: every later step finds its flows where the cleanup put them.
    const { active } = await cleaned.advance();
    expect(all(cleaned, X)).toHaveLength(active);
  });

  test("a cleanup forgets the gaps of what it gives back", async () => {
    const pool = new CountingPool();
    const store = new FlowStore(pool, HISTORY);
    await store.reserve(2 * SLOTS);
    for (let flow = 0; flow < 2 * SLOTS; flow++) store.add(0, [flow, 0, 0, 0, 0, 0]);
    // As many gaps as a block has slots, one of them the first of the last block.
    for (let place = 0; place < SLOTS - 1; place++) store.remove(place);
    store.remove(SLOTS);
    await store.cleanUp();
    expect([store.active, store.capacity, pool.used]).toEqual([SLOTS, SLOTS, blockBytes(HISTORY)]);
    // The last block is filled first: its flows are 0 to 1023, of which the first left; of the other 2047 stayed.
    const left = [...Array.from({ length: SLOTS - 1 }, (_, index) => index + 1), 2 * SLOTS - 1];
    expect([...store.values(0, X)].sort((a, b) => a - b)).toEqual(left);
    await store.reserve(1);
    store.add(0, [7, 0, 0, 0, 0, 0]);
    expect(store.capacity).toBe(2 * SLOTS);
  });

  test("a flow is moved with its whole history and its birth", () => {
    const [from, to] = [new FlowBlock(1, HISTORY), new FlowBlock(2, HISTORY)];
    from.values.forEach((_, index) => (from.values[index] = index));
    from.born[7] = 5;
    to.copyFrom(from, 7, 9);
    const rows = FIELDS.length * HISTORY;
    for (let row = 0; row < rows; row++) expect(to.values[row * SLOTS + 9]).toBe(row * SLOTS + 7);
    expect(to.born[9]).toBe(5);
    expect(to.values.filter((value) => value !== 0)).toHaveLength(rows);
  });

  test("a pool that is full refuses the growth, and keeps what was there", async () => {
    const pool = new CountingPool(2 * blockBytes(HISTORY));
    const { field } = await fieldOf({ pool, movementSpawning: true, maxSpawnPerStep: 2 });
    await expect(steps(field, 100)).rejects.toThrow(OutOfDeviceMemory);
    expect(pool.used).toBe((field.capacity / SLOTS) * blockBytes(HISTORY));
    expect(field.active).toBeLessThanOrEqual(field.capacity);
  });
});

test("a barrier holds growth back for the step and leaves the picture out", async () => {
  const flags = { maxSpawnPerStep: 4, visualise: true };
  const open = await fieldOf(flags);
  expect((await open.field.advance()).densest).toBeGreaterThan(0);
  const barrier = { mayGrow: () => false, allows: (branch: string) => branch !== "visualise" };
  const held = await (await fieldOf({ ...flags, barrier })).field.advance();
  expect(held).toMatchObject({ spawned: 0, refused: 4, active: COLUMNS });
  expect(held).not.toHaveProperty("densest");
});

test("a guard over the flows lets them grow to its threshold and no further", async () => {
  const guard = new MemoryGuard({
    rules: [
      { when: "activeFlows > 900", action: "block" },
      { when: "activeFlows > 800", action: { skip: "visualise" } },
    ],
    numbers: { activeFlows: null },
  });
  const { field } = await fieldOf({ maxSpawnPerStep: 10, visualise: true, barrier: guard });
  const taken: FlowStep[] = [];
  for (let step = 0; step < 30; step++) {
    guard.set("activeFlows", field.active);
    guard.step();
    taken.push(await field.advance());
  }
  // 768 and 10 more in each step: 908 is the first above 900.
  expect(field.active).toBe(908);
  expect(taken.filter(({ densest }) => densest !== undefined)).toHaveLength(4);
  expect(taken.at(-1)).toMatchObject({ spawned: 0, refused: 10 });
});

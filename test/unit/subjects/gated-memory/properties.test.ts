import { describe, expect, test } from "vitest";
import type { Decision } from "../../../../experiments/subjects/gated-memory/decision.js";
import { GatedMemory } from "../../../../experiments/subjects/gated-memory/gated-memory.js";
import { Random } from "../../../../experiments/subjects/gated-memory/random.js";
import type { GatedMemorySettings } from "../../../../experiments/subjects/gated-memory/settings.js";
import type { StreamSettings } from "../../../../experiments/subjects/gated-memory/stream.js";
import { events } from "../../../../experiments/subjects/gated-memory/stream.js";

const STEPS = 600;

/** Settings of which each meets its limits, drawn by a seed. */
function drawn(seed: number): { memory: Partial<GatedMemorySettings>; stream: Partial<StreamSettings> } {
  const random = new Random(seed);
  const among = <T>(...values: readonly T[]): T => values[Math.floor(random.uniform() * values.length)] as T;
  const within = among(0.7, 0.85, 0.97);
  return {
    memory: {
      dimension: among(4, 8, 24),
      warmupSteps: among(0, 50),
      maxItems: among(5, 20, 32_000),
      shadowBankCap: among(0, 7, 300),
      nearMergeThr: among(0.1, 0.6, 0.84, Infinity),
      mergeNeighbours: among(1, 3, 6),
      fewNeighbours: among("nearest", "mean", "open"),
      stageMidLow: among(0.4, 0.73, Infinity),
      writePer100: among(0, 1, 6),
      keyBlend: among(0, 0.2),
      decayEvery: among(40, 500),
      decayFactor: among(0.5, 0.9),
      shadowMaxAge: among(60, 1000),
    },
    stream: { clusters: among(0, 3, 12), within, shared: among(0, 0.3), drift: among(0, 0.1) },
  };
}

/** What a run did, with the clock of each decision beside it: a promotion's row has an older step. */
function played(seed: number): { memory: GatedMemory; rows: { clock: number; decision: Decision }[] } {
  const { memory: settings, stream } = drawn(seed);
  const rows: { clock: number; decision: Decision }[] = [];
  let clock = 0;
  const random = new Random(seed + 1);
  const memory = new GatedMemory(settings, (decision) => rows.push({ clock, decision }));
  for (const event of events({ dimension: memory.settings.dimension, ...stream, seed })) {
    if (event.step >= STEPS) break;
    clock = event.step;
    memory.write(event, () => random.uniform() < 0.9);
    expect(memory.size).toBeLessThanOrEqual(memory.settings.maxItems);
    expect(memory.shadowSize).toBeLessThanOrEqual(memory.settings.shadowBankCap);
  }
  return { memory, rows };
}

const GROWTH: Readonly<Record<string, number>> = { commit: 1, promote: 1, rollback: -1 };

describe.each(Array.from({ length: 24 }, (_, seed) => seed))("stream and settings of seed %i", (seed) => {
  const { memory, rows } = played(seed);
  const { writePer100, writePerTurn, dupSkipThr, nearMergeThr, stageMidLow, maxItems } = memory.settings;

  test("mem_size of each row follows from the row before and its action", () => {
    let size = 0;
    for (const { decision } of rows) {
      const { action, reason, memSize } = decision;
      size += GROWTH[action] ?? (reason === "idle" || reason === "max_items" ? -1 : 0);
      // A rollback puts back what made room for the commit.
      if (action === "rollback" && memSize === size + 1) size++;
      expect(memSize, JSON.stringify(decision)).toBe(size);
      expect(size).toBeLessThanOrEqual(maxItems);
    }
    expect(memory.size).toBe(size);
  });

  test("no 100 steps have more writes than allowed, and no turn more commits", () => {
    const writes: number[] = [];
    const perTurn = new Map<number, number>();
    for (const { clock, decision } of rows) {
      // Promotions are made at the multiple of 50 before the event that brought them about.
      if (decision.action === "promote") writes.push(Math.floor(clock / 50) * 50);
      if (decision.action === "commit") {
        writes.push(clock);
        perTurn.set(clock, (perTurn.get(clock) ?? 0) + 1);
      }
      if (decision.action === "rollback") {
        writes.pop();
        perTurn.set(clock, (perTurn.get(clock) ?? 0) - 1);
      }
    }
    for (const last of writes)
      expect(writes.filter((step) => step > last - 100 && step <= last).length).toBeLessThanOrEqual(
        writePer100,
      );
    expect(Math.max(0, ...perTurn.values())).toBeLessThanOrEqual(writePerTurn);
  });

  test("nothing is written that the gates before would have held", () => {
    for (const { decision } of rows) {
      const { action, simMax = -1, kSim = -1 } = decision;
      if (action !== "commit" && action !== "promote") continue;
      expect(simMax).toBeLessThan(dupSkipThr);
      if (kSim !== -1) expect(kSim).toBeLessThan(nearMergeThr);
      if (action === "commit") expect(simMax).toBeLessThan(stageMidLow);
    }
  });

  test("all keys and values have length 1, and strengths are those of decays", () => {
    for (const [index, { value, strength }] of memory.items.entries()) {
      expect(Math.hypot(...value)).toBeCloseTo(1, 5);
      expect(Math.hypot(...memory.key(index))).toBeCloseTo(1, 5);
      expect(strength).toBeLessThanOrEqual(1);
      expect(strength).toBeGreaterThanOrEqual(memory.settings.decayFloor);
    }
  });

  test("the same seed decides the same", () => {
    expect(played(seed).rows).toEqual(rows);
  });
});

test("the drawn runs meet every gate", () => {
  const seen = new Set(
    Array.from({ length: 24 }, (_, seed) => played(seed).rows)
      .flat()
      .map(({ decision }) => `${decision.action} ${decision.reason}`),
  );
  for (const row of [
    "defer warmup",
    "defer entropy_floor",
    "defer rate_limited",
    "skip dup_skip",
    "merge near_merge",
    "merge near_merge_k3",
    "merge near_merge_k6",
    "stage staged",
    "commit add",
    "rollback bench_fail",
    "promote shadow_promote",
    "decay idle",
    "decay max_items",
    "decay shadow_expired",
  ])
    expect(seen).toContain(row);
});

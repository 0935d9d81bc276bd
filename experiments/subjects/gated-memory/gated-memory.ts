import type { Action, Decision, WriteEvent } from "./decision.js";
import { MemoryItem } from "./item.js";
import { RateLimiter } from "./rate-limiter.js";
import type { GatedMemorySettings } from "./settings.js";
import { settingsOf } from "./settings.js";
import type { StagedItem } from "./shadow-bank.js";
import { ShadowBank } from "./shadow-bank.js";
import type { Sight } from "./sight.js";
import { look } from "./sight.js";
import { SurpriseScale } from "./surprise-scale.js";
import { blend, toUnitLength } from "./vector.js";
import { VectorBlock } from "./vector-block.js";

type Details = Omit<Decision, "step" | "action" | "reason" | "shadowSize" | "memSize">;

/**
 * An episodic memory that is asked at every event and seldom writes.
 *
 * The gates in their order; the first that holds decides, and the row of the log names it:
 *
 * | gate             | holds when                                                 | row                                  |
 * | ---------------- | ---------------------------------------------------------- | ------------------------------------ |
 * | warm-up          | step < warmupSteps                                         | defer, warmup                        |
 * | entropy floor    | entropy < entropyFloor                                     | defer, entropy_floor                 |
 * | duplicate        | similarity to the nearest >= dupSkipThr                    | skip, dup_skip                       |
 * | near merge       | mean similarity to the nearest k >= nearMergeThr           | merge, near_merge (k = 1) or _k3     |
 * | staging          | similarity to the nearest >= stageMidLow                   | stage, staged                        |
 * | rate limits      | the step or the last 100 steps have their writes           | defer, rate_limited; stage, staged   |
 * | none             |                                                            | commit, add                          |
 *
 * A commit whose check fails is taken back: rollback, bench_fail. Every `promoteEvery` steps staged items go
 * through the duplicate and near-merge gates once more, best score first, as long as the 100 steps have writes left:
 * promote, shadow_promote (or skip, or merge). Every `decayEvery` steps items lose strength and the weak are dropped:
 * decay, idle. A full memory drops its weakest: decay, max_items. Staged items that were too old: decay, shadow_expired.
 *
 * In a memory of fewer than k items the nearest alone decides a merge (`fewNeighbours`). A promotion's row has the step
 * of the staging, as real logs have it; all others have the step they are made at.
 */
export class GatedMemory {
  readonly settings: Readonly<GatedMemorySettings>;
  readonly #items: MemoryItem[] = [];
  readonly #keys: VectorBlock;
  readonly #shadow: ShadowBank;
  readonly #limiter: RateLimiter;
  readonly #surprises = new SurpriseScale();
  readonly #sink: (decision: Decision) => void;
  readonly #direction: Float32Array;
  readonly #mergeReason: string;
  #made = 0;
  /** The last step for which decay and promotion are done. */
  #step = 0;

  /**
   * @param changes settings that differ from the defaults
   * @param sink called with every decision, in order
   */
  constructor(
    changes: Partial<GatedMemorySettings> = {},
    sink: (decision: Decision) => void = () => undefined,
  ) {
    this.settings = settingsOf(changes);
    const { dimension, topk, mergeNeighbours, shadowBankCap, writePerTurn, writePer100 } = this.settings;
    this.#keys = new VectorBlock(dimension, Math.max(topk, mergeNeighbours));
    this.#shadow = new ShadowBank(shadowBankCap);
    this.#limiter = new RateLimiter(writePerTurn, writePer100);
    this.#direction = new Float32Array(dimension);
    this.#mergeReason = mergeNeighbours === 1 ? "near_merge" : `near_merge_k${mergeNeighbours}`;
    this.#sink = sink;
  }

  get items(): readonly MemoryItem[] {
    return this.#items;
  }

  get size(): number {
    return this.#items.length;
  }

  get shadowSize(): number {
    return this.#shadow.size;
  }

  /** Rows of the key block, with spare ones. */
  get capacity(): number {
    return this.#keys.capacity;
  }

  /** The key of an item, which new events are compared with. It is a view, not a copy. */
  key(index: number): Float32Array {
    return this.#keys.row(index);
  }

  staged(): readonly StagedItem[] {
    return this.#shadow.list();
  }

  /**
   * Decides on one event.
   *
   * @param check called with an item that was just committed; false undoes the commit
   * @returns the decision on the event
   */
  write(event: WriteEvent, check: (item: MemoryItem) => boolean = () => true): Decision {
    const { step, entropy, entropyRaw } = event;
    if (!(step >= this.#step))
      throw new RangeError(`steps must not go back: the memory is at ${this.#step}, the event at ${step}`);
    if (!(entropy >= 0 && entropy <= 1)) throw new RangeError(`entropy must be from 0 to 1, not ${entropy}`);
    this.#upkeep(step);
    const { warmupSteps, entropyFloor, stageMidLow } = this.settings;
    if (step < warmupSteps) return this.#tell(step, "defer", "warmup", {});
    const details = { entropy, ...(entropyRaw === undefined ? {} : { entropyRaw }) };
    if (entropy < entropyFloor) return this.#tell(step, "defer", "entropy_floor", details);

    const embedding = this.#direction;
    toUnitLength(event.embedding, embedding);
    const sight = look(this.#keys, embedding, this.settings);
    const seen = { ...details, ...this.#seen(sight, true) };
    const repeated = this.#repeatOrMerge(step, embedding, sight, seen);
    if (repeated !== undefined) return repeated;

    const staged = (score: number): Decision => {
      this.#shadow.add({ step, embedding: embedding.slice(), entropy, entropyRaw, score });
      return this.#tell(step, "stage", "staged", { ...seen, score });
    };
    if (sight.simMax >= stageMidLow) return staged(sight.surprise ?? 1);
    if (!this.#limiter.allowsTurn(step)) {
      const decision = this.#tell(step, "defer", "rate_limited", seen);
      staged(0);
      return decision;
    }
    return this.#commit(step, embedding, entropy, seen, check);
  }

  /** Drops all items and releases the memory of their keys. Staged items stay. */
  clear(): void {
    this.#items.length = 0;
    this.#keys.clear();
  }

  /** The two gates that apply to commits and to promotions. */
  #repeatOrMerge(
    step: number,
    embedding: Float32Array,
    sight: Sight,
    details: Details,
  ): Decision | undefined {
    const { dupSkipThr, nearMergeThr, valueBlend, keyBlend } = this.settings;
    const item = this.#items[sight.nearest];
    if (item === undefined) return undefined;
    if (sight.simMax >= dupSkipThr) {
      item.strength = 1;
      return this.#tell(step, "skip", "dup_skip", details);
    }
    if (sight.kSim === undefined || sight.kSim < nearMergeThr) return undefined;
    item.merge(embedding, valueBlend);
    if (keyBlend > 0) blend(this.#keys.row(sight.nearest), embedding, keyBlend);
    return this.#tell(step, "merge", this.#mergeReason, details);
  }

  #commit(
    step: number,
    embedding: Float32Array,
    entropy: number,
    details: Details,
    check: (item: MemoryItem) => boolean,
  ): Decision {
    const dropped = this.#makeRoom(step);
    const item = this.#append(step, embedding, entropy);
    this.#limiter.countTurn(step);
    const decision = this.#tell(step, "commit", "add", details);
    if (check(item)) return decision;
    this.#remove(this.size - 1);
    this.#made--;
    this.#limiter.takeBack();
    if (dropped !== undefined) this.#insert(dropped.index, dropped.item, dropped.key);
    return this.#tell(step, "rollback", "bench_fail", details);
  }

  /** Decays and promotions that are due, in the order of their steps. At the same step, decay comes first. */
  #upkeep(step: number): void {
    const { decayEvery, promoteEvery } = this.settings;
    const after = (period: number): number => (Math.floor(this.#step / period) + 1) * period;
    let next = Math.min(after(decayEvery), after(promoteEvery));
    while (next <= step) {
      if (after(decayEvery) === next) this.#decay(next);
      if (after(promoteEvery) === next) this.#promote(next);
      this.#step = next;
      next = Math.min(after(decayEvery), after(promoteEvery));
    }
    this.#step = step;
  }

  #decay(step: number): void {
    const { decayFactor, decayFloor, shadowMaxAge } = this.settings;
    for (let index = this.size - 1; index >= 0; index--) {
      const item = this.#items[index] as MemoryItem;
      item.strength *= decayFactor;
      if (item.strength >= decayFloor) continue;
      this.#remove(index);
      this.#tell(step, "decay", "idle", { usedKey: index });
    }
    if (this.#shadow.expire(step - shadowMaxAge) > 0) this.#tell(step, "decay", "shadow_expired", {});
  }

  #promote(step: number): void {
    for (let looked = 0; looked < this.settings.promoteBatch; looked++) {
      if (!this.#limiter.allowsPromotion(step)) return;
      const staged = this.#shadow.takeBest();
      if (staged === undefined) return;
      const { embedding, entropy, entropyRaw, score } = staged;
      const sight = look(this.#keys, embedding, this.settings);
      const details = {
        entropy,
        ...(entropyRaw === undefined ? {} : { entropyRaw }),
        ...this.#seen(sight, false),
        score,
      };
      if (this.#repeatOrMerge(step, embedding, sight, details) !== undefined) continue;
      this.#makeRoom(step);
      this.#append(staged.step, embedding, entropy);
      this.#limiter.countPromotion(step);
      this.#tell(staged.step, "promote", "shadow_promote", details);
    }
  }

  /**
   * If the memory is full, drops the weakest item; of equally weak ones, the oldest. Returns what a rollback
   * restores.
   */
  #makeRoom(step: number): { index: number; item: MemoryItem; key: Float32Array } | undefined {
    if (this.size < this.settings.maxItems) return undefined;
    let index = 0;
    for (let at = 1; at < this.size; at++)
      if ((this.#items[at] as MemoryItem).strength < (this.#items[index] as MemoryItem).strength) index = at;
    const dropped = { index, item: this.#items[index] as MemoryItem, key: this.#keys.row(index).slice() };
    this.#remove(index);
    this.#tell(step, "decay", "max_items", { usedKey: index });
    return dropped;
  }

  #append(step: number, embedding: Float32Array, entropy: number): MemoryItem {
    const item = new MemoryItem(this.#made++, step, embedding, entropy);
    this.#insert(this.size, item, embedding);
    return item;
  }

  #insert(index: number, item: MemoryItem, key: Float32Array): void {
    this.#items.splice(index, 0, item);
    this.#keys.insert(index, key);
  }

  #remove(index: number): void {
    this.#items.splice(index, 1);
    this.#keys.remove(index);
  }

  /** The similarities of a decision. Only surprises of new events enter the surprise scale. */
  #seen({ simMax, kSim, nearest, surprise }: Sight, isNew: boolean): Details {
    const seen: Details = { simMax };
    if (kSim !== undefined) seen.kSim = kSim;
    if (nearest >= 0) seen.usedKey = nearest;
    if (surprise === undefined) return seen;
    seen.surprise = surprise;
    const normalised = isNew ? this.#surprises.normalised(surprise) : undefined;
    if (normalised !== undefined) seen.surpNorm = normalised;
    return seen;
  }

  #tell(step: number, action: Action, reason: string, details: Details): Decision {
    const decision: Decision = {
      step,
      action,
      reason,
      ...details,
      shadowSize: this.#shadow.size,
      memSize: this.size,
    };
    this.#sink(decision);
    return decision;
  }
}

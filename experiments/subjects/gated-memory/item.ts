import { blend } from "./vector.js";

/** What the memory keeps of one event or of several that were merged. Its key lies in the memory's vector block. */
export class MemoryItem {
  /** Numbers the items in the order of their making; stays when others are dropped. */
  readonly id: number;
  /** Step of the event that made it. */
  readonly step: number;
  /** What it recalls: the first embedding, blended with those merged into it. Length 1. */
  readonly value: Float32Array;
  entropy: number;
  merges = 0;
  /** 1 when it was last used, less at each decay. */
  strength = 1;

  constructor(id: number, step: number, value: Float32Array, entropy: number) {
    this.id = id;
    this.step = step;
    this.value = value.slice();
    this.entropy = entropy;
  }

  /** Takes `share` of the embedding into the value. */
  merge(embedding: Float32Array, share: number): void {
    blend(this.value, embedding, share);
    this.merges++;
    this.strength = 1;
  }
}

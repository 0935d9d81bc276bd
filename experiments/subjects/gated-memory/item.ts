import { blend } from "./vector.js";

/** An item: one event, or several merged ones. Its key is in the memory's vector block. */
export class MemoryItem {
  /** Number in order of creation. It never changes. */
  readonly id: number;
  /** Step of the event that created it. */
  readonly step: number;
  /** What it recalls: the first embedding, blended with merged ones. Length 1. */
  readonly value: Float32Array;
  entropy: number;
  merges = 0;
  /** 1 after each use; lower after each decay. */
  strength = 1;

  constructor(id: number, step: number, value: Float32Array, entropy: number) {
    this.id = id;
    this.step = step;
    this.value = value.slice();
    this.entropy = entropy;
  }

  merge(embedding: Float32Array, share: number): void {
    blend(this.value, embedding, share);
    this.merges++;
    this.strength = 1;
  }
}

export interface CacheShape {
  layers: number;
  kvHeads: number;
  headDim: number;
  bytesPerNumber: number;
  tokens: number;
}

/** From the published configuration of Qwen2.5-3B. */
export const QWEN_2_5_3B: CacheShape = {
  layers: 36,
  kvHeads: 2,
  headDim: 128,
  bytesPerNumber: 2,
  tokens: 1000,
};

/** Bytes of the keys, or of the values, of one layer. */
export function tensorBytes({ kvHeads, headDim, bytesPerNumber }: CacheShape, tokens: number): number {
  return kvHeads * headDim * bytesPerNumber * tokens;
}

/** Bytes of a whole cache: 2 x layers x kvHeads x headDim x bytes x tokens. */
export function cacheBytes(shape: CacheShape, tokens = shape.tokens): number {
  return 2 * shape.layers * tensorBytes(shape, tokens);
}

import type { AttentionShape } from "bytesper/device";

const HEADS = 16;
const HEAD_DIM = 128;

/** One layer with 16 heads of dimension 128, like Qwen2.5-3B without grouped keys. */
export function shapeOf(tokens: number): AttentionShape {
  return { heads: HEADS, tokens, headDim: HEAD_DIM };
}

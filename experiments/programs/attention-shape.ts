import type { AttentionShape } from "bytesper/device";

const HEADS = 16;
const HEAD_DIM = 128;

/** One layer of a model of 16 heads of dimension 128, such as Qwen2.5-3B without its grouped keys. */
export function shapeOf(tokens: number): AttentionShape {
  return { heads: HEADS, tokens, headDim: HEAD_DIM };
}

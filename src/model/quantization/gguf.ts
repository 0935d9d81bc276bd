import type { Tensor, WeightScheme } from "../shape.js";
import { elementsOf } from "../shape.js";
import { partOf } from "./parts.js";

/**
 * Bytes of a block and numbers in it, by the name of the type in a GGUF file (ggml/src/ggml-common.h of
 * llama.cpp).
 */
export const GGUF_BLOCKS: Record<string, readonly [bytes: number, numbers: number]> = {
  F32: [4, 1],
  F16: [2, 1],
  BF16: [2, 1],
  F64: [8, 1],
  I8: [1, 1],
  I16: [2, 1],
  I32: [4, 1],
  I64: [8, 1],
  Q4_0: [18, 32],
  Q4_1: [20, 32],
  Q5_0: [22, 32],
  Q5_1: [24, 32],
  Q8_0: [34, 32],
  Q8_1: [36, 32],
  Q2_K: [84, 256],
  Q3_K: [110, 256],
  Q4_K: [144, 256],
  Q5_K: [176, 256],
  Q6_K: [210, 256],
  Q8_K: [292, 256],
  IQ2_XXS: [66, 256],
  IQ2_XS: [74, 256],
  IQ2_S: [82, 256],
  IQ3_XXS: [98, 256],
  IQ3_S: [110, 256],
  IQ1_S: [50, 256],
  IQ1_M: [56, 256],
  IQ4_NL: [18, 32],
  IQ4_XS: [136, 256],
  TQ1_0: [54, 256],
  TQ2_0: [66, 256],
  MXFP4: [17, 32],
};

interface Kind {
  /** Type of most matrices. */
  base: string;
  /** Type of the values of attention and of the matrix that leaves a feed-forward block, in some layers. */
  more?: string;
  /** In which of the layers: a half (the first and last eighth, every third between), or all. */
  where?: "half" | "all";
  head: string;
}

/**
 * Which type llama.cpp gives to which tensor (llama_tensor_get_type in src/llama-quant.cpp), for files without an
 * importance matrix. Rules for single architectures are left out, so a file may differ by some percent.
 */
const KINDS: Record<string, Kind> = {
  q8_0: { base: "Q8_0", head: "Q8_0" },
  q4_0: { base: "Q4_0", head: "Q6_K" },
  q4_1: { base: "Q4_1", head: "Q6_K" },
  q5_0: { base: "Q5_0", head: "Q6_K" },
  q5_1: { base: "Q5_1", head: "Q6_K" },
  q2_k: { base: "Q2_K", more: "Q3_K", where: "all", head: "Q6_K" },
  q3_k_s: { base: "Q3_K", head: "Q6_K" },
  q3_k_m: { base: "Q3_K", more: "Q4_K", where: "all", head: "Q6_K" },
  q3_k_l: { base: "Q3_K", more: "Q5_K", where: "all", head: "Q6_K" },
  q4_k_s: { base: "Q4_K", head: "Q6_K" },
  q4_k_m: { base: "Q4_K", more: "Q6_K", where: "half", head: "Q6_K" },
  q5_k_s: { base: "Q5_K", head: "Q6_K" },
  q5_k_m: { base: "Q5_K", more: "Q6_K", where: "half", head: "Q6_K" },
  q6_k: { base: "Q6_K", head: "Q6_K" },
  iq4_nl: { base: "IQ4_NL", head: "Q6_K" },
  iq4_xs: { base: "IQ4_XS", head: "Q6_K" },
};

export const GGUF_KINDS: readonly string[] = Object.keys(KINDS);

/** The weights of a GGUF file of this kind. */
export function ggufScheme(kind: string, layers: number, tied: boolean): WeightScheme | undefined {
  const own = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  if (own === undefined) return undefined;
  const { base, more, where, head } = own;
  const share = more === undefined ? 0 : where === "half" ? moreBits(layers) / layers : 1;
  return {
    name: kind,
    formula: `${bitsOf(base)} bit a number in most matrices${more === undefined ? "" : `, ${bitsOf(more)} in some`}`,
    bytesOf: (tensor) => {
      const part = partOf(tensor);
      if (part === "other" || part === "router") return elementsOf(tensor) * 4;
      if (part === "tower") return elementsOf(tensor) * 2;
      // A shared embedding is stored as the head is.
      if (part === "head" || (tied && part === "embedding")) return Math.ceil(blockBytes(tensor, head));
      const moved = /v_proj|down_proj|kv_b_proj/.test(tensor.name) ? share : 0;
      return Math.ceil(moved * blockBytes(tensor, more ?? base) + (1 - moved) * blockBytes(tensor, base));
    },
  };
}

/** Layers with more bits: the first and the last eighth, and every third between them. */
function moreBits(layers: number): number {
  const eighth = Math.floor(layers / 8);
  let count = 0;
  for (let layer = 0; layer < layers; layer++) {
    if (layer < eighth || layer >= Math.floor((7 * layers) / 8) || (layer - eighth) % 3 === 2) count++;
  }
  return count;
}

function blockBytes(tensor: Tensor, type: string): number {
  const [bytes, numbers] = GGUF_BLOCKS[type] ?? [2, 1];
  const columns = tensor.shape.at(-1) ?? 1;
  // llama.cpp stores a row that is no multiple of 256 in a type with blocks of 32.
  if (numbers === 256 && columns % 256 !== 0)
    return (elementsOf(tensor) * 34) / 32 / (bytes / numbers > 0.7 ? 1 : 1.5);
  return (elementsOf(tensor) * bytes) / numbers;
}

function bitsOf(type: string): number {
  const [bytes, numbers] = GGUF_BLOCKS[type] ?? [2, 1];
  return (8 * bytes) / numbers;
}

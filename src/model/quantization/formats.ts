import type { Storage } from "./storage.js";

/** A scale of 16 bits and a zero point of the numbers' own width for each group (AutoGPTQ, AutoAWQ). */
export function withZeros(bits: number, group: number | undefined): Storage {
  const groupBytes = 2 + bits / 8;
  return group === undefined ? { bits, rowBytes: groupBytes } : { bits, group, groupBytes };
}

/** Blocks of 32 numbers of 4 bits with one exponent of 8 bits (OCP Microscaling Formats 1.0, 5.1). */
export const MXFP4: Storage = { bits: 4, group: 32, groupBytes: 1 };

/** Blocks of 16 numbers of 4 bits with one scale in fp8 (NVIDIA TensorRT Model Optimizer). */
export const NVFP4: Storage = { bits: 4, group: 16, groupBytes: 1 };

/** Blocks of 64 numbers of 4 bits with a scale in fp32 (bitsandbytes). */
export const NF4: Storage = { bits: 4, group: 64, groupBytes: 4 };

/**
 * The scales are quantised again: 8 bits each, and one number in fp32 for 256 of them (QLoRA, arXiv:2305.14314,
 * section 3).
 */
export const NF4_DOUBLE: Storage = { bits: 4, group: 64, groupBytes: 1 + 4 / 256 };

/** One scale in fp32 for each row (LLM.int8(), arXiv:2208.07339). */
export const INT8_ROWS: Storage = { bits: 8, rowBytes: 4 };

/** One scale for each row. */
export const FP8_ROWS: Storage = { bits: 8, rowBytes: 4 };

/** One scale in fp32 for each block of 128 x 128 numbers (DeepSeek-V3, arXiv:2412.19437, section 3.3). */
export function fp8Blocks(rows: number, columns: number): Storage {
  return { bits: 8, group: columns, groupBytes: 4 / rows };
}

/** A scale and an offset of 16 bits for each group (MLX's affine mode). */
export function affine(bits: number, group: number): Storage {
  return { bits, group, groupBytes: 4 };
}

import type { Tensor } from "../shape.js";

/** A tensor as a checkpoint holds it. */
export interface StoredTensor {
  name: string;
  /** Type as the file spells it, such as `BF16` or `Q4_K`. */
  type: string;
  shape: readonly number[];
  bytes: number;
}

/** What the headers of a checkpoint say. */
export interface StoredWeights {
  tensors: StoredTensor[];
  bytes: number;
  /** Where it was read, for formulas and notes. */
  source: string;
}

/** Scales, zero points and orders of columns beside the quantised numbers, and buffers that are no weights. */
const BESIDE =
  /\.(qzeros|scales|biases|g_idx|weight_scale(_inv|_2)?|weight_zero_point|weight_shape|weight_global_scale|input_scale|input_global_scale|k_scale|v_scale|SCB|weight_format|absmax|quant_map|nested_absmax|nested_quant_map|inv_freq|masked_bias)$|_scales$|\.quant_state\.|\.weight\.(absmax|quant_map|nested)/;

/**
 * Number of parameters that the tensors stand for: packed integers hold several. Undefined if how many is not known.
 */
export function parametersOf(tensors: readonly StoredTensor[], bits: number | undefined): number | undefined {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  let sum = 0;
  for (const tensor of tensors) {
    const { name, type } = tensor;
    const elements = elementCount(tensor.shape);
    const module = name.replace(/\.[^.]*$/, "");
    const isAffine = byName.has(`${module}.scales`);
    // MLX keeps a table of offsets with the name of a bias.
    if (BESIDE.test(name) && !(name.endsWith(".biases") && !isAffine)) continue;
    const packed = packedNumbers(tensor, byName, bits);
    if (packed === undefined && /^[IU](32|64)$/.test(type)) return undefined;
    sum += elements * (packed ?? 1);
  }
  return sum;
}

/** How many numbers one stored integer holds; undefined if it is no packed tensor, or of unknown width. */
function packedNumbers(
  { name, type }: StoredTensor,
  byName: ReadonlyMap<string, StoredTensor>,
  bits: number | undefined,
): number | undefined {
  const module = name.replace(/\.[^.]*$/, "");
  if (/^[IU]32$/.test(type)) {
    const isPacked = /\.(qweight|weight_packed)$/.test(name) || byName.has(`${module}.scales`);
    return isPacked && bits !== undefined ? 32 / bits : undefined;
  }
  if (type !== "U8") return undefined;
  const isHalf =
    name.endsWith("_blocks") ||
    name.endsWith(".weight_packed") ||
    byName.has(`${name}.absmax`) ||
    byName.get(`${module}.weight_scale`)?.type === "F8_E4M3";
  return isHalf ? 2 : undefined;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** Where the data of a tensor lies in its file. */
export interface Span {
  name: string;
  begin: number;
  end: number;
}

/** What is wrong if two tensors claim the same bytes, which no writer does; undefined if none do. */
export function overlapOf(spans: readonly Span[]): string | undefined {
  const sorted = spans.filter(({ begin, end }) => end > begin).sort((a, b) => a.begin - b.begin);
  for (const [at, { name, begin }] of sorted.entries()) {
    const before = sorted[at - 1];
    if (before !== undefined && begin < before.end)
      return `the tensor ${JSON.stringify(name.slice(0, 80))} begins at ${begin}, inside ${JSON.stringify(before.name.slice(0, 80))}, which ends at ${before.end}`;
  }
  return undefined;
}

/** The tensors in the form of a shape, so that a breakdown can name them. */
export function shapeTensors(tensors: readonly StoredTensor[]): Tensor[] {
  const merged = new Map<string, Tensor>();
  for (const { name, shape } of tensors) {
    const plain = name.replace(/\.\d+(?=\.)/g, ".*");
    const key = `${plain} ${shape.join(" ")}`;
    const known = merged.get(key);
    if (known === undefined) merged.set(key, { name: plain, shape, copies: 1 });
    else known.copies++;
  }
  return [...merged.values()];
}

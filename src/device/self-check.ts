import { BytesperError } from "../base/errors.js";
import type { MemoryPool } from "./memory-pool.js";
import type { AttentionKernel, AttentionShape, Dtype, TensorData } from "./attention.js";
import { DTYPES, randomAttention } from "./attention.js";

/** Largest relative error of the norm against float64, for each type of number. */
export const ERROR_LIMITS: Record<Dtype, number> = { fp32: 1e-5, fp16: 3e-3, bf16: 1e-2 };

/** Small sizes that are no multiples of the tiles, with shared key/value heads. */
const SHAPES: CheckedShape[] = [
  { heads: 4, kvHeads: 2, tokens: 67, headDim: 64 },
  { heads: 2, kvHeads: 2, tokens: 131, headDim: 128 },
];
const SEED = 20_250_101;

/** Sizes near those of tiles and blocks, for a check that may take longer. */
export const MANY_SHAPES: CheckedShape[] = [16, 64, 80, 128].flatMap((headDim) =>
  [1, 15, 16, 17, 63, 64, 65, 127, 128, 129, 257, 513, 1000].map((tokens) => ({
    batch: 2,
    heads: 2,
    kvHeads: 1,
    tokens,
    headDim,
  })),
);

const KERNELS = ["naive", "eager", "flash"] as const;

export type CheckedShape = Required<Omit<AttentionShape, "batch">> & Pick<AttentionShape, "batch">;

/** The error of one kernel against the float64 reference on this device. */
export interface Checked {
  kernel: AttentionKernel;
  dtype: Dtype;
  causal: boolean;
  tokens: number;
  headDim: number;
  /** Norm of the difference divided by the norm of the reference. */
  error: number;
}

/**
 * Compares kernels with the float64 reference on a small input. Returns the combinations whose error is above
 * `ERROR_LIMITS`; an empty list means that the code may be trusted with larger inputs.
 */
export async function selfCheck(
  pool: MemoryPool,
  instructionSet: string,
  kernels: readonly AttentionKernel[] = KERNELS,
  dtypes: readonly Dtype[] = DTYPES,
): Promise<Checked[]> {
  const checked = await compareWithReference(pool, { instructionSet, kernels, dtypes, shapes: SHAPES });
  return checked.filter(({ error, dtype }) => !(error <= ERROR_LIMITS[dtype]));
}

/** Compares kernels with the float64 reference, one entry for each combination that the device has a kernel for. */
export async function compareWithReference(
  pool: MemoryPool,
  options: {
    instructionSet: string;
    kernels?: readonly AttentionKernel[];
    dtypes?: readonly Dtype[];
    shapes: readonly CheckedShape[];
  },
): Promise<Checked[]> {
  const { instructionSet, kernels = KERNELS, dtypes = DTYPES, shapes } = options;
  const checked: Checked[] = [];
  for (const dtype of dtypes) {
    for (const causal of [false, true]) {
      for (const shape of shapes) {
        const common = { pool, dtype, causal, seed: SEED, output: true, instructionSet };
        const truth = await randomAttention(shape, { ...common, kernel: "reference" });
        for (const kernel of kernels) {
          const output = await outputOf(shape, { ...common, kernel });
          if (output === undefined) continue;
          const error = relativeError(numbersOf(output, dtype), numbersOf(truth.output, dtype));
          checked.push({ kernel, dtype, causal, tokens: shape.tokens, headDim: shape.headDim, error });
        }
      }
    }
  }
  return checked;
}

/** Undefined where the device has no such kernel: there is nothing that could be wrong. */
async function outputOf(
  shape: CheckedShape,
  options: Parameters<typeof randomAttention>[1],
): Promise<TensorData | undefined> {
  try {
    return (await randomAttention(shape, options)).output;
  } catch (error) {
    if (error instanceof BytesperError && error.code === "NO_KERNEL") return undefined;
    throw error;
  }
}

/** Norm of the difference divided by the norm of `truth`. */
export function relativeError(values: ArrayLike<number>, truth: ArrayLike<number>): number {
  let difference = 0;
  let size = 0;
  for (let index = 0; index < truth.length; index++) {
    const expected = truth[index] as number;
    difference += ((values[index] as number) - expected) ** 2;
    size += expected ** 2;
  }
  return Math.sqrt(difference / size);
}

/** The numbers of a tensor in any type. */
export function numbersOf(data: TensorData | undefined, dtype: Dtype): Float32Array {
  if (data === undefined) return new Float32Array();
  if (data instanceof Float32Array) return data;
  const widen = dtype === "bf16" ? bf16ToNumber : fp16ToNumber;
  return Float32Array.from(data, widen);
}

const word = new DataView(new ArrayBuffer(4));

function bf16ToNumber(bits: number): number {
  word.setUint32(0, bits * 2 ** 16);
  return word.getFloat32(0);
}

function fp16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

import type { CudaKernels, DecodeKernel, FlashKernel } from "../../system/native/contract.js";
import type { AttentionKernel, AttentionShape, Dtype } from "../attention.js";
import { DTYPES, randomAttention } from "../attention.js";
import type { MemoryPool } from "../memory-pool.js";
import { numbersOf } from "../self-check.js";
import type { Finding } from "./comparison.js";
import { compareOutput } from "./comparison.js";

/** One kernel or chain of kernels that can be taken or passed over. */
export interface Candidate {
  name: string;
  family: string;
  kernel: AttentionKernel;
  dtype: Dtype;
  scoreDtype: Dtype;
  causal: readonly boolean[];
  headDim: number;
  instructionSet: string;
}

/** A kernel for one new token over a cache. */
export interface DecodeCandidate {
  name: string;
  family: string;
  decode: DecodeKernel;
}

/** Candidates for one kind of attention, the first choice first. One that passes is enough. */
export interface Kind {
  name: string;
  candidates: (Candidate | DecodeCandidate)[];
}

const NAIVE_SCORES: [Dtype, Dtype][] = [
  ["fp32", "fp32"],
  ["fp16", "fp32"],
  ["fp16", "fp16"],
  ["bf16", "fp32"],
  ["bf16", "bf16"],
];
const SEED = 20_250_101;

/** Everything that experiments may ask of a device. */
export function kindsOf({
  flashKernels,
  decodeKernels,
}: {
  flashKernels: readonly FlashKernel[];
  decodeKernels: CudaKernels["decodeKernels"];
}): Kind[] {
  const flash = DTYPES.flatMap((dtype) =>
    [64, 128].flatMap((headDim) =>
      [false, true].map((causal) => ({
        name: `flash in ${dtype}`,
        candidates: flashKernels
          .filter((each) => each.dtype === dtype && each.headDim === headDim && each.causal === causal)
          .map(({ name, family }) => ({
            ...{ name, family, kernel: "flash" as const, dtype, scoreDtype: "fp32" as const },
            ...{ causal: [causal], headDim, instructionSet: `only ${name}` },
          })),
      })),
    ),
  );
  const chain = (kernel: AttentionKernel, name: string, dtype: Dtype, scoreDtype: Dtype): Kind => ({
    name: `${kernel} in ${dtype}`,
    candidates: [
      {
        ...{ name, family: "portable", kernel, dtype, scoreDtype },
        ...{ causal: [false, true], headDim: 128, instructionSet: "" },
      },
    ],
  });
  return [
    ...NAIVE_SCORES.map(([dtype, score]) => chain("naive", `naive_${dtype}_${score}`, dtype, score)),
    ...DTYPES.map((dtype) => chain("eager", `eager_${dtype}`, dtype, "fp32")),
    ...flash,
    ...decodeKernels.map((decode) => ({
      name: `decode in ${decode.dtype} over ${decode.cache}`,
      candidates: [{ name: decode.name, family: "portable", decode }],
    })),
  ];
}

/** One token; tails and shared keys; a narrow head; and more tiles than the device has processors. */
function shapesOf({ headDim, kernel }: Candidate, processors: number): AttentionShape[] {
  const small = [
    { batch: 1, heads: 2, kvHeads: 1, tokens: 1, headDim },
    { batch: 1, heads: 4, kvHeads: 2, tokens: 67, headDim },
    { batch: 2, heads: 1, kvHeads: 1, tokens: 129, headDim: headDim - 16 },
  ];
  if (kernel !== "flash") return small;
  // No tile has more than 192 rows, so each head has two.
  const heads = 2 * Math.ceil((processors * 5) / 16 + 1);
  return [...small, { batch: 1, heads, kvHeads: heads / 2, tokens: 193, headDim }];
}

/** References by problem: several candidates are compared with the same one. */
const references = new Map<string, Float32Array>();

async function reference(pool: MemoryPool, shape: AttentionShape, dtype: Dtype, causal: boolean) {
  const key = JSON.stringify([shape, dtype, causal]);
  const known = references.get(key);
  if (known !== undefined) return known;
  const { output } = await randomAttention(shape, {
    ...{ pool, dtype, causal, seed: SEED, output: true, kernel: "reference" },
  });
  const numbers = numbersOf(output, dtype);
  references.set(key, numbers);
  return numbers;
}

/**
 * The largest relative error of a candidate against double precision, or what is wrong with it. The output is filled
 * with NaN before each launch, so that numbers which were never written show.
 */
export async function checkCandidate(
  pool: MemoryPool,
  candidate: Candidate,
  processors: number,
): Promise<Finding> {
  const { kernel, dtype, scoreDtype, instructionSet } = candidate;
  let worst = 0;
  for (const causal of candidate.causal) {
    for (const shape of shapesOf(candidate, processors)) {
      const truth = await reference(pool, shape, dtype, causal);
      const { output } = await randomAttention(shape, {
        ...{ pool, kernel, dtype, scoreDtype, causal, instructionSet, seed: SEED, output: true },
      });
      const where = `at ${shape.heads} heads of ${shape.headDim} and ${shape.tokens} tokens${causal ? ", causal" : ""}`;
      const found = compareOutput(output, truth, { dtype, where });
      if ("fault" in found) return found;
      worst = Math.max(worst, found.error);
    }
  }
  return { error: worst };
}

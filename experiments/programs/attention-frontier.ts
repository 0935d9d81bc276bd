import type { ProgramAnswer, ProgramContext } from "bytesper";
import { BytesperError } from "bytesper";
import type { AttentionKernel, Dtype } from "bytesper/device";
import {
  allocateAttention,
  BYTES_OF,
  inputOutputBytes,
  MemoryPool,
  OutOfDeviceMemory,
} from "bytesper/device";
import { shapeOf } from "./attention-shape.js";

/** Even attention over so few tokens takes the whole workspace. */
const SMALL = 512;

/** Bytes per score that each kernel holds at the same time, as its description says. */
function bytesPerScore(kernel: AttentionKernel, dtype: Dtype): number {
  if (kernel === "flash") return 0;
  if (kernel === "naive") return BYTES_OF[dtype];
  // Scores and a softmax result in fp32, plus the cast result for fp16 or the widened copy for bf16.
  return { fp32: 8, fp16: 8, bf16: 10 }[dtype];
}

/** The n at which inputs, output and scores fill the capacity: the root of a n^2 + b n = capacity. */
function predicted(kernel: AttentionKernel, dtype: Dtype, capacity: number): number {
  const shape = shapeOf(1);
  const a = shape.heads * bytesPerScore(kernel, dtype);
  const b = inputOutputBytes(shape, dtype);
  return Math.floor(a === 0 ? capacity / b : (Math.sqrt(b * b + 4 * a * capacity) - b) / (2 * a));
}

export async function run(context: ProgramContext): Promise<ProgramAnswer> {
  const kernel = context.factors.kernel as AttentionKernel;
  const dtype = context.factors.dtype as Dtype;
  const { device, searchCapBytes, instructionSet } = context;
  const pool = new MemoryPool({ device, capBytes: searchCapBytes });
  let attempts = 0;
  let lastUsed = 0;
  let used = 0;
  let refused = 0;
  const fits = async (tokens: number): Promise<boolean> => {
    attempts++;
    try {
      const result = await allocateAttention(shapeOf(tokens), {
        pool,
        kernel,
        dtype,
        scoreDtype: dtype,
        instructionSet,
      });
      lastUsed = result.usedHighWaterBytes;
      return true;
    } catch (error) {
      if (!(error instanceof OutOfDeviceMemory)) throw error;
      refused = error.requestedBytes;
      return false;
    }
  };
  try {
    // The workspace of the threads is not in the formula. With it, the search starts near its result.
    const small = await allocateAttention(shapeOf(SMALL), {
      pool,
      kernel,
      dtype,
      scoreDtype: dtype,
      instructionSet,
    });
    const workspace =
      small.usedHighWaterBytes -
      small.inputOutputBytes -
      shapeOf(SMALL).heads * SMALL ** 2 * bytesPerScore(kernel, dtype);
    const start = Math.max(1, predicted(kernel, dtype, searchCapBytes - Math.max(0, workspace)));
    let under = 0;
    let over = Number.POSITIVE_INFINITY;
    const attempt = async (tokens: number): Promise<void> => {
      if (await fits(tokens)) {
        under = tokens;
        used = lastUsed;
      } else over = tokens;
    };
    await attempt(start);
    for (let step = 1; under > 0 && over === Number.POSITIVE_INFINITY; step *= 2) await attempt(under + step);
    for (let step = 1; under === 0 && over > 1; step *= 2) await attempt(Math.max(1, over - step));
    while (over - under > 1) await attempt(under + Math.ceil((over - under) / 2));
    return {
      readings: {
        capacityBytes: searchCapBytes,
        predictedTokens: predicted(kernel, dtype, searchCapBytes),
        largestTokens: under,
        usedHighWaterBytes: used,
        refusedRequestBytes: refused,
        attempts,
      },
    };
  } catch (error) {
    if (!(error instanceof BytesperError) || error.code !== "NO_KERNEL") throw error;
    const absent = { absent: error.message.replace(/\.$/, "") };
    return {
      readings: Object.fromEntries(
        ["largestTokens", "usedHighWaterBytes", "refusedRequestBytes"].map((name) => [name, absent]),
      ),
    };
  } finally {
    await pool.close();
  }
}

import type { ProgramAnswer, ProgramContext } from "bytesper";
import { BytesperError } from "bytesper";
import type { Dtype } from "bytesper/device";
import { MemoryPool, randomAttention, scoreBytes } from "bytesper/device";
import { shapeOf } from "./attention-shape.js";

const TOKENS = 3000;
const QUICK_TOKENS = 1500;

/** Measures the highest number of bytes per score that the copies of an eager implementation take. */
export async function run(context: ProgramContext): Promise<ProgramAnswer> {
  const { factors, quick, device, deviceCapBytes, instructionSet, seed } = context;
  const tokens = quick ? QUICK_TOKENS : TOKENS;
  const pool = new MemoryPool({ device, capBytes: deviceCapBytes });
  try {
    const { usedHighWaterBytes, inputOutputBytes, durationMs } = await randomAttention(shapeOf(tokens), {
      pool,
      kernel: "eager",
      dtype: factors.dtype as Dtype,
      causal: factors.causal === true,
      instructionSet,
      seed,
    });
    const cells = scoreBytes(shapeOf(tokens), 1);
    return {
      readings: {
        tokens,
        bytesPerScore: (usedHighWaterBytes - inputOutputBytes) / cells,
        usedHighWaterBytes,
        durationMs,
      },
    };
  } catch (error) {
    if (!(error instanceof BytesperError) || error.code !== "NO_KERNEL") throw error;
    const absent = { absent: error.message.replace(/\.$/, "") };
    return {
      readings: Object.fromEntries(
        ["bytesPerScore", "usedHighWaterBytes", "durationMs"].map((name) => [name, absent]),
      ),
    };
  } finally {
    await pool.close();
  }
}

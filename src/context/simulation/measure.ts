import { randomAttention } from "../../device/index.js";
import type { AttentionKernel, AttentionShape, Dtype } from "../../device/index.js";
import { MemoryPool, OutOfDeviceMemory } from "../../device/index.js";
import { BytesperError } from "../../base/errors.js";
import { sentence } from "../../base/sentence.js";
import type { AttentionImplementation, ModelShape } from "../../model/index.js";
import type { Reading } from "../../system/probe/reading.js";
import { absent } from "../../system/probe/reading.js";

export interface MeterOptions {
  attention: AttentionImplementation;
  dtype: Dtype;
  /** "cpu" or "cuda:N". */
  device: string;
  /** Of the device, as it was checked; empty for what a pool takes by itself. */
  instructionSet: string;
  /** Most memory that an attention may take. */
  capBytes: number;
  /** Time for all measurements together. */
  budgetMs: number;
  seed: number;
}

/** Neither "efficient" nor "flash" stores scores, and the pool has only one such kernel. */
const KERNELS: Record<AttentionImplementation, AttentionKernel> = {
  eager: "eager",
  efficient: "flash",
  flash: "flash",
};
/** The first run includes the start of code and threads; the second one tells how long other runs take. */
const FIRST_TOKENS = [16, 256];

/** Expected time of a run. Making the inputs takes time in proportion to the tokens, attention to their square. */
interface Pace {
  inputMsPerToken: number;
  attentionMsPerTokenSquared: number;
}

/**
 * Runs the attention of one layer at lengths that the time limit allows, and reads how much memory the pool
 * gave out.
 */
export class AttentionMeter {
  readonly #options: MeterOptions;
  readonly #shape: Omit<AttentionShape, "tokens"> | undefined;
  readonly #known = new Map<number, Reading>();
  #spentMs = 0;
  #pace: Pace | undefined;
  #broken: string | undefined;

  constructor(model: ModelShape, options: MeterOptions) {
    this.#options = options;
    // The scores are estimated for the layer with the most heads.
    const [widest] = model.layers
      .flatMap(({ attention }) => attention ?? [])
      .sort((a, b) => b.heads - a.heads);
    if (widest !== undefined)
      this.#shape = { heads: widest.heads, kvHeads: widest.kvHeads, headDim: widest.keyDim };
    if (widest === undefined) this.#broken = "the model has no attention";
    else if (widest.keyDim % 16 !== 0 || widest.keyDim > 256)
      this.#broken = `heads of dimension ${widest.keyDim} cannot be run here; multiples of 16 up to 256 can`;
  }

  /** Bytes that attention used besides queries, keys, values and output. */
  async scoreBytes(tokens: number): Promise<Reading> {
    const known = this.#known.get(tokens);
    if (known !== undefined) return known;
    const reading = await this.#measure(tokens);
    this.#known.set(tokens, reading);
    return reading;
  }

  async #measure(tokens: number): Promise<Reading> {
    if (this.#pace === undefined && this.#broken === undefined)
      for (const first of FIRST_TOKENS) await this.#run(first);
    if (this.#broken !== undefined) return absent(this.#broken);
    const left = this.#options.budgetMs - this.#spentMs;
    const { inputMsPerToken = 0, attentionMsPerTokenSquared = 0 } = this.#pace ?? {};
    if (inputMsPerToken * tokens + attentionMsPerTokenSquared * tokens ** 2 > left)
      return absent(
        `not run: the time for measuring (${this.#options.budgetMs} ms) is too short for this length`,
      );
    return this.#run(tokens);
  }

  async #run(tokens: number): Promise<Reading> {
    const { attention, dtype, device, instructionSet, capBytes, seed } = this.#options;
    const started = performance.now();
    let pool;
    try {
      pool = new MemoryPool({ device, capBytes });
      const shape = { ...(this.#shape as Omit<AttentionShape, "tokens">), tokens };
      const result = await randomAttention(shape, {
        pool,
        kernel: KERNELS[attention],
        dtype,
        scoreDtype: dtype,
        causal: true,
        instructionSet,
        seed,
      });
      this.#pace = {
        inputMsPerToken: (performance.now() - started - result.durationMs) / tokens,
        attentionMsPerTokenSquared: result.durationMs / tokens ** 2,
      };
      return result.usedHighWaterBytes - result.inputOutputBytes;
    } catch (error) {
      if (!(error instanceof BytesperError)) throw error;
      const reason = sentence(error);
      if (!(error instanceof OutOfDeviceMemory)) this.#broken = reason;
      return absent(reason);
    } finally {
      this.#spentMs += performance.now() - started;
      await pool?.close();
    }
  }
}

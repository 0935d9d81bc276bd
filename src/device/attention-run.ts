import type { AttentionKernel, AttentionShape, Dtype } from "./attention.js";
import { BYTES_OF, inputOutputBytes, randomAttention, scoreBytes } from "./attention.js";
import { MemoryPool, OutOfDeviceMemory } from "./memory-pool.js";
import { selectDevice } from "./select.js";
import type { Checked } from "./self-check.js";
import { compareWithReference, ERROR_LIMITS, MANY_SHAPES } from "./self-check.js";
import { sentence } from "../base/sentence.js";

const CHECK_POOL_BYTES = 2 ** 30;

export interface AttentionRunOptions {
  shape: Required<AttentionShape>;
  kernel: AttentionKernel;
  dtype: Dtype;
  scoreDtype: Dtype;
  causal: boolean;
  device: string;
  deviceCapBytes?: number;
  seed: number;
  notice: (message: string) => void;
}

export interface AttentionRecord {
  device: string;
  kernel: AttentionKernel;
  dtype: Dtype;
  causal: boolean;
  batch: number;
  tokens: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  /** tokens^2 x heads x bytes of a score: what a kernel needs if it stores all scores. */
  estimatedScoreBytes: number;
  /** Bytes of queries, keys, values and output. */
  inputOutputBytes: number;
  usedHighWaterBytes: number | { absent: string };
  reservedHighWaterBytes: number | { absent: string };
  durationMs: number | { absent: string };
  /** Which code ran. */
  code: string;
  outcome: "ok" | "oom-device";
  capBytes: number;
  /** With `oom-device`: the request that was refused, and the pool at that moment. */
  refused?: { requestedBytes: number; usedBytes: number; reservedBytes: number };
}

/** The largest error of one kernel in one type over many sizes. */
export interface KernelCheck {
  kernel: AttentionKernel;
  dtype: Dtype;
  combinations: number;
  worst: Checked;
  limit: number;
  ok: boolean;
}

/** Compares every kernel of a device with the float64 reference at many sizes, including odd ones. */
export async function checkKernels(
  options: Pick<AttentionRunOptions, "device" | "notice">,
): Promise<{ device: string; checks: KernelCheck[] }> {
  const selected = await selectDevice(options.device);
  for (const notice of selected.notices) options.notice(notice);
  const { device, instructionSet } = selected;
  const pool = new MemoryPool({ device, capBytes: Math.min(selected.capBytes, CHECK_POOL_BYTES) });
  try {
    const checked = await compareWithReference(pool, { instructionSet, shapes: MANY_SHAPES });
    const groups = new Map<string, Checked[]>();
    for (const each of checked) {
      const key = `${each.kernel} ${each.dtype}`;
      groups.set(key, [...(groups.get(key) ?? []), each]);
    }
    const checks = [...groups.values()].map((group): KernelCheck => {
      // A comparison with NaN is false, so NaN is taken as the worst error.
      const worst = group.reduce((a, b) => (a.error >= b.error || Number.isNaN(a.error) ? a : b));
      const limit = ERROR_LIMITS[worst.dtype];
      const { kernel, dtype } = worst;
      return { kernel, dtype, combinations: group.length, worst, limit, ok: worst.error <= limit };
    });
    return { device: `${device} (${instructionSet})`, checks };
  } finally {
    await pool.close();
  }
}

export async function runAttention(options: AttentionRunOptions): Promise<AttentionRecord> {
  const { shape, kernel, dtype, scoreDtype, causal } = options;
  const selected = await selectDevice(
    options.device,
    options.deviceCapBytes === undefined ? {} : { capBytes: options.deviceCapBytes },
  );
  for (const notice of selected.notices) options.notice(notice);
  const { device, capBytes, instructionSet } = selected;
  const { batch, tokens, heads, kvHeads, headDim } = shape;
  const common = {
    device,
    kernel,
    dtype,
    causal,
    batch,
    tokens,
    heads,
    kvHeads,
    headDim,
    estimatedScoreBytes: scoreBytes(shape, BYTES_OF[kernel === "naive" ? scoreDtype : dtype]),
    inputOutputBytes: inputOutputBytes(shape, dtype),
  };
  const pool = new MemoryPool({ device, capBytes });
  try {
    const result = await randomAttention(shape, {
      pool,
      kernel,
      dtype,
      scoreDtype,
      causal,
      instructionSet,
      seed: options.seed,
    });
    const { usedHighWaterBytes, reservedHighWaterBytes, durationMs, code } = result;
    return {
      ...common,
      usedHighWaterBytes,
      reservedHighWaterBytes,
      durationMs,
      code,
      outcome: "ok",
      capBytes,
    };
  } catch (error) {
    if (!(error instanceof OutOfDeviceMemory)) throw error;
    const absent = { absent: sentence(error) };
    const { requestedBytes, usedBytes, reservedBytes } = error;
    return {
      ...common,
      usedHighWaterBytes: absent,
      reservedHighWaterBytes: absent,
      durationMs: absent,
      code: instructionSet,
      outcome: "oom-device",
      capBytes,
      refused: { requestedBytes, usedBytes, reservedBytes },
    };
  } finally {
    await pool.close();
  }
}

import type { ProgramAnswer, ProgramContext, ProgramReading } from "bytesper";
import { BytesperError } from "bytesper";
import type { AttentionKernel, Dtype } from "bytesper/device";
import {
  BYTES_OF,
  deviceBytes,
  deviceChange,
  MemoryPool,
  OutOfDeviceMemory,
  randomAttention,
  scoreBytes,
} from "bytesper/device";
import { median } from "bytesper/stats";
import { shapeOf } from "./attention-shape.js";

/** Up to this length a run is short, and its time is the median of several runs. */
const REPEATED_UP_TO = 5000;
const REPEATS = 3;
/** If the pool and the second route differ by a larger share, a doubt is reported. */
const AGREEMENT = 0.02;
/** The process's other pages may change by this much. */
const NOISE_BYTES = 2 ** 20;

type Warnings = NonNullable<ProgramAnswer["warnings"]>[number][];

/** Measures attention at one length: first with all scores stored, then without. */
export async function run(context: ProgramContext): Promise<ProgramAnswer> {
  const tokens = Number(context.factors.tokens);
  const dtype = context.factors.dtype as Dtype;
  const estimate = scoreBytes(shapeOf(tokens), BYTES_OF[dtype]);
  const warnings: Warnings = [];
  // The first run loads code and starts threads, which must not count as memory of a kernel.
  await measured("flash", 16, dtype, context, []);
  const naive = await measured("naive", tokens, dtype, context, warnings);
  const flash = await measured("flash", tokens, dtype, context, warnings);
  const failed = [naive, flash].find(({ failure }) => failure !== undefined)?.failure;
  return {
    outcome: failed === undefined ? "ok" : "oom-device",
    ...(failed === undefined ? {} : { cause: failed.message.replace(/\.$/, "") }),
    readings: {
      cellsPerHead: tokens ** 2,
      estimatedScoreBytes: estimate,
      ...prefixed("naive", naive.readings),
      naiveScoresOverEstimate: ratio(naive.readings.extraBytes, estimate),
      ...prefixed("flash", flash.readings),
    },
    warnings,
  };
}

interface Measured {
  readings: Record<
    "usedHighWaterBytes" | "reservedHighWaterBytes" | "extraBytes" | "secondRouteBytes" | "ms",
    ProgramReading
  >;
  failure?: OutOfDeviceMemory;
}

async function measured(
  kernel: AttentionKernel,
  tokens: number,
  dtype: Dtype,
  { device, deviceCapBytes, instructionSet, seed, quick }: ProgramContext,
  warnings: Warnings,
): Promise<Measured> {
  const pool = new MemoryPool({ device, capBytes: deviceCapBytes });
  // The pool keeps the memory of the run, so that the kernel's or the driver's count can be read afterwards.
  await pool.setReleaseThreshold(Number.POSITIVE_INFINITY);
  const before = deviceBytes(device);
  try {
    const times: number[] = [];
    let result;
    do {
      result = await randomAttention(shapeOf(tokens), {
        pool,
        kernel,
        dtype,
        scoreDtype: dtype,
        instructionSet,
        seed,
      });
      times.push(result.durationMs);
    } while (!quick && tokens <= REPEATED_UP_TO && times.length < REPEATS);
    const secondRoute = deviceChange(before, deviceBytes(device));
    const { usedHighWaterBytes, reservedHighWaterBytes, inputOutputBytes } = result;
    // The kernel and the driver count what the pool has reserved. Used bytes are less, by the unused parts of blocks,
    // and those depend on the number of threads.
    if (
      typeof secondRoute === "number" &&
      Math.abs(secondRoute - reservedHighWaterBytes) >
        Math.max(AGREEMENT * reservedHighWaterBytes, NOISE_BYTES)
    )
      warnings.push({
        name: "pool-disagrees",
        message: `The pool of the ${kernel} kernel has reserved ${reservedHighWaterBytes} bytes, the second route says ${secondRoute}.`,
      });
    return {
      readings: {
        usedHighWaterBytes,
        reservedHighWaterBytes,
        extraBytes: usedHighWaterBytes - inputOutputBytes,
        secondRouteBytes: secondRoute,
        ms: median(times),
      },
    };
  } catch (error) {
    const isFull = error instanceof OutOfDeviceMemory;
    // A device without this kernel leaves its columns empty; the others are still measured.
    if (!isFull && !(error instanceof BytesperError && error.code === "NO_KERNEL")) throw error;
    const reason = error.message.replace(/\.$/, "");
    const unknown = { absent: reason };
    const beyond = isFull ? { above: deviceCapBytes, reason } : unknown;
    return {
      ...(isFull ? { failure: error } : {}),
      readings: {
        usedHighWaterBytes: beyond,
        reservedHighWaterBytes: beyond,
        extraBytes: unknown,
        secondRouteBytes: unknown,
        ms: unknown,
      },
    };
  } finally {
    await pool.close();
  }
}

function prefixed(prefix: string, readings: Measured["readings"]): Record<string, ProgramReading> {
  return Object.fromEntries(
    Object.entries(readings).map(([name, reading]) => [
      `${prefix}${name.charAt(0).toUpperCase()}${name.slice(1)}`,
      reading,
    ]),
  );
}

function ratio(measuredBytes: ProgramReading, estimate: number): ProgramReading {
  return typeof measuredBytes === "number" ? measuredBytes / estimate : measuredBytes;
}

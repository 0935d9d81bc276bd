import type { ProgramAnswer, ProgramContext, ProgramReading } from "bytesper";
import { decode, deviceBytes, deviceChange, OutOfDeviceMemory, readBlock, slabBytes } from "bytesper/device";
import { median } from "bytesper/stats";
import type { Caches, CacheSetting } from "./decode-caches.js";
import { cacheSetting, estimatedBytes, openCaches } from "./decode-caches.js";

const SESSIONS = 4;
/** A session grows to its length in so many steps, each twice as long as the last. */
const STEPS = 4;
const PASSES = 7;
const QUICK_PASSES = 3;
/** Other work of the machine only ever makes a pass slower: so many of the fastest tell its time. */
const FASTEST = 3;
/** The fastest passes over the same bytes should take the same time; beyond this ratio the machine was too busy. */
const STEADY = 1.25;
/** Beyond this ratio the share of the bandwidth says more of the other work than of decode: it is unknown. */
const ROUGH = 2;

type Warnings = NonNullable<ProgramAnswer["warnings"]>[number][];

/** Lets sessions grow to their length, reads the pool, and lets each session make a token again and again. */
export async function run(context: ProgramContext): Promise<ProgramAnswer> {
  const { factors, device, deviceCapBytes } = context;
  const tokens = Number(factors.tokens);
  const setting = cacheSetting(String(factors.cache));
  const estimated = estimatedBytes(setting, tokens);
  // Code and the first pages outside the pools must not count as memory of sessions.
  await warmUp(setting, context);
  const before = deviceBytes(device);
  const caches = openCaches(setting, { device, capBytes: deviceCapBytes });
  try {
    for (let index = 0; index < SESSIONS; index++) await caches.open();
    for (let step = STEPS - 1; step >= 0; step--)
      for (let session = 0; session < SESSIONS; session++)
        await caches.grow(session, Math.ceil(tokens / 2 ** step));
    const secondRoute = deviceChange(before, deviceBytes(device));
    const { usedBytes, reservedBytes, reservedHighWaterBytes } = caches.pool.stats();
    const held = caches.heldBytes();
    const warnings: Warnings = [];
    const speed = await measured(setting, caches, tokens, context, warnings);
    return {
      readings: {
        estimatedPerSessionBytes: estimated,
        usedPerSessionBytes: held / SESSIONS,
        reservedPerSessionBytes: reservedBytes / SESSIONS,
        reservedOverEstimate: reservedBytes / SESSIONS / estimated,
        roundingPerSessionBytes: held / SESSIONS - estimated,
        poolUsedBytes: usedBytes,
        poolReservedBytes: reservedBytes,
        growingReservedBytes: reservedHighWaterBytes,
        secondRouteBytes: secondRoute,
        ...speed,
        readOverHeld: (speed.readPerTokenBytes * SESSIONS) / held,
      },
      warnings,
    };
  } catch (error) {
    if (!(error instanceof OutOfDeviceMemory)) throw error;
    const reason = error.message.replace(/\.$/, "");
    const absent: ProgramReading = { absent: reason };
    return {
      outcome: "oom-device",
      cause: `${SESSIONS} sessions of ${tokens} tokens: ${reason}`,
      readings: {
        estimatedPerSessionBytes: estimated,
        ...Object.fromEntries(LATER.map((name) => [name, absent])),
        poolReservedBytes: { above: deviceCapBytes, reason },
      },
    };
  } finally {
    await caches.close();
  }
}

/** Readings that a row lacks if the sessions did not fit. */
const LATER = [
  "usedPerSessionBytes",
  "reservedPerSessionBytes",
  "reservedOverEstimate",
  "roundingPerSessionBytes",
  "poolUsedBytes",
  "growingReservedBytes",
  "secondRouteBytes",
  "readPerTokenBytes",
  "readOverHeld",
  "workspaceBytes",
  "tokenMs",
  "tokensPerSecond",
  "decodeGbPerSecond",
  "bandwidthGbPerSecond",
  "bandwidthShare",
];

interface Speed extends Record<string, ProgramReading> {
  readPerTokenBytes: number;
}

/**
 * One token of each session and one read of the same slabs from end to end, in turns; medians of the fastest
 * passes. The memory is the same for both, so what the caches of the processor hold helps both.
 */
async function measured(
  setting: CacheSetting,
  caches: Caches,
  tokens: number,
  { quick, seed, instructionSet }: ProgramContext,
  warnings: Warnings,
): Promise<Speed> {
  const { pool } = caches;
  await caches.fill(seed);
  const { layout, memory } = caches.memory(tokens);
  const usedBefore = pool.stats().usedBytes;
  const options = { pool, seed, instructionSet };
  const host = pool.device === "cpu" ? instructionSet : "";
  const decodes: number[] = [];
  const reads: number[] = [];
  let readBytes = 0;
  let workspaceBytes = 0;
  // The first pass is not counted.
  for (let pass = 0; pass <= (quick ? QUICK_PASSES : PASSES); pass++) {
    const made = await decode(setting.shape, layout, memory, options);
    ({ readBytes } = made);
    workspaceBytes = made.usedHighWaterBytes - usedBefore;
    let readMs = 0;
    for (const slab of memory.slabs) readMs += await readBlock(pool, slab, host);
    if (pass === 0) continue;
    decodes.push(made.durationMs);
    reads.push(readMs);
  }
  const [decoding, reading] = [timeOf(decodes), timeOf(reads)];
  const tokenMs = decoding.ms;
  const bytesPerMs = slabsBytes(setting, caches, tokens) / reading.ms;
  const share = readBytes / tokenMs / bytesPerMs;
  const spread = Math.max(decoding.spread, reading.spread);
  if (spread > STEADY)
    warnings.push({
      name: "bandwidth-unsteady",
      message: `Even the ${FASTEST} fastest passes over the same memory differed by a factor of ${spread.toFixed(2)}: the share of the bandwidth is rough; run it again on a quiet machine.`,
    });
  if (share > 1 && spread <= ROUGH)
    warnings.push({
      name: "faster-than-read",
      message: `Decode was faster than a plain read of the same memory (share ${share.toFixed(2)}): the bandwidth is measured too low here.`,
    });
  return {
    readPerTokenBytes: readBytes / SESSIONS,
    workspaceBytes,
    tokenMs,
    tokensPerSecond: (SESSIONS * 1000) / tokenMs,
    decodeGbPerSecond: readBytes / tokenMs / 1e6,
    bandwidthGbPerSecond: bytesPerMs / 1e6,
    bandwidthShare:
      spread > ROUGH
        ? {
            absent: `even the ${FASTEST} fastest passes over the same memory differed by a factor of ${spread.toFixed(2)}`,
          }
        : share,
  };
}

/** The median of the fastest passes, and by which factor they differ. */
function timeOf(passes: readonly number[]): { ms: number; spread: number } {
  const fastest = [...passes].sort((a, b) => a - b).slice(0, FASTEST);
  return { ms: median(fastest), spread: Math.max(...fastest) / Math.min(...fastest) };
}

/** Bytes of all slabs, as the pool counts them: what one read from end to end reads. */
function slabsBytes(setting: CacheSetting, caches: Caches, tokens: number): number {
  const { layout, memory } = caches.memory(tokens);
  return memory.slabs.length * slabBytes(setting.shape, layout);
}

async function warmUp(setting: CacheSetting, context: ProgramContext): Promise<void> {
  const caches = openCaches(setting, { device: context.device, capBytes: context.deviceCapBytes });
  try {
    await caches.grow(await caches.open(), 16);
    const { layout, memory } = caches.memory(16);
    await decode(setting.shape, layout, memory, {
      pool: caches.pool,
      instructionSet: context.instructionSet,
    });
  } finally {
    await caches.close();
  }
}

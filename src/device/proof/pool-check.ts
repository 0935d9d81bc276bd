import { isAbsent } from "../../system/probe/reading.js";
import { MemoryPool, OutOfDeviceMemory } from "../memory-pool.js";

const MIB = 2 ** 20;
const CAP_BYTES = 192 * MIB;
/** Sizes that are no multiple of anything that a driver rounds to. */
const SIZES = [100, 3_000_001, 17 * MIB + 1];
const SUM_BYTES = SIZES.reduce((sum, size) => sum + size, 0);
/** A driver rounds each block up by less than this. */
const ROUNDING_BYTES = 2 * MIB;
/** More than any device has. */
const TOO_MUCH_BYTES = 2 ** 46;

/** Why the counts of the device's memory pools cannot be trusted, or undefined. */
export async function poolFault(device: string): Promise<string | undefined> {
  const pool = new MemoryPool({ device, capBytes: CAP_BYTES });
  try {
    return (await countsFault(pool)) ?? (await capFault(pool)) ?? (await deviceFault(device));
  } finally {
    await pool.close();
  }
}

async function countsFault(pool: MemoryPool): Promise<string | undefined> {
  const handles = await pool.allocate(SIZES);
  const held = pool.stats();
  if (held.usedBytes < SUM_BYTES || held.usedBytes > SUM_BYTES + SIZES.length * ROUNDING_BYTES)
    return `with ${SUM_BYTES} bytes allocated it counts ${held.usedBytes} as used`;
  if (held.reservedBytes < held.usedBytes || held.reservedHighWaterBytes < held.reservedBytes)
    return `it counts ${held.reservedBytes} bytes as reserved and ${held.usedBytes} as used`;
  await pool.release(handles);
  const released = pool.stats();
  if (released.usedBytes !== 0) return `with nothing allocated it counts ${released.usedBytes} as used`;
  if (released.usedHighWaterBytes !== held.usedBytes)
    return `its high-water mark is ${released.usedHighWaterBytes} bytes and not the ${held.usedBytes} that were used`;
  pool.resetHighWater();
  const reset = pool.stats().usedHighWaterBytes;
  return reset === 0 ? undefined : `a mark that was reset is still ${reset}`;
}

async function capFault(pool: MemoryPool): Promise<string | undefined> {
  const [first = 0] = await pool.allocate([CAP_BYTES / 2]);
  const before = pool.stats().usedBytes;
  if (!(await isRefused(pool, CAP_BYTES / 2 + 1))) return "it gives more than its cap";
  const after = pool.stats().usedBytes;
  if (after !== before) return `a request that it refused changed used from ${before} to ${after} bytes`;
  await pool.release([first]);
  return undefined;
}

async function deviceFault(device: string): Promise<string | undefined> {
  const pool = new MemoryPool({ device });
  try {
    if (!(await isRefused(pool, TOO_MUCH_BYTES))) return "it gives more than any device has";
    // The device goes on after it was out of memory.
    await pool.release(await pool.allocate([MIB]));
    const used = pool.native.deviceUsedBytes();
    return isAbsent(used) ? used.absent : undefined;
  } finally {
    await pool.close();
  }
}

async function isRefused(pool: MemoryPool, bytes: number): Promise<boolean> {
  try {
    await pool.release(await pool.allocate([bytes]));
    return false;
  } catch (error) {
    if (!(error instanceof OutOfDeviceMemory)) throw error;
    return true;
  }
}

import type { ProgramAnswer, ProgramContext } from "bytesper";
import { OutOfDeviceMemory } from "bytesper/device";
import type { CachePolicy } from "./cache-policies.js";
import { cachePolicy } from "./cache-policies.js";
import { cacheBytes, QWEN_2_5_3B } from "./cache-shape.js";
import { inRandomOrder } from "./random-order.js";

/** Opens sessions until one is refused, closes half in a random order, and opens again until a refusal. */
export async function run({ factors, device, searchCapBytes, seed }: ProgramContext): Promise<ProgramAnswer> {
  const policy = cachePolicy(String(factors.policy), QWEN_2_5_3B, { device, capBytes: searchCapBytes });
  try {
    const sessions = await openAll(policy);
    const full = policy.totals();
    const order = inRandomOrder(sessions, seed);
    for (const session of order.slice(0, order.length >> 1)) await policy.close(session);
    const again = await openAll(policy);
    return {
      readings: {
        capacityBytes: searchCapBytes,
        predictedSessions: Math.floor(searchCapBytes / cacheBytes(QWEN_2_5_3B)),
        openedSessions: sessions.length,
        usedBytes: full.usedBytes,
        reservedBytes: full.reservedBytes,
        reopenedSessions: again.length,
      },
    };
  } finally {
    await policy.dispose();
  }
}

async function openAll(policy: CachePolicy): Promise<number[]> {
  const sessions: number[] = [];
  for (;;) {
    try {
      sessions.push(await policy.open());
    } catch (error) {
      if (error instanceof OutOfDeviceMemory) return sessions;
      throw error;
    }
  }
}

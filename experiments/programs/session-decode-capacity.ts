import type { ProgramAnswer, ProgramContext } from "bytesper";
import { cacheSetting, estimatedBytes, openCaches, openUntilRefused } from "./decode-caches.js";

const TOKENS = 1000;

/** Opens sessions of 1,000 tokens until one is refused. */
export async function run({ factors, device, searchCapBytes }: ProgramContext): Promise<ProgramAnswer> {
  const setting = cacheSetting(String(factors.cache));
  const caches = openCaches(setting, { device, capBytes: searchCapBytes });
  try {
    const openedSessions = await openUntilRefused(caches, TOKENS);
    const { usedBytes, reservedBytes } = caches.pool.stats();
    return {
      readings: {
        capacityBytes: searchCapBytes,
        predictedSessions: Math.floor(searchCapBytes / estimatedBytes(setting, TOKENS)),
        openedSessions,
        usedBytes,
        reservedBytes,
      },
    };
  } finally {
    await caches.close();
  }
}

import { freeDiskBytes, readHostMemory } from "../limits/index.js";
import type { HostReading } from "./admission.js";

/**
 * Returns a function that reads memory, pressure and disk of this host. Pressure is a share of the time since
 * the last call.
 *
 * @param folder a folder on the disk that is read; without one, no disk is
 */
export function hostReader(folder?: string): () => Promise<HostReading> {
  let lastUs: number | undefined;
  let lastAt = performance.now();
  return async () => {
    const memory = readHostMemory();
    const now = performance.now();
    const { pressureSomeTotalUs: us } = memory;
    const elapsedUs = (now - lastAt) * 1000;
    const stalledShare =
      us === undefined || lastUs === undefined || elapsedUs <= 0 ? undefined : (us - lastUs) / elapsedUs;
    lastUs = us;
    lastAt = now;
    return { memory, stalledShare, diskFreeBytes: await diskOf(folder) };
  };
}

async function diskOf(folder: string | undefined): Promise<number | undefined> {
  if (folder === undefined) return undefined;
  try {
    return await freeDiskBytes(folder);
  } catch {
    // Without a reading no cell has to wait. If the disk is full, a failed write reports it.
    return undefined;
  }
}

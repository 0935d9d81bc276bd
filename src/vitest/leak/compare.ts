import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Leak } from "./find.js";

const ENTRY = fileURLToPath(new URL("./main.js", import.meta.url));

/** Compares the snapshots of a folder in another process, which needs several times their memory. */
export async function compareSnapshots(folder: string, instances: number): Promise<Leak> {
  const { stdout } = await promisify(execFile)(process.execPath, [ENTRY, folder, String(instances)], {
    maxBuffer: 2 ** 26,
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  return JSON.parse(stdout) as Leak;
}

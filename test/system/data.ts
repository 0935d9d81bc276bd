import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { ROOT } from "./cli.js";

/** Path of a file of real data, or the reason why a test that needs it is skipped. */
export function realData(name: string): { path: string; missing?: string } {
  const folder = resolve(ROOT, process.env.BYTESPER_DATA ?? "../shared/data");
  const path = join(folder, name);
  return existsSync(path) ? { path } : { path, missing: `no real data: ${name} is not in BYTESPER_DATA` };
}

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { npmCommand } from "../../scripts/setup/command.mjs";
import { CACHE } from "./cache.mjs";
import { runTool } from "./run-tool.mjs";

const VERSION = "1.30.0";
/** The folder whose node_modules holds it. */
export const ONNXRUNTIME_FOLDER = join(CACHE, `onnxruntime-node-${VERSION}`);

/** Installs onnxruntime-node in the cache unless it is there; answers why it could not, or undefined. */
export async function installOnnxruntime() {
  if (existsSync(join(ONNXRUNTIME_FOLDER, "node_modules/onnxruntime-node/package.json"))) return undefined;
  const { file, args } = npmCommand();
  // Without scripts, because they would download CUDA libraries; the package holds those for the processor.
  const flags = ["--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--prefer-offline"];
  const spec = `onnxruntime-node@${VERSION}`;
  mkdirSync(ONNXRUNTIME_FOLDER, { recursive: true });
  const { ok, reason } = await runTool(file, [
    ...args,
    "install",
    spec,
    "--prefix",
    ONNXRUNTIME_FOLDER,
    ...flags,
  ]);
  return ok ? undefined : `onnxruntime-node could not be installed: ${reason}`;
}

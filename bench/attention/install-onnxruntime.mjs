import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { npmCommand } from "../../scripts/setup/command.mjs";
import { runProgram } from "../harness.mjs";
import { CACHE } from "./cache.mjs";

const VERSION = "1.30.0";
/** The folder whose node_modules holds it. */
export const ONNXRUNTIME_FOLDER = join(CACHE, `onnxruntime-node-${VERSION}`);

/** Installs onnxruntime-node in the cache unless it is there; answers why it could not, or undefined. */
export async function installOnnxruntime() {
  if (existsSync(join(ONNXRUNTIME_FOLDER, "node_modules/onnxruntime-node/package.json"))) return undefined;
  const { file, args } = npmCommand();
  // Without scripts, because they would download CUDA libraries; the package holds those for the processor.
  const flags = [
    "--ignore-scripts",
    "--no-package-lock",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    "--logs-max=0",
  ];
  const spec = `onnxruntime-node@${VERSION}`;
  try {
    mkdirSync(ONNXRUNTIME_FOLDER, { recursive: true });
    await runProgram(file, [...args, "install", spec, "--prefix", ONNXRUNTIME_FOLDER, ...flags]);
    return undefined;
  } catch (error) {
    return `onnxruntime-node could not be installed: ${error.message}`;
  }
}

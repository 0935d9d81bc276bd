import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { npmCommand } from "../../scripts/setup/command.mjs";
import { runProgram } from "../harness.mjs";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

/** Installs memlab beside this file unless it is there; answers why it could not, or undefined. */
export async function installMemlab() {
  if (existsSync(`${FOLDER}node_modules/@memlab/heap-analysis/package.json`)) return undefined;
  const { file, args } = npmCommand();
  // Without scripts, because memlab's would download a browser that this benchmark has no use for.
  const flags = ["--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--prefer-offline"];
  try {
    await runProgram(file, [...args, "install", "--prefix", FOLDER, ...flags]);
    return undefined;
  } catch (error) {
    return `memlab could not be installed: ${error.message}`;
  }
}

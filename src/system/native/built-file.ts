import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The package's root. This file is src/system/native/built-file.ts or dist/system/native/built-file.js: the
 * root is three folders up from both.
 */
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** BYTESPER_BUILD=Debug takes what `npm run debug` built. */
const BUILT_HERE = process.env.BYTESPER_BUILD === "Debug" ? "build/Debug" : "build/Release";
const SUPERVISOR = "cell-supervisor";

/** The addon: what was built here, else what the package brought for this system. Undefined where there is none. */
export function addonFile(): string | undefined {
  return builtHere("bytesper.node") ?? prebuiltAddon();
}

/** The program that runs a cell: it lies beside the addon. Undefined where there is none. */
export function supervisorFile(): string | undefined {
  const built = builtHere(SUPERVISOR);
  if (built !== undefined) return built;
  const addon = prebuiltAddon();
  const brought = addon === undefined ? undefined : join(dirname(addon), SUPERVISOR);
  return brought !== undefined && existsSync(brought) ? brought : undefined;
}

function builtHere(name: string): string | undefined {
  const file = join(ROOT, BUILT_HERE, name);
  return existsSync(file) ? file : undefined;
}

/** What builds the native parts, in a clone and in a package that was installed. */
export function buildCommand(): string {
  return existsSync(join(ROOT, "scripts/setup.mjs"))
    ? "npm run setup"
    : `npx node-gyp rebuild --directory=${ROOT}`;
}

function prebuiltAddon(): string | undefined {
  const finder = createRequire(import.meta.url)("node-gyp-build") as { path: (root: string) => string };
  try {
    return finder.path(ROOT);
  } catch {
    return undefined;
  }
}

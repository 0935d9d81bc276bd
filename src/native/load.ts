import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { BytesperError } from "../errors.js";
import type { Absent } from "../probe/reading.js";
import { absent, isAbsent } from "../probe/reading.js";
import type { NativeAddon } from "./contract.js";

/** This file is src/native/load.ts or dist/native/load.js: the package root is two folders up either way. */
const ROOT = new URL("../../", import.meta.url);
const PLACES = ["build/Release/bytesper.node", "build/Debug/bytesper.node"];

let loaded: NativeAddon | Absent | undefined;

/** The addon, or why it is not there. The attempt is made once. */
export function tryLoadAddon(): NativeAddon | Absent {
  return (loaded ??= load());
}

/** The addon. Throws `NO_ADDON`. */
export function loadAddon(): NativeAddon {
  const addon = tryLoadAddon();
  if (!isAbsent(addon)) return addon;
  throw new BytesperError("NO_ADDON", `The native addon is needed here, but ${addon.absent}.`);
}

function load(): NativeAddon | Absent {
  const require = createRequire(import.meta.url);
  const failures: string[] = [];
  for (const place of PLACES) {
    try {
      return require(fileURLToPath(new URL(place, ROOT))) as NativeAddon;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== "MODULE_NOT_FOUND") failures.push(`${place}: ${message.split("\n")[0] ?? message}`);
    }
  }
  const why = failures.length === 0 ? "it is not built" : failures.join("; ");
  return absent(`the native addon could not be loaded (${why}); run npm run setup`);
}

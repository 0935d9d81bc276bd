import { createRequire } from "node:module";
import { BytesperError } from "../../base/errors.js";
import { sentence } from "../../base/sentence.js";
import type { Absent } from "../probe/reading.js";
import { absent, isAbsent } from "../probe/reading.js";
import { addonFile, buildCommand } from "./built-file.js";
import type { NativeAddon } from "./contract.js";
import { ADDON_EXPORTS } from "./contract.js";

let loaded: NativeAddon | Absent | undefined;

/** The addon, or why it cannot be used. Loading is tried once. */
export function tryLoadAddon(): NativeAddon | Absent {
  return (loaded ??= loadFrom(addonFile()));
}

/** The addon. Throws `NO_ADDON`. */
export function loadAddon(): NativeAddon {
  const addon = tryLoadAddon();
  if (isAbsent(addon))
    throw new BytesperError("NO_ADDON", `This needs bytesper's own addon, and ${addon.absent}.`);
  return addon;
}

/** Loads this file, if it is an addon of this version; otherwise says why not. */
export function loadFrom(file: string | undefined): NativeAddon | Absent {
  let why = "it is not built";
  if (file !== undefined) {
    try {
      const addon = createRequire(import.meta.url)(file) as Partial<NativeAddon>;
      const lacking = ADDON_EXPORTS.filter((name) => typeof addon[name] !== "function");
      if (lacking.length === 0) return addon as NativeAddon;
      why = `${file} is of another version and lacks ${lacking.join(", ")}`;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // A message of the dynamic linker begins with the file name.
      if (code !== "MODULE_NOT_FOUND") why = sentence(error);
    }
  }
  return absent(`the native addon could not be loaded (${why}); run ${buildCommand()}`);
}

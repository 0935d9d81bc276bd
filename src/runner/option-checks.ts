import { fileURLToPath } from "node:url";
import { BytesperError } from "../base/errors.js";

/** Throws `USAGE` unless the value is absent or a whole number from `least` on. */
export function requireWhole(name: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return;
  throw new BytesperError("USAGE", `"${name}" is ${String(value)}; give a whole number from ${least}.`);
}

/**
 * The path of a file that is given as a path or as a file URL. A URL may end in `#export`, which is kept.
 * Throws `USAGE` for another kind of URL.
 */
export function pathOf(file: string | URL): string {
  if (typeof file === "string" && !/^file:/i.test(file)) return file;
  const url = new URL(file);
  if (url.protocol !== "file:")
    throw new BytesperError("USAGE", `${url.href} is no file URL; give a path or a file URL.`);
  const { hash } = url;
  url.hash = "";
  return `${fileURLToPath(url)}${decodeURIComponent(hash)}`;
}

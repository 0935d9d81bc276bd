import { extname } from "node:path";
import type { CompilerOptions } from "./project.js";

export type Format = "esm" | "cjs";

/** Syntax that only CommonJS has. */
const COMMONJS =
  /^\s*import\s+[\w$]+\s*=\s*require\b|^\s*export\s*=|\bmodule\.exports\b|^\s*exports\.[\w$]+\s*=/m;
const MODULE = /^\s*(?:import\b(?!\s*\()|export\b(?!\s*=))/m;

/**
 * Format of the JavaScript that the user's project makes of a file: by its extension, then as TypeScript's
 * `module` and the package's `type` say. Where neither says anything, the syntax decides.
 */
export function formatOf(
  file: string,
  source: string,
  { module }: CompilerOptions,
  packageType: string | undefined,
): Format {
  const extension = extname(file);
  if (extension.startsWith(".m")) return "esm";
  if (extension.startsWith(".c")) return "cjs";
  if (packageType === "module") return "esm";
  const bySyntax = COMMONJS.test(source) || !MODULE.test(source) ? "cjs" : "esm";
  if (/^\.jsx?$/.test(extension)) return packageType === "commonjs" ? "cjs" : bySyntax;
  const kind = module?.toLowerCase();
  if (kind === undefined || kind.startsWith("es") || kind === "preserve") return bySyntax;
  return "cjs";
}

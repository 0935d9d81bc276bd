import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type * as Esbuild from "esbuild";

const require = createRequire(import.meta.url);

/** Written by the build, so that an installed program needs no chart library for its pages. */
const BUILT = new URL("page-script.js", import.meta.url);

let script: string | undefined;

/** The script of the page as one text: Vega-Lite, and the code that reacts to the reader. */
export function pageScript(): string {
  return (script ??= existsSync(BUILT) ? readFileSync(BUILT, "utf8") : bundlePageScript());
}

/**
 * Bundles the script anew, which takes esbuild some tenths of a second.
 *
 * @public scripts/write-page-script.mjs calls it in dist.
 */
export function bundlePageScript(): string {
  const { buildSync } = require("esbuild") as typeof Esbuild;
  const main = ["main.js", "main.ts"]
    .map((file) => fileURLToPath(new URL(`client/${file}`, import.meta.url)))
    .find((file) => existsSync(file));
  if (main === undefined) throw new Error("the page's script is missing; build the program again");
  const { outputFiles } = buildSync({
    entryPoints: [main],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2020",
    charset: "ascii",
    // The bundled licences must stay with the page, but the comments of these packages are not marked to be
    // kept.
    legalComments: "eof",
    banner: { js: "/* Contains Vega and Vega-Lite (BSD 3-Clause) and D3 (ISC). */" },
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "silent",
  });
  const text = outputFiles[0]?.text.trimEnd() ?? "";
  // No text in the script may end the script element.
  return `/* Charts: Vega-Lite, BSD 3-Clause, https://vega.github.io */${text.replace(/<(?=\/script|!--)/gi, "\\x3C")}`;
}

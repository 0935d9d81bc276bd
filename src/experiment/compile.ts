import { readFileSync } from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, extname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Loader, Plugin } from "esbuild";
import { BytesperError } from "../base/errors.js";
import { sentence } from "../base/sentence.js";

/** A module that plain Node can import, with a function to call when it is no longer needed. */
export interface ImportableModule {
  url: string;
  dispose: () => void;
}

const TYPESCRIPT = new Map<string, Loader>([
  [".ts", "ts"],
  [".mts", "ts"],
  [".cts", "ts"],
  [".tsx", "tsx"],
]);

/**
 * Makes a user's file importable. JavaScript stays as it is; TypeScript is compiled first, so that no
 * compiler runs in the process that measures. Imports of packages still load from the user's own
 * installation.
 */
export async function importable(file: string, modules = tmpdir()): Promise<ImportableModule> {
  const path = resolve(file);
  if (!TYPESCRIPT.has(extname(path))) return { url: pathToFileURL(path).href, dispose: () => undefined };
  const { build } = await import("esbuild");
  const folder = mkdtempSync(join(modules, "bytesper-"));
  const outfile = join(folder, `${basename(path, extname(path))}.mjs`);
  const dispose = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await build({
      entryPoints: [path],
      outfile,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20",
      sourcemap: "inline",
      logLevel: "silent",
      plugins: [ownPlaces(), externalPackages()],
    });
  } catch (error) {
    dispose();
    throw new BytesperError("BAD_SUBJECT", `${file} is not valid TypeScript${placeOf(error)}.`, {
      cause: error,
    });
  }
  return { url: pathToFileURL(outfile).href, dispose };
}

/** Where esbuild stopped and why, taken from the first error of its report. */
function placeOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const [, line, why] = /:(\d+):\d+: ERROR: (.*)/.exec(text) ?? [];
  return line === undefined ? `: ${sentence(error)}` : `, line ${line}: ${why ?? ""}`;
}

/** Compiled code lies in another folder, so `import.meta.url` is replaced by the URL of the original file. */
function ownPlaces(): Plugin {
  return {
    name: "own-places",
    setup(build) {
      build.onLoad({ filter: /\.[cm]?tsx?$/ }, async ({ path }) => {
        const { transform } = await import("esbuild");
        const loader = TYPESCRIPT.get(extname(path)) ?? "ts";
        const source = readFileSync(path, "utf8");
        const { code } = await transform(source, {
          loader,
          sourcefile: path,
          sourcemap: "inline",
          define: { "import.meta.url": JSON.stringify(pathToFileURL(path).href) },
        });
        return { contents: code, loader: "js", resolveDir: dirname(path) };
      });
    },
  };
}

/** Does not bundle packages: resolves each from the file that imports it and keeps the import. */
function externalPackages(): Plugin {
  return {
    name: "external-packages",
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
        if (pluginData === "resolving" || kind === "entry-point") return undefined;
        if (path.startsWith("node:") || path.startsWith("file:")) return { path, external: true };
        if (path === "bytesper" || path.startsWith("bytesper/"))
          return { path: ownModule(path), external: true };
        const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: "resolving" });
        if (found.errors.length > 0 || !found.path.startsWith("/")) return { path, external: true };
        return { path: pathToFileURL(found.path).href, external: true };
      });
    },
  };
}

/** An experiment in any folder may import "bytesper" and gets the installation that runs it. */
function ownModule(specifier: string): string {
  const resolved = createRequire(import.meta.url).resolve(specifier);
  return pathToFileURL(fileURLToPath(pathToFileURL(resolved))).href;
}

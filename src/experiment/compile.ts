import { execFile } from "node:child_process";
import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { temporaryFolder } from "../system/temporary.js";
import { BytesperError } from "../base/errors.js";
import { fileSuggestion } from "../base/nearest-file.js";
import { mayReachTypeScript } from "./typescript/reach.js";

/** A module that plain Node can import, with a function to call when it is no longer needed. */
export interface ImportableModule {
  url: string;
  /** What could not be compiled as the user's project compiles it, one sentence each. */
  doubts: readonly string[];
  dispose: () => void;
}

/** Extensions of the modules that can be measured. */
export const MODULES = [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", ".jsx"];

/**
 * Makes a user's file importable. JavaScript that imports no TypeScript stays as it is; all else is compiled
 * first, as the tsconfig.json beside it says, so that no compiler runs in the process that measures. Packages
 * load from the user's own installation.
 *
 * @param imports modules that the measuring process loads first; nothing is compiled for one that loads TypeScript
 */
export async function importable(
  file: string,
  modules = tmpdir(),
  imports: readonly string[] = [],
): Promise<ImportableModule> {
  const path = resolve(file);
  const asItIs = { url: pathToFileURL(path).href, doubts: [], dispose: () => undefined };
  if (/^\.[cm]?js$/.test(extname(path)) && !mayReachTypeScript(path)) return asItIs;
  if (imports.length > 0 && (await loadTypeScript(imports))) return asItIs;
  const folder = temporaryFolder(undefined, modules);
  const dispose = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    // The compiler is loaded only for those who need it.
    const { compileTree } = await import("./typescript/tree.js");
    const { entry, doubts } = await compileTree(path, file, folder);
    if (entry !== undefined) return { url: pathToFileURL(entry).href, doubts, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
  dispose();
  return asItIs;
}

/** Whether modules of the user load TypeScript: tried on an enum, which no Node strips away. */
function loadTypeScript(imports: readonly string[]): Promise<boolean> {
  const folder = temporaryFolder();
  const probe = join(folder, "probe.ts");
  writeFileSync(probe, "enum Probe { One = 1 }\nif (Probe.One !== 1) throw new Error();\n");
  return new Promise((done) => {
    execFile(process.execPath, [...imports.flatMap((module) => ["--import", module]), probe], (error) => {
      rmSync(folder, { recursive: true, force: true });
      done(error === null);
    });
  });
}

/** Throws unless the path is a module that can be imported. A folder or a device would be read as one. */
export function requireModuleFile(path: string, shown: string, code: "BAD_SUBJECT" | "BAD_EXPERIMENT"): void {
  if (!existsSync(path))
    throw new BytesperError(
      code,
      `${shown} does not exist${fileSuggestion(shown)}; give the path of a module.`,
    );
  if (!statSync(path).isFile())
    throw new BytesperError(code, `${shown} is not a file; give the path of a module.`);
  if (!MODULES.includes(extname(path))) {
    throw new BytesperError(code, `${shown} must be a module (${MODULES.join(", ")}).`);
  }
}

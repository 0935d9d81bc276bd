import { hash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { extname, isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { MODULES } from "../../experiment/compile.js";

/** JSON with sorted keys: equal content gives equal text. */
export function canonical(value: unknown): string {
  return JSON.stringify(withSortedKeys(value));
}

/**
 * Copies the value with sorted keys. This takes half the time of a JSON replacer, which matters because every
 * cell of a grid is hashed.
 */
function withSortedKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null || "toJSON" in value) return value;
  if (Array.isArray(value)) return value.map(withSortedKeys);
  const object = value as Record<string, unknown>;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(object).sort()) copy[key] = withSortedKeys(object[key]);
  return copy;
}

/** 80 bits of a SHA-256: enough to distinguish the cells of any grid, and short enough for file names. */
export function hashOf(value: unknown): string {
  return hashOfText(canonical(value));
}

function hashOfText(text: string): string {
  return hash("sha256", text).slice(0, 20);
}

/**
 * Hash of a module and all files it imports by relative path. Comments and layout do not change it. Packages
 * count only by their name. If the code cannot be read as modules, the bytes of the file are hashed.
 */
export async function moduleHash(file: string): Promise<string> {
  const path = resolve(file);
  const { build } = await import("esbuild");
  try {
    const { outputFiles } = await build({
      entryPoints: [path],
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      target: "node20",
      packages: "external",
      minifyWhitespace: true,
      legalComments: "none",
      logLevel: "silent",
    });
    return hashOf(outputFiles.map(({ text }) => text));
  } catch {
    return hashOf(readFileSync(path, "latin1"));
  }
}

/** Hash of the module at a URL. For a URL that is not a file, the URL is hashed. */
export async function urlHash(url: string): Promise<string> {
  return url.startsWith("file:") ? moduleHash(fileURLToPath(url)) : hashOf(url);
}

/**
 * Hash of a command: its words, and the content of the files that it names.
 *
 * @param known hashes of files, by path: the cells of a grid name the same ones
 */
export async function commandHash(
  argv: readonly string[],
  cwd: string,
  known = new Map<string, string>(),
): Promise<string> {
  const words: (string | [string, string])[] = [];
  for (const [index, word] of argv.entries()) {
    const path = isAbsolute(word) ? word : resolve(cwd, word);
    let content = known.get(path);
    // A program found through PATH counts by its name: a system update is no change of the experiment.
    if (index === 0 && !word.includes("/")) content = undefined;
    else if (content === undefined && existsSync(path) && statSync(path).isFile()) {
      content = MODULES.includes(extname(path)) ? await moduleHash(path) : fileHash(path);
      known.set(path, content);
    }
    words.push(content === undefined ? word : [word, content]);
  }
  return hashOfText(JSON.stringify(words));
}

const LARGE_FILE_BYTES = 2 ** 26;

/** Hash of the bytes of a file. For a large file: hash of its size and modification time. */
export function fileHash(path: string): string {
  const { size, mtimeMs } = statSync(path);
  if (size > LARGE_FILE_BYTES) return hashOf([size, mtimeMs]);
  return hash("sha256", readFileSync(path)).slice(0, 20);
}

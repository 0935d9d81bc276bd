import { hash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { extname, isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** JSON with sorted keys, so that equal content gives equal text. */
export function canonical(value: unknown): string {
  return JSON.stringify(withSortedKeys(value));
}

/** A copy, which takes half the time of a replacer: this is done for every cell of a grid. */
function withSortedKeys(value: unknown): unknown {
  if (typeof value !== "object" || value === null || "toJSON" in value) return value;
  if (Array.isArray(value)) return value.map(withSortedKeys);
  const object = value as Record<string, unknown>;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(object).sort()) copy[key] = withSortedKeys(object[key]);
  return copy;
}

/** 80 bits of a SHA-256: enough to tell the cells of any grid apart, short enough for names of files. */
export function hashOf(value: unknown): string {
  return hashOfText(canonical(value));
}

function hashOfText(text: string): string {
  return hash("sha256", text).slice(0, 20);
}

/**
 * Hash of a module with everything that it imports from files beside it. Comments and layout do not count.
 * Packages count by name only; where the code cannot be read as modules, the file's bytes count.
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

/** Hash of a module that a URL names; of what is no file, the URL itself. */
export async function urlHash(url: string): Promise<string> {
  return url.startsWith("file:") ? moduleHash(fileURLToPath(url)) : hashOf(url);
}

const MODULES = new Set([".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"]);

/**
 * Hash of a command: its words, and the content of those that are files in its folder.
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
    // The program itself counts by its name: a system's update is no edit of the experiment.
    if (index === 0 && !word.includes("/")) content = undefined;
    else if (content === undefined && existsSync(path) && statSync(path).isFile()) {
      content = MODULES.has(extname(path)) ? await moduleHash(path) : fileHash(path);
      known.set(path, content);
    }
    words.push(content === undefined ? word : [word, content]);
  }
  // Lists of strings have no keys to sort.
  return hashOfText(JSON.stringify(words));
}

const LARGE_FILE_BYTES = 2 ** 26;

/** Hash of a file's bytes; of a large one, of its size and time of change. */
export function fileHash(path: string): string {
  const { size, mtimeMs } = statSync(path);
  if (size > LARGE_FILE_BYTES) return hashOf([size, mtimeMs]);
  return hash("sha256", readFileSync(path)).slice(0, 20);
}

import { createHash } from "node:crypto";
import { readFileSync, readdirSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { inRoot } from "./paths.mjs";

/**
 * A hash over the contents of files and folders (paths from the root; those that do not exist count as such).
 * Not their times: a clone or a checkout gives every file a new one.
 */
export function fingerprint(paths, extra = []) {
  const hash = createHash("sha256");
  for (const part of extra) hash.update(`${part}\0`);
  for (const path of paths) {
    for (const file of filesUnder(path)) {
      hash.update(`${file}\0`);
      hash.update(readFileSync(inRoot(file)));
    }
  }
  return hash.digest("hex");
}

/** All files under a path in a fixed order; the path itself when it is a file. */
export function filesUnder(path) {
  let entries;
  try {
    entries = readdirSync(inRoot(path), { withFileTypes: true });
  } catch (error) {
    if (error.code === "ENOTDIR") return [path];
    if (error.code === "ENOENT") return [];
    throw error;
  }
  const children = entries.filter((entry) => !entry.name.startsWith("."));
  children.sort((a, b) => (a.name < b.name ? -1 : 1));
  return children.flatMap((entry) => {
    const child = `${path}/${entry.name}`;
    return entry.isDirectory() ? filesUnder(child) : [child];
  });
}

export function readText(path) {
  try {
    return readFileSync(inRoot(path), "utf8");
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Written last in each step, so that a step that was cut off is done again. */
export function writeStamp(path, value) {
  mkdirSync(dirname(inRoot(path)), { recursive: true });
  writeFileSync(inRoot(path), value);
}

export function removeStamp(path) {
  rmSync(inRoot(path), { force: true });
}

import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { BytesperError } from "./errors.js";
import { sentence } from "./sentence.js";

/**
 * Replaces a whole file: writes a temporary file beside it, syncs it and renames it. Neither a reader nor a crash can
 * meet half a file. Throws `WRITE_FAILED`.
 */
export function writeWhole(path: string, text: string | Uint8Array): void {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    makeFolder(dirname(path));
    const stands = lstatSync(path, { throwIfNoEntry: false });
    if (stands !== undefined && !stands.isFile() && !stands.isSymbolicLink())
      throw new Error("what stands there is a folder, a device or a pipe, and stays");
    // A link that somebody put there is removed and never followed.
    rmSync(temporary, { force: true });
    const descriptor = openSync(temporary, "wx");
    try {
      const bytes = typeof text === "string" ? Buffer.from(text) : text;
      for (let offset = 0; offset < bytes.length;) offset += writeSync(descriptor, bytes, offset);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    try {
      rmSync(temporary, { force: true });
    } catch {
      // If there is no folder, there is nothing to remove. The first error is the one to report.
    }
    throw writeError(path, error);
  }
}

/**
 * Writes the file that a user named for one output. What is no file, such as /dev/stdout or a pipe, is written to and
 * never replaced. Throws `WRITE_FAILED`.
 */
export function writeNamed(path: string, text: string): void {
  const stands = statSync(path, { throwIfNoEntry: false });
  const isOfSystem = stands !== undefined && /^\/(dev|proc)\//.test(resolve(path));
  if (stands === undefined || (stands.isFile() && !isOfSystem)) {
    writeWhole(path, text);
    return;
  }
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw writeError(path, error);
  }
}

/**
 * Creates missing folders one by one. With `recursive`, Node reports a read-only disk as a missing folder.
 */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another runner may have created it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** Makes changes of names in a folder durable, if the file system can. */
export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EINVAL") throw error;
  } finally {
    closeSync(descriptor);
  }
}

export function writeError(path: string, error: unknown): BytesperError {
  const { code } = error as NodeJS.ErrnoException;
  const [what, advice] =
    code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG"
      ? ["the disk or quota is full", "free some space or choose another folder with --out"]
      : code === "EACCES" || code === "EROFS" || code === "EPERM"
        ? ["the folder is not writable", "change its permissions or choose another with --out"]
        : code === "ENOTDIR" || code === "EEXIST"
          ? ["a file stands where a folder should be", "choose another folder with --out"]
          : [sentence(error), "choose another folder with --out"];
  return new BytesperError("WRITE_FAILED", `${path} cannot be written: ${what}; ${advice}.`, {
    cause: error,
  });
}

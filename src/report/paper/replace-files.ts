import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { BytesperError } from "../../base/errors.js";
import { sentence } from "../../base/sentence.js";
import { syncFolder } from "../../base/write.js";

export interface Replacement {
  /** The name that the user gave. */
  name: string;
  /** The file itself, not a link to it. */
  path: string;
  /** Its content when it was read; undefined for a new file. */
  before: Buffer | undefined;
  after: Buffer;
}

/**
 * Replaces all of the files or none. Writes each as a temporary file beside its place and syncs it; renames
 * them only when all are complete. Permissions stay. Throws `WRITE_FAILED`, also if a file changed meanwhile.
 */
export function replaceFiles(files: readonly Replacement[]): void {
  for (const file of files) requireWritable(file);
  const written: { temporary: string; file: Replacement }[] = [];
  try {
    for (const file of files) {
      const temporary = join(dirname(file.path), `.${basename(file.path)}.${process.pid}.tmp`);
      written.push({ temporary, file });
      attempt(file, () => {
        writeBeside(temporary, file);
      });
    }
    for (const { file } of written) requireUnchanged(file);
    for (const { temporary, file } of written)
      attempt(file, () => {
        renameSync(temporary, file.path);
      });
  } finally {
    for (const { temporary } of written) rmSync(temporary, { force: true });
  }
  for (const folder of new Set(files.map(({ path }) => dirname(path)))) syncFolder(folder);
}

/**
 * A rename would replace even a read-only file, and root may write to any file, so permissions are checked
 * first.
 */
function requireWritable({ name, path, before }: Replacement): void {
  if (before === undefined) return;
  const readOnly = new BytesperError(
    "WRITE_FAILED",
    `${name} is read-only; make it writable (chmod u+w), nothing was changed.`,
  );
  if ((statSync(path).mode & 0o222) === 0) throw readOnly;
  try {
    accessSync(path, constants.W_OK);
  } catch {
    throw readOnly;
  }
}

function writeBeside(temporary: string, { path, before, after }: Replacement): void {
  // Removes whatever has this name, for example a link that would lead the write elsewhere.
  rmSync(temporary, { force: true });
  const descriptor = openSync(temporary, "wx", 0o666);
  try {
    for (let offset = 0; offset < after.length;) offset += writeSync(descriptor, after, offset);
    if (before !== undefined) {
      const { mode, uid, gid } = statSync(path);
      try {
        fchownSync(descriptor, uid, gid);
      } catch {
        // Only root may keep another user as owner; otherwise the file belongs to the user who ran this.
      }
      fchmodSync(descriptor, mode & 0o7777);
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function requireUnchanged({ name, path, before }: Replacement): void {
  const now = statSync(path, { throwIfNoEntry: false }) === undefined ? undefined : readFileSync(path);
  if (before === undefined ? now === undefined : now?.equals(before) === true) return;
  throw new BytesperError(
    "WRITE_FAILED",
    `${name} was changed by another program meanwhile; nothing was changed, run this again.`,
  );
}

function attempt({ name }: Replacement, write: () => void): void {
  try {
    write();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === "ENOSPC" || code === "EDQUOT"
        ? "the disk or quota is full"
        : code === "EACCES" || code === "EROFS" || code === "EPERM"
          ? "its folder is not writable"
          : sentence(error);
    throw new BytesperError("WRITE_FAILED", `${name} cannot be replaced: ${why}.`, { cause: error });
  }
}

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
import { syncFolder } from "../../base/write.js";

export interface Replacement {
  /** As the user calls it. */
  name: string;
  /** The file itself, not a link to it. */
  path: string;
  /** What it held when it was read; undefined for a new file. */
  before: Buffer | undefined;
  after: Buffer;
}

/**
 * Replaces all of the files or none: each is written and synced beside its place first, and renamed when every
 * one is whole. Permissions stay. Throws `WRITE_FAILED`, also for a file that was changed meanwhile.
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

/** A rename would replace a read-only file without a word, and so would a user who may do anything. */
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
  // Not a file that someone put there to be written through.
  rmSync(temporary, { force: true });
  const descriptor = openSync(temporary, "wx", 0o666);
  try {
    for (let offset = 0; offset < after.length;) offset += writeSync(descriptor, after, offset);
    if (before !== undefined) {
      const { mode, uid, gid } = statSync(path);
      try {
        fchownSync(descriptor, uid, gid);
      } catch {
        // Only root may give a file away; it then belongs to who ran this.
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
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === "ENOSPC" || code === "EDQUOT"
        ? "the disk or quota is full"
        : code === "EACCES" || code === "EROFS" || code === "EPERM"
          ? "its folder is not writable"
          : (message.split("\n")[0] ?? message);
    throw new BytesperError("WRITE_FAILED", `${name} cannot be replaced: ${why}.`, { cause: error });
  }
}

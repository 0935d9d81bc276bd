import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

const MIB = 2 ** 20;
/** More than any result has: a hundred thousand rows take some 100 MiB. */
export const MOST_RESULT_BYTES = 400 * MIB;
/** Most bytes of a file that a person writes, such as rules or the config of a model. */
export const MOST_CONFIG_BYTES = 16 * MIB;

/**
 * The whole content of a file that comes from elsewhere. Its size is not asked for: a pipe has none, and neither has
 * a device that never ends. Throws the error of the file system, and an error that says that the file is too long.
 *
 * @param alone whether it must be a file: a named pipe, which nobody may ever write to, is not waited for
 */
export function readLimited(path: string, most: number, alone: "alone" | "or-pipe" = "or-pipe"): string {
  const descriptor = openSync(
    path,
    alone === "alone" ? constants.O_RDONLY | constants.O_NONBLOCK : constants.O_RDONLY,
  );
  try {
    if (alone === "alone" && !fstatSync(descriptor).isFile()) throw new Error("it is no file");
    const pieces: Buffer[] = [];
    let length = 0;
    for (;;) {
      const piece = Buffer.allocUnsafe(Math.min(MIB, Math.max(4096, length)));
      const read = readSync(descriptor, piece, 0, piece.length, null);
      if (read === 0) return Buffer.concat(pieces, length).toString("utf8");
      length += read;
      if (length > most) throw new Error(`it has more than ${most / MIB} MiB`);
      pieces.push(piece.subarray(0, read));
    }
  } finally {
    closeSync(descriptor);
  }
}

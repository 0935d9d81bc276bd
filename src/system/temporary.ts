import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BytesperError } from "../base/errors.js";
import { sentence } from "../base/sentence.js";

/**
 * Makes an empty folder for files of this process, and returns its path; the caller removes it. Many containers have a
 * file system that can only be read, `/tmp` included. Throws `NO_SPACE`, and says what to set.
 *
 * @param use a word in the folder's name, by which what was left behind can be told
 */
export function temporaryFolder(use?: string, parent = tmpdir()): string {
  try {
    return mkdtempSync(join(parent, use === undefined ? "bytesper-" : `bytesper-${use}-`));
  } catch (error) {
    const advice =
      parent === tmpdir()
        ? "set TMPDIR to a folder that can be written"
        : "make it a folder that can be written";
    throw new BytesperError(
      "NO_SPACE",
      `No temporary folder can be made in ${parent} (${sentence(error)}); ${advice}.`,
      {
        cause: error,
      },
    );
  }
}

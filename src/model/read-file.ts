import { open } from "node:fs/promises";
import { BytesperError } from "../base/errors.js";
import type { ReadOptions } from "./read.js";
import { readModel } from "./read.js";
import type { ModelShape } from "./shape.js";

/** The largest published files have some hundred kilobytes. */
const MOST_BYTES = 16 * 2 ** 20;

/**
 * Like `readModel`, from a file. Throws `BAD_INPUT` also if the file cannot be read or is too large for a
 * config.
 */
export async function readModelFile(path: string, options: ReadOptions = {}): Promise<ModelShape> {
  return readModel(await textOf(path), { file: path, ...options });
}

async function textOf(path: string): Promise<string> {
  let file;
  try {
    file = await open(path, "r");
    if ((await file.stat()).isDirectory()) throw new Error("it is a folder");
    // Does not use the size of the file: a pipe has none.
    const buffer = Buffer.alloc(MOST_BYTES + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
      length += bytesRead;
      if (length > MOST_BYTES) throw new Error("it has more than 16 MiB, which no config has");
      if (bytesRead === 0) return buffer.toString("utf8", 0, length).replace(/^\uFEFF/, "");
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BytesperError("BAD_INPUT", `${path} cannot be read as a config.json: ${reason}.`, {
      cause: error,
    });
  } finally {
    await file?.close();
  }
}

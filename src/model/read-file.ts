import { stat } from "node:fs/promises";
import { BytesperError } from "../base/errors.js";
import { suggestion } from "../base/nearest-name.js";
import { MOST_CONFIG_BYTES, readLimited } from "../base/read-limited.js";
import { sentence } from "../base/sentence.js";
import { readGgufFile, readModelFolder, readSafetensorsFile } from "./checkpoint/folder.js";
import { KNOWN_TITLES, knownModel } from "./known-models.js";
import type { ReadOptions } from "./read.js";
import { readModel } from "./read.js";
import type { ModelShape } from "./shape.js";

/**
 * The model that a user names: a config.json, the folder of a checkpoint, a `.safetensors` or `.gguf` file, or the name
 * of a known model. Throws `BAD_INPUT` in one sentence if it is none.
 */
export async function readModelFile(path: string, options: ReadOptions = {}): Promise<ModelShape> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return named(path, options);
  if (found.isDirectory()) return readModelFolder(path, options);
  if (/\.gguf$/i.test(path)) return readGgufFile(path);
  if (/\.safetensors$/i.test(path)) return readSafetensorsFile(path, options);
  return readModel(textOf(path), { file: path, ...options });
}

/** A name without a file: a known model, or a sentence that says which file to get. */
function named(name: string, options: ReadOptions): ModelShape {
  const own = name.split("/").at(-1) ?? name;
  const isPath = /\.(json|gguf|safetensors)$/i.test(name) || /^[./~]/.test(name);
  const known = isPath ? undefined : knownModel(own);
  if (known !== undefined) {
    return {
      ...known.shape,
      notes: [
        ...known.shape.notes,
        `The sizes are those that bytesper knows of ${known.title}; no file was read.`,
      ],
    };
  }
  if (/^[\w.-]+\/[\w.-]+$/.test(name) && !isPath) {
    throw new BytesperError(
      "BAD_INPUT",
      `${name} is no file; if it is a model of the Hugging Face Hub, download its config.json (hf download ${name} config.json --local-dir .) and give that file.`,
    );
  }
  if (isPath || /[/\\]/.test(name)) return readModel(textOf(name), { file: name, ...options });
  throw new BytesperError(
    "BAD_INPUT",
    `${name} is no file, and bytesper knows no model of that name${suggestion(name, KNOWN_TITLES)}; give the config.json of the model, or the folder of its checkpoint.`,
  );
}

function textOf(path: string): string {
  try {
    return readLimited(path, MOST_CONFIG_BYTES).replace(/^\uFEFF/, "");
  } catch (error) {
    throw new BytesperError("BAD_INPUT", `${path} cannot be read as a config.json: ${sentence(error)}.`, {
      cause: error,
    });
  }
}

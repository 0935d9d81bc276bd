import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { BytesperError } from "../../base/errors.js";
import { MOST_CONFIG_BYTES, readLimited } from "../../base/read-limited.js";
import { sentence } from "../../base/sentence.js";
import { readSafetensors } from "../checkpoint/safetensors.js";
import { elementCount } from "../checkpoint/tensors.js";
import type { Adapter } from "./config.js";
import { readAdapter } from "./config.js";

const CONFIG = "adapter_config.json";
const WEIGHTS = "adapter_model.safetensors";

export interface AdapterFile {
  adapter: Adapter;
  /** Parameters in the tensors beside the config, if they are there. */
  storedParameters?: number;
}

/** Whether the path is an adapter's config, or a folder that holds one and no model. */
export async function isAdapter(path: string): Promise<boolean> {
  if (basename(path) === CONFIG) return true;
  const names = await readdir(path).catch((): string[] => []);
  return names.includes(CONFIG) && !names.includes("config.json");
}

/** The adapter in an `adapter_config.json` or in its folder. */
export async function readAdapterFile(path: string): Promise<AdapterFile> {
  const found = await stat(path).catch(() => undefined);
  const file = found?.isDirectory() === true ? join(path, CONFIG) : path;
  const adapter = readAdapter(textOf(file), file);
  const weights = join(dirname(file), WEIGHTS);
  const isThere = await stat(weights).then(
    () => true,
    () => false,
  );
  if (!isThere) return { adapter };
  const tensors = await readSafetensors(weights);
  return { adapter, storedParameters: tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0) };
}

function textOf(file: string): string {
  try {
    return readLimited(file, MOST_CONFIG_BYTES).replace(/^\uFEFF/, "");
  } catch (error) {
    throw new BytesperError(
      "BAD_INPUT",
      `${file} cannot be read: ${sentence(error)}; give an adapter_config.json, or the folder that holds one.`,
      { cause: error },
    );
  }
}

import { readFile, readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { BytesperError } from "../../base/errors.js";
import { isObject } from "../fields.js";
import { parsePythonJson } from "../json.js";
import type { ReadOptions } from "../read.js";
import { readModel } from "../read.js";
import type { ModelShape } from "../shape.js";
import { parameterCount } from "../shape.js";
import { damaged } from "./bytes.js";
import { modelOfGguf, readGguf } from "./gguf.js";
import { readSafetensors } from "./safetensors.js";
import type { StoredTensor } from "./tensors.js";
import { parametersOf, shapeTensors } from "./tensors.js";

/** Files that describe the quantisation beside a config. */
const QUANTIZATION = [
  "hf_quant_config.json",
  "quantize_config.json",
  "quant_config.json",
  "quantization_config.json",
];
/** The largest published index has some ten megabytes. */
const MOST_TEXT = 64 * 2 ** 20;

/** The model in a folder as it is downloaded from the Hugging Face Hub. */
export async function readModelFolder(folder: string, options: ReadOptions = {}): Promise<ModelShape> {
  const names = await readdir(folder);
  const ggufs = names.filter((name) => name.endsWith(".gguf")).sort();
  const hasConfig = names.includes("config.json");
  if (!hasConfig && ggufs.length > 0) return readGgufFile(join(folder, ggufs[0] ?? ""));
  const weights = await weightsOf(folder, names);
  if (!hasConfig && weights === undefined) {
    const base = await adapterBase(folder, names);
    throw new BytesperError(
      "BAD_INPUT",
      base === undefined
        ? `${folder} has no config.json, .safetensors or .gguf file; give the folder of a downloaded model.`
        : `${folder} holds an adapter for ${base}, not a model; give the folder or config.json of ${base}, and --adapter with this folder.`,
    );
  }
  const quantization = await quantizationBeside(folder, names);
  const own = {
    file: join(folder, "config.json"),
    ...options,
    ...(quantization === undefined ? {} : { quantization }),
  };
  if (!hasConfig) return weightsOnly(weights as Weights, `${folder} has no config.json`);
  const config = await textOf(own.file);
  return weights === undefined ? readModel(config, own) : withCheckpoint(config, own, weights);
}

/** A `.safetensors` file; the config beside it says what its layers are. */
export async function readSafetensorsFile(path: string, options: ReadOptions = {}): Promise<ModelShape> {
  const weights: Weights = { tensors: await readSafetensors(path), source: basename(path), missing: [] };
  const folder = dirname(path);
  const names = await readdir(folder);
  if (!names.includes("config.json")) return weightsOnly(weights, `${path} has no config.json beside it`);
  const quantization = await quantizationBeside(folder, names);
  const own = {
    file: join(folder, "config.json"),
    ...options,
    ...(quantization === undefined ? {} : { quantization }),
  };
  return withCheckpoint(await textOf(own.file), own, weights);
}

/** A `.gguf` file, with the other parts if it is one of several. */
export async function readGgufFile(path: string): Promise<ModelShape> {
  const first = await readGguf(path);
  const [, stem, number, total] = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/.exec(basename(path)) ?? [];
  const tensors = [...first.tensors];
  let header = first;
  const missing: string[] = [];
  if (stem !== undefined && total !== undefined) {
    for (let part = 1; part <= Math.min(Number(total), 1000); part++) {
      const name = `${stem}-${String(part).padStart(5, "0")}-of-${total}.gguf`;
      if (part === Number(number)) continue;
      const other = join(dirname(path), name);
      const isThere = await stat(other).then(
        () => true,
        () => false,
      );
      if (!isThere) missing.push(name);
      else {
        const gguf = await readGguf(other);
        for (const tensor of gguf.tensors) tensors.push(tensor);
        if (part === 1) header = gguf;
      }
    }
  }
  const model = modelOfGguf({ ...header, tensors }, path);
  const weights: Weights = { tensors, source: basename(path), missing };
  return {
    ...model,
    ...missingParts(weights),
    checkpoint: checkpointOf(weights, parametersOf(tensors, undefined) ?? 0),
  };
}

interface Weights {
  tensors: StoredTensor[];
  source: string;
  /** Files that the index names but the folder lacks. */
  missing: string[];
  /** What the index says of all files together. */
  totalBytes?: number;
}

/** The weights in a folder, from the headers of its files, or from the index where the files are not there. */
async function weightsOf(folder: string, names: readonly string[]): Promise<Weights | undefined> {
  const index = names.find(
    (name) => name.endsWith(".safetensors.index.json") && !name.includes("consolidated"),
  );
  let files = names.filter((name) => name.endsWith(".safetensors") && !name.startsWith("adapter_model"));
  // Mistral's folders hold the same weights twice.
  const single = files.filter((name) => !name.startsWith("consolidated"));
  if (single.length > 0) files = single;
  let missing: string[] = [];
  let totalBytes: number | undefined;
  if (index !== undefined) {
    const content = parsed(join(folder, index), await textOf(join(folder, index)));
    const map = isObject(content.weight_map) ? Object.values(content.weight_map) : [];
    const named = [...new Set(map.filter((name) => typeof name === "string"))];
    const metadata = isObject(content.metadata) ? content.metadata : {};
    if (typeof metadata.total_size === "number") totalBytes = metadata.total_size;
    if (named.some((name) => basename(name) !== name))
      throw damaged(join(folder, index), "it names files of other folders");
    missing = named.filter((name) => !names.includes(name));
    files = named.filter((name) => names.includes(name));
  }
  if (files.length === 0 && totalBytes === undefined) return undefined;
  const tensors: StoredTensor[] = [];
  const seen = new Map<string, string>();
  for (const name of files.sort()) {
    for (const tensor of await readSafetensors(join(folder, name))) {
      const before = seen.get(tensor.name);
      if (before !== undefined)
        throw damaged(
          join(folder, name),
          `its tensor ${JSON.stringify(tensor.name.slice(0, 80))} is in ${before} too`,
        );
      seen.set(tensor.name, name);
      tensors.push(tensor);
    }
  }
  const source = files.length === 1 ? (files[0] ?? "") : `the ${files.length} files of ${basename(folder)}`;
  return {
    tensors,
    source: missing.length === 0 ? source : (index ?? source),
    missing,
    ...(totalBytes === undefined ? {} : { totalBytes }),
  };
}

function checkpointOf(weights: Weights, parameters: number): NonNullable<ModelShape["checkpoint"]> {
  const bytes = weights.tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  const weightsBytes = weights.missing.length > 0 ? (weights.totalBytes ?? bytes) : bytes;
  return { parameters, weightsBytes, source: weights.source };
}

/** A sentence on parts that are not there, with the mark that the totals are lower bounds. */
function missingParts({ missing, totalBytes }: Weights): Pick<ModelShape, "missingParts"> {
  if (missing.length === 0 || totalBytes !== undefined) return {};
  return {
    missingParts: `${missing.length} of the files of this checkpoint are not here (${missing[0] ?? ""} and so on): only the others are counted.`,
  };
}

/** Config and checkpoint together: the checkpoint decides over weights, the config over layers and cache. */
function withCheckpoint(config: string, options: ReadOptions, weights: Weights): ModelShape {
  let model: ModelShape;
  try {
    model = readModel(config, options);
  } catch (error) {
    if (!(error instanceof BytesperError) || weights.missing.length > 0) throw error;
    return weightsOnly(weights, error.message.replace(/[.;].*$/s, ""));
  }
  const bits = Number(/(\d+) bit/.exec(model.scheme?.name ?? "")?.[1] ?? Number.NaN);
  const stated = parameterCount(model);
  const found =
    weights.missing.length > 0
      ? undefined
      : parametersOf(weights.tensors, Number.isNaN(bits) ? undefined : bits);
  const parameters = found ?? stated;
  const notes = [...model.notes.filter((note) => !note.startsWith("The name says"))];
  if (weights.missing.length > 0)
    notes.push(
      `${weights.missing.length} of the files that the index names are not here: the bytes of the weights are those that the index states, and the parameters those of the config.`,
    );
  else if (found === undefined)
    notes.push(
      "How many parameters the packed numbers of the checkpoint hold is not known: their number is that of the config.",
    );
  const off = parameters / stated - 1;
  if (Math.abs(off) > 0.001)
    notes.push(
      `The checkpoint holds ${parameters.toLocaleString("en-US")} parameters, the config gives ${stated.toLocaleString("en-US")} (${(100 * off).toFixed(1)} %): the checkpoint is counted.`,
    );
  // What the config leaves open about weights is settled; what it leaves open about layers and cache is not.
  const doubts = (model.uncounted ?? []).filter((sentence) => sentence.startsWith("bytesper does not know"));
  return {
    ...model,
    ...missingParts(weights),
    checkpoint: checkpointOf(weights, parameters),
    notes: [...doubts, ...notes],
  };
}

/** Weights whose layers are not known: only they are counted. */
function weightsOnly(weights: Weights, reason: string): ModelShape {
  const parameters = parametersOf(weights.tensors, undefined);
  return {
    family: "checkpoint",
    hiddenSize: 1,
    vocabularySize: 1,
    layers: [],
    tensors: shapeTensors(weights.tensors),
    dtype: "bfloat16",
    ...missingParts(weights),
    checkpoint: checkpointOf(weights, parameters ?? 0),
    notes: [
      `Only the weights are in the figures, not the cache and the activations: ${reason}.`,
      ...(parameters === undefined ? ["How many parameters its packed numbers hold is not known."] : []),
    ],
  };
}

async function quantizationBeside(
  folder: string,
  names: readonly string[],
): Promise<Record<string, unknown> | undefined> {
  const name = QUANTIZATION.find((one) => names.includes(one));
  return name === undefined ? undefined : parsed(join(folder, name), await textOf(join(folder, name)));
}

/** The model that an adapter in the folder belongs to. */
async function adapterBase(folder: string, names: readonly string[]): Promise<string | undefined> {
  if (!names.includes("adapter_config.json")) return undefined;
  const { base_model_name_or_path: base } = parsed(
    join(folder, "adapter_config.json"),
    await textOf(join(folder, "adapter_config.json")),
  );
  return typeof base === "string" ? base : "a model that it does not name";
}

function parsed(path: string, text: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = parsePythonJson(text);
  } catch {
    throw damaged(path, "it is not JSON");
  }
  if (isObject(content)) return content;
  throw damaged(path, "it is no JSON object");
}

async function textOf(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > MOST_TEXT)
    throw damaged(path, `it has ${size} bytes, and no such file has more than ${MOST_TEXT}`);
  return (await readFile(path, "utf8")).replace(/^\uFEFF/, "");
}

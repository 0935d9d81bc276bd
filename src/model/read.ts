import { BytesperError } from "../base/errors.js";
import { FAMILIES, familyOf, readFamily } from "./families/index.js";
import { Fields, NAMES, isObject } from "./fields.js";
import type { ModelShape } from "./shape.js";
import { parameterCount } from "./shape.js";

/** Fields in which models for images or sound keep their language model. */
const NESTED = ["text_config", "llm_config", "language_config", "thinker_config"];

export interface ReadOptions {
  file?: string;
  /** Reads the file as this `model_type`, whatever the file says. */
  family?: string;
}

/**
 * The shape of the model in a Hugging Face `config.json`. Throws `BAD_INPUT` with the reason if the text is
 * no such file, if the architecture is unknown, or if a field is missing or absurd.
 */
export function readModel(text: string, options: ReadOptions = {}): ModelShape {
  const file = options.file ?? "config.json";
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (error) {
    throw new BytesperError(
      "BAD_INPUT",
      `Expected ${file} to be the config.json of a model, but it is not JSON (${reasonOf(error)}); give the whole file.`,
      { cause: error },
    );
  }
  return modelOf(config, options);
}

/** Like `readModel`, from parsed JSON. */
export function modelOf(config: unknown, options: ReadOptions = {}): ModelShape {
  const file = options.file ?? "config.json";
  if (!isObject(config)) {
    throw new BytesperError(
      "BAD_INPUT",
      `Expected ${file} to be the config.json of a model, an object, but it is ${Array.isArray(config) ? "a list" : String(config)}; give that file.`,
    );
  }
  const { values, where, outer } = languageModel(config, file);
  const named = options.family ?? architectureName(values) ?? architectureName(outer);
  const family = named === undefined ? undefined : familyOf(named);
  if (family === undefined && options.family !== undefined) {
    throw new BytesperError(
      "USAGE",
      `${JSON.stringify(options.family)} is not a family that bytesper knows; give one of ${FAMILIES.join(", ")}.`,
    );
  }
  if (family === undefined) throw unknown(named, values, where);
  const notes: string[] = [];
  for (const [key, of] of [
    ["vision_config", "images"],
    ["audio_config", "sound"],
  ] as const) {
    if (isObject(outer[key])) notes.push(`The tower for ${of} (${key}) is not in the figures.`);
  }
  if (isObject(outer.quantization_config) || isObject(values.quantization_config)) {
    const { quant_method: method } = (outer.quantization_config ?? values.quantization_config) as {
      quant_method?: unknown;
    };
    notes.push(
      `The checkpoint is quantised (${typeof method === "string" ? method : "quantization_config"}); give --dtype for the bytes that it takes on the device.`,
    );
  }
  const predicted = values.num_nextn_predict_layers;
  if (typeof predicted === "number" && predicted > 0) {
    notes.push(
      `Layers that predict several tokens (num_nextn_predict_layers ${predicted}) are not in the figures.`,
    );
  }
  const model = readFamily(family, new Fields(values, where, family, notes));
  if (!Number.isSafeInteger(parameterCount(model))) {
    throw new BytesperError(
      "BAD_INPUT",
      `The sizes in ${where} make more than 2^53 parameters, which no model has; correct the file.`,
    );
  }
  return model;
}

interface LanguageModel {
  values: Record<string, unknown>;
  where: string;
  /** The whole file, for the fields outside the language model. */
  outer: Record<string, unknown>;
}

/**
 * The object with the fields of the language model. Fields that stand only in the outer object, such as
 * `tie_word_embeddings`, are added to it.
 */
function languageModel(config: Record<string, unknown>, file: string): LanguageModel {
  let values = config;
  let where = file;
  for (let depth = 0; depth < 3; depth++) {
    const key = NESTED.find((name) => isObject(values[name]));
    if (key === undefined) break;
    const inner = values[key] as Record<string, unknown>;
    const outer = values;
    // Older files have the fields of the language model in both objects; the inner ones are used.
    values = { ...inner };
    for (const name of ["tie_word_embeddings", "dtype", "torch_dtype"]) {
      if (name !== "tie_word_embeddings" && (inner.dtype ?? inner.torch_dtype) != null) continue;
      if (inner[name] == null && outer[name] != null) values[name] = outer[name];
    }
    where = `${key} in ${where}`;
  }
  return { values, where, outer: config };
}

/** The name of the architecture in the file. */
function architectureName(values: Record<string, unknown>): string | undefined {
  if (typeof values.model_type === "string" && values.model_type !== "") return values.model_type;
  const [first] = Array.isArray(values.architectures) ? (values.architectures as unknown[]) : [];
  return typeof first === "string" ? first : undefined;
}

const TOLD = [
  ["layers", NAMES.layers],
  ["hidden size", NAMES.hidden],
  ["heads", NAMES.heads],
  ["key/value heads", NAMES.kvHeads],
  ["vocabulary", NAMES.vocabulary],
] as const;

function unknown(name: string | undefined, values: Record<string, unknown>, where: string): BytesperError {
  const told: string[] = [];
  const missing: string[] = [];
  for (const [what, names] of TOLD) {
    const value = names.map((field) => values[field]).find((found) => typeof found === "number");
    if (typeof value === "number") told.push(`${what} ${value}`);
    else missing.push(what);
  }
  const called =
    name === undefined
      ? `${where} names no architecture (model_type)`
      : `${where} is of the architecture ${JSON.stringify(name.slice(0, 60))}, which bytesper does not know`;
  const known = told.length === 0 ? "nothing of its size is known" : `known are ${told.join(", ")}`;
  const lacking = ["which tensors its layers hold and what they cache", ...missing].join(", ");
  return new BytesperError(
    "BAD_INPUT",
    `${called}: ${known}, missing is ${lacking}; if its layers are those of a known family, name that with --family (such as llama, qwen3, mixtral or deepseek_v3).`,
  );
}

function reasonOf(error: unknown): string {
  // V8 quotes the wrong text in its message; bytes of a binary file must not reach the terminal.
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/[^\x20-\x7e]+/g, "?").slice(0, 120);
}

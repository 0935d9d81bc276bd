import { BytesperError } from "../../base/errors.js";
import { Fields, isObject } from "../fields.js";
import { parsePythonJson } from "../json.js";

/** Which modules are meant: all matrices of the layers, ends of names, or a pattern for whole names. */
export type Targets = "all-linear" | readonly string[] | RegExp;

/** Small matrices that are trained beside the weights of a model, as PEFT's `adapter_config.json` describes them. */
export interface Adapter {
  rank: number;
  targets: Targets;
  /** Ranks of single modules: a pattern for the end of the name, and the rank. */
  ranks?: readonly (readonly [RegExp, number])[];
  /** Modules that are trained whole, as copies. */
  saved?: readonly string[];
  /** Tensors that hold all experts in one, by the end of their names. */
  parameters?: readonly string[];
  /** DoRA: a length for each output beside the two matrices. */
  hasLengths?: boolean;
  /** The second matrix has a bias. */
  hasBias?: boolean;
  /** Biases of the model that are trained too. */
  biases?: "all" | "lora_only";
  /** Layers that are adapted; all if absent. */
  layers?: readonly number[];
  excluded?: Targets;
  /** Rows of the embedding that are trained alone. */
  words?: number;
  base?: string;
  notes: readonly string[];
}

/** No adapter was ever larger: the value is a mistake. */
const MOST_RANK = 65_536;

/** The adapter in an `adapter_config.json`. Throws `BAD_INPUT` in one sentence if the text is none. */
export function readAdapter(text: string, file: string): Adapter {
  let config: unknown;
  try {
    config = parsePythonJson(text);
  } catch (error) {
    throw wrong(file, "is not JSON", error);
  }
  if (!isObject(config)) throw wrong(file, "is no object");
  const fields = new Fields(config, file, "an adapter");
  const kind = fields.text("peft_type");
  if (kind === undefined) throw wrong(file, "has no peft_type");
  if (kind !== "LORA")
    throw new BytesperError(
      "BAD_INPUT",
      `${file} describes an adapter of the kind ${JSON.stringify(kind.slice(0, 40))}, and bytesper counts those of the kind LORA; count its tensors with estimate on adapter_model.safetensors.`,
    );
  if (fields.any("layer_replication") !== undefined)
    throw new BytesperError(
      "BAD_INPUT",
      `${file} repeats layers of its model (layer_replication), which bytesper does not count; count its tensors with estimate on adapter_model.safetensors.`,
    );
  const bias = fields.text("bias") ?? "none";
  if (bias !== "none" && bias !== "all" && bias !== "lora_only")
    throw fields.wrong("bias", "none, all or lora_only");
  const layers = fields.raw("layers_to_transform");
  const listed = typeof layers === "number" ? [layers] : fields.wholes("layers_to_transform");
  const words = fields.raw("trainable_token_indices");
  return {
    rank: fields.whole("r", MOST_RANK),
    targets: targetsOf(fields, "target_modules") ?? [],
    ranks: ranksOf(fields),
    saved: textsOf(fields, "modules_to_save"),
    parameters: textsOf(fields, "target_parameters"),
    hasLengths: fields.flag("use_dora", false),
    hasBias: fields.flag("lora_bias", false),
    ...(bias === "none" ? {} : { biases: bias }),
    ...(layers === undefined || listed.length === 0 ? {} : { layers: listed }),
    ...excludedOf(fields),
    ...(Array.isArray(words) && words.length > 0 ? { words: words.length } : {}),
    ...baseOf(fields),
    notes: fields.notes,
  };
}

function wrong(file: string, what: string, cause?: unknown): BytesperError {
  return new BytesperError(
    "BAD_INPUT",
    `Expected ${file} to be the adapter_config.json of an adapter, but it ${what}; give that file or its folder.`,
    { cause },
  );
}

function baseOf(fields: Fields): { base?: string } {
  const base = fields.text("base_model_name_or_path");
  return base === undefined || base === "" ? {} : { base };
}

function excludedOf(fields: Fields): { excluded?: Targets } {
  const excluded = targetsOf(fields, "exclude_modules");
  return excluded === undefined ? {} : { excluded };
}

/** A list of names, one name for all matrices, or a pattern as Python writes it. */
function targetsOf(fields: Fields, name: string): Targets | undefined {
  const value = fields.raw(name);
  if (value === undefined) return undefined;
  if (typeof value === "string")
    return value.toLowerCase() === "all-linear" ? "all-linear" : patternOf(fields, name, value);
  const texts = textsOf(fields, name);
  return texts.includes("all-linear") ? "all-linear" : texts;
}

function textsOf(fields: Fields, name: string): string[] {
  const value = fields.raw(name);
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw fields.wrong(name, "a list of names");
}

function ranksOf(fields: Fields): [RegExp, number][] {
  const inner = fields.inner("rank_pattern");
  if (inner === undefined) return [];
  return Object.keys(inner.values).map((key) => [
    patternOf(inner, key, `(?:.*\\.)?(?:${key})`),
    inner.whole(key, MOST_RANK),
  ]);
}

/** A pattern for the whole of a name; Python's spelling of named groups is JavaScript's after one letter. */
function patternOf(fields: Fields, name: string, text: string): RegExp {
  // A pattern with a repeated group can take for ever on a long name.
  const isSlow = text.length > 4000 || /\([^()]*[+*][^()]*\)[+*{]/.test(text);
  try {
    if (!isSlow) return new RegExp(`^(?:${text.replaceAll("(?P<", "(?<")})$`);
  } catch {
    // Told below, as a pattern that is not read.
  }
  throw fields.wrong(name, "a pattern that bytesper can read");
}

import { basename, dirname } from "node:path";
import { BytesperError } from "../base/errors.js";
import { suggestion } from "../base/nearest-name.js";
import type { Unasked } from "./accounting.js";
import { uncountedFields, uncountedSentence } from "./accounting.js";
import { CLASS_DEFAULTS } from "./class-defaults.js";
import { FAMILIES, familyOf, readFamily } from "./families/index.js";
import { EXPERT_WIDTH } from "./families/mixture.js";
import { WIDTH, unknownDecoder } from "./families/unknown.js";
import { Fields, NAMES, isObject } from "./fields.js";
import { headDoubts, headOf, withHead } from "./head.js";
import { parsePythonJson } from "./json.js";
import { otherKind, refusedKind, unknownKind } from "./other-kinds.js";
import { quantizationOf } from "./quantization/config.js";
import type { WeightFormat } from "./quantization/named.js";
import { formatInName } from "./quantization/named.js";
import { schemeIn, wholeBytesOf } from "./scheme-of-model.js";
import type { ModelShape, Tensor } from "./shape.js";
import { parameterCount } from "./shape.js";
import { towersOf } from "./towers/index.js";

/** Fields in which models for images or sound keep their language model. */
const NESTED = [
  "text_config",
  "llm_config",
  "language_config",
  "thinker_config",
  "language_model_config",
  "lm_config",
  "decoder_config",
];

export interface ReadOptions {
  file?: string;
  /** Reads the file as this `model_type`, whatever the file says. */
  family?: string;
  /** An object that describes the quantisation, from a file beside the config. */
  quantization?: Record<string, unknown>;
}

/**
 * The shape of the model in a Hugging Face `config.json`. Throws `BAD_INPUT` with the reason if the text is
 * no such file, if a decoder of its architecture cannot be derived, or if a field is missing or absurd.
 */
export function readModel(text: string, options: ReadOptions = {}): ModelShape {
  const file = options.file ?? "config.json";
  let config: unknown;
  try {
    config = parsePythonJson(text);
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
  const { values, where, levels } = languageModel(config, file);
  const names = [architectureName(values), ...levels.map((level) => architectureName(level.values))].filter(
    (name) => name !== undefined,
  );
  const outsideIn = [...levels.map((level) => level.values).reverse(), values];
  const other = otherKind(outsideIn);
  if (other !== undefined) throw refusedKind(file, other);
  const named = options.family === undefined ? names : [options.family];
  const family = named.map((name) => familyOf(name)).find((known) => known !== undefined);
  if (family === undefined && options.family !== undefined) {
    throw new BytesperError(
      "USAGE",
      `${JSON.stringify(options.family)} is not a family that bytesper knows${suggestion(options.family, FAMILIES)}; give one of ${FAMILIES.join(", ")}.`,
    );
  }
  const notes: string[] = [];
  const uncounted: string[] = [];
  const kind = family === undefined ? unknownKind(outsideIn) : undefined;
  if (kind !== undefined) throw refusedKind(file, kind);
  const fields = new Fields(values, where, family ?? names[0] ?? "unknown", notes);
  const text =
    family === undefined
      ? guessed(fields, names[0], uncounted)
      : readFamily(family, filled(fields, family, levels.length > 0));
  if (options.family !== undefined) {
    const declared = names[0];
    if (declared !== undefined && familyOf(declared) !== family)
      notes.push(
        `--family ${options.family} reads a file that says ${declared}: whether its layers hold the tensors of ${options.family} cannot be checked.`,
      );
  }

  uncounted.push(...headDoubts(...levels.map((level) => level.values), values));
  const around = aroundOf(config, levels, fields, text);
  uncounted.push(...around.uncounted);
  notes.push(...around.notes);
  const open = [...fields.unasked(), ...around.unasked].filter(
    ({ name, value, where: place }) =>
      !isQuantization(name) &&
      !(name === "perceiver_config" && values.use_resampler === false) &&
      !(place !== where && Object.is(values[name], value)),
  );
  for (const place of new Set(open.map((one) => one.where))) {
    const found = uncountedFields(open.filter((one) => one.where === place));
    if (found.length > 0) uncounted.push(uncountedSentence(place, found));
  }
  notes.push(...predictedNotes(values));

  const head = headOf(...levels.map((level) => level.values), values);
  const whole: ModelShape = {
    ...text,
    tensors: [...withHead(text, head), ...around.tensors],
    ...(head.kind === "language" ? {} : { outputs: head.labels }),
    ...(uncounted.length === 0 ? {} : { uncounted }),
    notes,
  };
  if (!Number.isSafeInteger(parameterCount(whole))) {
    throw new BytesperError(
      "BAD_INPUT",
      `The sizes in ${where} make more than 2^53 parameters, which no model has; correct the file.`,
    );
  }
  return stored(whole, [values, ...levels.map((level) => level.values)], options);
}

/** An architecture without a reader: what its sizes give, marked as a lower bound. */
function guessed(fields: Fields, name: string | undefined, uncounted: string[]): ModelShape {
  const [architecture] = fields.any("architectures") ?? [];
  const encodes = typeof architecture === "string" && /MaskedLM|PreTraining/.test(architecture);
  if (encodes || !hasSizes(fields.values)) throw unknown(name, fields.values, fields.where);
  const model = unknownDecoder(fields);
  const called =
    name === undefined ? "the architecture, which has no model_type" : JSON.stringify(name.slice(0, 60));
  uncounted.push(
    `bytesper does not know ${called}: the cache is that of ${model.layers.length} layers with the heads in the config, and the weights are those of a usual decoder with its sizes.`,
  );
  return model;
}

/** Adds what the class of the family fills in, where a file inside a larger one leaves it out. */
function filled(fields: Fields, family: string, nested: boolean): Fields {
  const defaults = CLASS_DEFAULTS[family];
  if (!nested || defaults === undefined || family === "gemma3") return fields;
  const names: readonly (readonly string[])[] = Object.values(NAMES);
  const stated = (name: string): boolean =>
    fields.states(names.find((spellings) => spellings.includes(name)) ?? name);
  const missing = Object.entries(defaults).filter(([name]) => !stated(name));
  for (const [name, value] of missing) if (typeof value === "number") fields.assume(name, value);
  return missing.length === 0 ? fields : fields.with(Object.fromEntries(missing));
}

interface Around {
  tensors: Tensor[];
  uncounted: string[];
  notes: string[];
  unasked: Unasked[];
}

/** What stands beside the language model: towers, projections and other models. */
function aroundOf(
  config: Record<string, unknown>,
  levels: readonly Level[],
  fields: Fields,
  text: ModelShape,
): Around {
  const around: Around = { tensors: [], uncounted: [], notes: [], unasked: [] };
  // A file without a nested language model may have towers too.
  const places = levels.length === 0 ? [{ values: config, where: fields.where }] : levels;
  const gate = text.tensors.find(({ name }) => name.endsWith("mlp.gate_proj.weight"))?.shape[0];
  const sizes = { ...text, ...(gate === undefined ? {} : { intermediateSize: gate }) };
  for (const { values, where } of places) {
    const { read, tensors, uncounted, notes, unasked } = towersOf(values, sizes, where, text.family);
    around.tensors.push(...tensors);
    around.uncounted.push(...uncounted);
    around.notes.push(...notes);
    around.unasked.push(...unasked);
    if (levels.length === 0) fields.known(...read);
    else
      for (const [name, value] of Object.entries(values))
        if (!read.has(name) && !NESTED.includes(name)) around.unasked.push({ name, value, where });
  }
  const outer = levels.at(-1)?.values.model_type;
  const isAlone = around.tensors.length === 0 && around.uncounted.length === 0;
  if (isAlone && typeof outer === "string" && familyOf(outer) !== text.family)
    around.uncounted.push(
      `The model around the language model (${outer.slice(0, 60)}) may hold tensors that its fields do not name; they are not counted.`,
    );
  return around;
}

/** Objects that describe how the weights are stored; they are read apart. */
function isQuantization(name: string): boolean {
  return ["quantization_config", "quantization", "compression_config"].includes(name);
}

/** Counts of layers that predict several tokens; families have many names for them. */
const PREDICTED =
  /^(n|num|use|enable)?_?(mtp|nextn|predict_layers)|nextn_predict|(mtp|nextn)_(num_)?(hidden_)?layers/;

function predictedNotes(values: Record<string, unknown>): string[] {
  const found = Object.entries(values).filter(
    ([name, value]) => PREDICTED.test(name) && (value === true || (typeof value === "number" && value > 0)),
  );
  // A switch beside a count says nothing more.
  const counts = found.filter(([, value]) => value !== true);
  const [first] = counts.length > 0 ? counts : found;
  return first === undefined
    ? []
    : [
        `Layers that predict several tokens (${first[0]} ${String(first[1])}) are not in the figures; the checkpoint has them.`,
      ];
}

/** Adds how the weights are stored, from the config, from a file beside it, or from the name of the file. */
function stored(
  model: ModelShape,
  levels: readonly Record<string, unknown>[],
  options: ReadOptions,
): ModelShape {
  const notes = [...model.notes];
  const uncounted = [...(model.uncounted ?? [])];
  const found = (key: string): Record<string, unknown> | undefined =>
    levels.map((level) => level[key]).find(isObject);
  const general = found("quantization_config") ?? found("compression_config");
  // Objects of towers with this name exist too, but MLX's states its bits.
  const mlx = found("quantization");
  const values = options.quantization ?? general ?? mlx;
  if (values !== undefined) {
    const { scheme, notes: more } = quantizationOf({
      values,
      mlx:
        values === mlx ||
        (general !== undefined && mlx !== undefined && values === general && !("quant_method" in general)),
      layers: Math.max(1, model.layers.length),
      wholeBytes: Math.min(2, wholeBytesOf(model)),
    });
    notes.push(...more);
    return {
      ...model,
      ...(scheme === undefined ? {} : { scheme }),
      ...(uncounted.length === 0 ? {} : { uncounted }),
      notes,
    };
  }
  const expertType = levels
    .map((level) => level.expert_dtype)
    .find((type) => type === "fp4" || type === "mxfp4");
  const format = expertType === undefined ? formatInFile(options.file) : "mxfp4";
  const scheme = format === undefined ? undefined : schemeIn(model, format);
  if (format === undefined || scheme === undefined) return model;
  notes.push(
    expertType === undefined
      ? `The name says ${format} and the config names no quantisation: the weights are counted as ${format} is stored; --dtype bf16 counts them whole.`
      : `expert_dtype ${expertType}: experts are counted with 4 bits and their scales.`,
  );
  return { ...model, scheme, notes };
}

/** The format in the name of a file, or of its folder if the file has the name of every config. */
function formatInFile(file: string | undefined): WeightFormat | undefined {
  if (file === undefined) return undefined;
  const own = basename(file).replace(/\.json$/, "");
  return formatInName(own === "config" ? basename(dirname(file)) : own);
}

interface Level {
  values: Record<string, unknown>;
  where: string;
}

interface LanguageModel {
  values: Record<string, unknown>;
  where: string;
  /** The objects around it, from the inside out. */
  levels: Level[];
}

/**
 * The object with the fields of the language model. Fields that stand only in the outer object, such as
 * `tie_word_embeddings`, are added to it.
 */
function languageModel(config: Record<string, unknown>, file: string): LanguageModel {
  let values = config;
  let where = file;
  const levels: Level[] = [];
  for (let depth = 0; depth < 3; depth++) {
    const key = NESTED.find((name) => isObject(values[name]));
    if (key === undefined) break;
    const inner = values[key] as Record<string, unknown>;
    const outer = values;
    levels.unshift({ values: outer, where });
    // Older files have the fields of the language model in both objects; the inner ones are used.
    values = { ...inner };
    for (const name of ["tie_word_embeddings", "dtype", "torch_dtype"]) {
      if (name !== "tie_word_embeddings" && (inner.dtype ?? inner.torch_dtype) != null) continue;
      if (inner[name] == null && outer[name] != null) values[name] = outer[name];
    }
    where = `${key} in ${where}`;
  }
  return { values, where, levels };
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

/** Whether the sizes are there from which a cache and weights follow. */
function hasSizes(values: Record<string, unknown>): boolean {
  const stated = (names: readonly string[]): boolean =>
    names.some((name) => typeof values[name] === "number");
  return (
    [NAMES.layers, NAMES.hidden, NAMES.heads, NAMES.vocabulary].every(stated) &&
    (stated([...WIDTH, ...EXPERT_WIDTH]) || WIDTH.some((name) => Array.isArray(values[name])))
  );
}

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
    `${called}: ${known}, missing is ${lacking}; if its layers are those of a known family, name that with --family (such as llama, qwen3, mixtral or deepseek_v3), or give the folder of the checkpoint, whose tensors can be counted.`,
  );
}

function reasonOf(error: unknown): string {
  // V8 quotes the wrong text in its message; bytes of a binary file must not reach the terminal.
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/[^\x20-\x7e]+/g, "?").slice(0, 120);
}

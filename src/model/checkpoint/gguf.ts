import { open } from "node:fs/promises";
import { BytesperError } from "../../base/errors.js";
import { attentionOfLayer } from "./gguf-attention.js";
import { GGUF_BLOCKS } from "../quantization/gguf.js";
import type { Layer, ModelShape } from "../shape.js";
import { HeaderReader, damaged } from "./bytes.js";
import type { Span, StoredTensor } from "./tensors.js";
import { elementCount, overlapOf, shapeTensors } from "./tensors.js";

/** Files of the largest models have some thousands of each; a count above means that the file is damaged. */
const MOST_TENSORS = 1_000_000;
const MOST_ENTRIES = 100_000;
const MOST_TEXT = 64 * 2 ** 20;
/** Vocabularies have some hundred thousand words. */
const MOST_WORDS = 10_000_000;

/** Numbers of the types in the header (enum ggml_type of llama.cpp). */
const TYPES: Record<number, string> = {
  0: "F32",
  1: "F16",
  2: "Q4_0",
  3: "Q4_1",
  6: "Q5_0",
  7: "Q5_1",
  8: "Q8_0",
  9: "Q8_1",
  10: "Q2_K",
  11: "Q3_K",
  12: "Q4_K",
  13: "Q5_K",
  14: "Q6_K",
  15: "Q8_K",
  16: "IQ2_XXS",
  17: "IQ2_XS",
  18: "IQ3_XXS",
  19: "IQ1_S",
  20: "IQ4_NL",
  21: "IQ3_S",
  22: "IQ2_S",
  23: "IQ4_XS",
  24: "I8",
  25: "I16",
  26: "I32",
  27: "I64",
  28: "F64",
  29: "IQ1_M",
  30: "BF16",
  34: "TQ1_0",
  35: "TQ2_0",
  39: "MXFP4",
};

/** Sizes of the values of metadata by their number; text and lists are read apart. */
const VALUE_BYTES: Record<number, number> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};
const TEXT = 8;
const LIST = 9;

export type Metadata = Map<string, number | string | boolean | number[] | { length: number }>;

export interface Gguf {
  metadata: Metadata;
  tensors: StoredTensor[];
}

/** The metadata and the tensors of a `.gguf` file, from its header alone. */
export async function readGguf(path: string): Promise<Gguf> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const reader = new HeaderReader(file, path, size);
    if ((await reader.take(4)).toString("latin1") !== "GGUF")
      throw damaged(path, "it does not begin with GGUF, as every such file does");
    const version = (await reader.take(4)).readUInt32LE();
    if (version !== 2 && version !== 3)
      throw damaged(path, `it has the version ${version} of the format, and bytesper reads 2 and 3`);
    const tensorCount = await whole(reader);
    const entryCount = await whole(reader);
    if (tensorCount > MOST_TENSORS) throw damaged(path, `it would hold ${tensorCount} tensors`);
    if (entryCount > MOST_ENTRIES) throw damaged(path, `it would hold ${entryCount} entries of metadata`);
    const metadata: Metadata = new Map();
    for (let at = 0; at < entryCount; at++) {
      const key = await text(reader, path);
      metadata.set(key, await value(reader, path, (await reader.take(4)).readUInt32LE()));
    }
    const tensors: StoredTensor[] = [];
    const names = new Set<string>();
    const spans: Span[] = [];
    let end = 0;
    for (let at = 0; at < tensorCount; at++) {
      const { tensor, offset } = await tensorOf(reader, path);
      if (names.has(tensor.name))
        throw damaged(path, `it has two tensors with the name ${JSON.stringify(tensor.name.slice(0, 80))}`);
      names.add(tensor.name);
      tensors.push(tensor);
      spans.push({ name: tensor.name, begin: offset, end: offset + tensor.bytes });
      end = Math.max(end, offset + tensor.bytes);
    }
    const overlap = overlapOf(spans);
    if (overlap !== undefined) throw damaged(path, overlap);
    const alignment = metadata.get("general.alignment");
    const step = typeof alignment === "number" && alignment > 0 ? alignment : 32;
    const start = Math.ceil(reader.position / step) * step;
    if (start + end > size)
      throw damaged(path, `its tensors end at ${start + end} bytes, but it has ${size}`);
    return { metadata, tensors };
  } finally {
    await file.close();
  }
}

async function tensorOf(
  reader: HeaderReader,
  path: string,
): Promise<{ tensor: StoredTensor; offset: number }> {
  const name = await text(reader, path);
  const called = `the tensor ${JSON.stringify(name.slice(0, 80))}`;
  const dimensions = (await reader.take(4)).readUInt32LE();
  if (dimensions > 8) throw damaged(path, `${called} would have ${dimensions} dimensions`);
  const shape: number[] = [];
  // The file lists the fastest dimension first.
  for (let at = 0; at < dimensions; at++) shape.unshift(await whole(reader));
  const type = (await reader.take(4)).readUInt32LE();
  const offset = await whole(reader);
  const spelled = TYPES[type];
  const block = spelled === undefined ? undefined : GGUF_BLOCKS[spelled];
  if (spelled === undefined || block === undefined)
    throw damaged(path, `${called} has the type ${type}, which bytesper does not know`);
  const [bytes, numbers] = block;
  const elements = elementCount(shape);
  const size = (elements / numbers) * bytes;
  if (!Number.isSafeInteger(size))
    throw damaged(path, `${called} has ${elements} numbers, which ${spelled} cannot store`);
  return { tensor: { name, type: spelled, shape, bytes: size }, offset };
}

async function whole(reader: HeaderReader): Promise<number> {
  return Number((await reader.take(8)).readBigUInt64LE());
}

async function text(reader: HeaderReader, path: string): Promise<string> {
  const length = await whole(reader);
  if (length > MOST_TEXT) throw damaged(path, `a name or text in its header would have ${length} bytes`);
  return (await reader.take(length)).toString("utf8");
}

async function value(
  reader: HeaderReader,
  path: string,
  type: number,
): Promise<number | string | boolean | number[] | { length: number }> {
  if (type === TEXT) return text(reader, path);
  if (type === LIST) return list(reader, path);
  const bytes = VALUE_BYTES[type];
  if (bytes === undefined)
    throw damaged(path, `an entry of its metadata has the type ${type}, which there is not`);
  return number(await reader.take(bytes), type);
}

function number(bytes: Buffer, type: number): number | boolean {
  if (type === 7) return bytes[0] !== 0;
  if (type === 6) return bytes.readFloatLE();
  if (type === 12) return bytes.readDoubleLE();
  if (type === 10) return Number(bytes.readBigUInt64LE());
  if (type === 11) return Number(bytes.readBigInt64LE());
  const isSigned = type === 1 || type === 3 || type === 5;
  return isSigned ? bytes.readIntLE(0, bytes.length) : bytes.readUIntLE(0, bytes.length);
}

/** A list of numbers if it is short; of words (the vocabulary) only how many there are. */
async function list(reader: HeaderReader, path: string): Promise<number[] | { length: number }> {
  const type = (await reader.take(4)).readUInt32LE();
  const length = await whole(reader);
  if (type === TEXT) {
    if (length > MOST_WORDS) throw damaged(path, `a list of its metadata would hold ${length} texts`);
    for (let at = 0; at < length; at++) await reader.skip(await wholeWithin(reader, path));
    return { length };
  }
  const bytes = VALUE_BYTES[type];
  if (bytes === undefined)
    throw damaged(path, `a list of its metadata has the type ${type}, which there is not`);
  if (length > 10_000) {
    await reader.skip(length * bytes);
    return { length };
  }
  const numbers: number[] = [];
  for (let at = 0; at < length; at++) numbers.push(Number(number(await reader.take(bytes), type)));
  return numbers;
}

async function wholeWithin(reader: HeaderReader, path: string): Promise<number> {
  const length = await whole(reader);
  if (length > MOST_TEXT) throw damaged(path, `a word in its header would have ${length} bytes`);
  return length;
}

/** The shape of the model in a GGUF file, from its metadata; its weights are those of the file. */
export function modelOfGguf({ metadata, tensors }: Gguf, path: string): ModelShape {
  const architecture = metadata.get("general.architecture");
  if (typeof architecture !== "string")
    throw new BytesperError(
      "BAD_INPUT",
      `${path} names no general.architecture, so its layers are not known; give the config.json of the model.`,
    );
  const one = (key: string): number | undefined => {
    const found = metadata.get(`${architecture}.${key}`);
    return typeof found === "number" && found >= 0 ? found : undefined;
  };
  const count = one("block_count");
  const hiddenSize = one("embedding_length");
  const words = metadata.get("tokenizer.ggml.tokens");
  const embedding = tensors.find(({ name }) => name === "token_embd.weight");
  const vocabularySize =
    one("vocab_size") ?? (typeof words === "object" ? words.length : undefined) ?? embedding?.shape[0];
  if (count === undefined || hiddenSize === undefined || vocabularySize === undefined || count > 10_000)
    throw new BytesperError(
      "BAD_INPUT",
      `${path} states no block_count, embedding_length or vocabulary for ${architecture}; give the config.json of the model.`,
    );
  const notes: string[] = [];
  const layers = Array.from({ length: count }, (_, layer): Layer =>
    attentionOfLayer(metadata, architecture, layer, hiddenSize),
  );
  const predicted = one("nextn_predict_layers") ?? 0;
  if (predicted > 0)
    notes.push(`${predicted} layers that predict several tokens are in the weights of the file.`);
  const maxPositions = one("context_length");
  return {
    family: architecture,
    hiddenSize,
    vocabularySize,
    layers: layers.slice(0, count - predicted),
    tensors: shapeTensors(tensors),
    dtype: "float16",
    ...(maxPositions === undefined ? {} : { maxPositions }),
    notes,
  };
}

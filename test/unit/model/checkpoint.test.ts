import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { estimate, kvBytesPerToken, readModelFile } from "../../../src/model/index.js";
import { TINY } from "./configs.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bytesper-checkpoint-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

type Entry = { dtype: string; shape: number[]; data_offsets: [number, number] };

const BYTES: Record<string, number> = { BF16: 2, F32: 4, I32: 4, U8: 1, F8_E4M3: 1, U32: 4 };

/** The header of a `.safetensors` file with these tensors one after the other. */
function header(tensors: Record<string, [dtype: string, ...shape: number[]]>): {
  text: string;
  data: number;
} {
  let data = 0;
  const entries: Record<string, Entry> = {};
  for (const [name, [dtype, ...shape]] of Object.entries(tensors)) {
    const bytes = shape.reduce((product, size) => product * size, BYTES[dtype] ?? 1);
    entries[name] = { dtype, shape, data_offsets: [data, data + bytes] };
    data += bytes;
  }
  return { text: JSON.stringify(entries), data };
}

/** Writes a header and makes the file as long as its data; holes take no room on the disk. */
async function write(
  name: string,
  text: string,
  dataBytes: number,
  length = Buffer.byteLength(text),
): Promise<string> {
  const path = join(folder, name);
  const file = await open(path, "w");
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(length));
  await file.write(start);
  await file.write(text);
  await file.truncate(8 + Buffer.byteLength(text) + dataBytes);
  await file.close();
  return path;
}

async function writeTensors(name: string, tensors: Parameters<typeof header>[0]): Promise<string> {
  const { text, data } = header(tensors);
  return write(name, text, data);
}

const weights = async (
  path: string,
): Promise<{ parameters: number; weightsBytes: number; notes: string }> => {
  const { parameters, weightsBytes, notes } = estimate(await readModelFile(path), { tokens: 1 });
  return { parameters, weightsBytes, notes: notes.join(" ") };
};

test("a file of 100 GB is read from its header", async () => {
  const path = await writeTensors("large.safetensors", { "a.weight": ["BF16", 500_000, 100_000] });
  expect(await weights(path)).toMatchObject({ parameters: 5e10, weightsBytes: 1e11 });
});

test("the checkpoint decides over the weights, the config over the cache, and a difference is said", async () => {
  const { mkdir } = await import("node:fs/promises");
  const own = join(folder, "tiny");
  await mkdir(own);
  await writeFile(join(own, "config.json"), JSON.stringify(TINY));
  await writeTensors("tiny/model.safetensors", {
    "model.embed_tokens.weight": ["BF16", 10, 8],
    "more.weight": ["F32", 100, 8],
  });
  const model = await readModelFile(own);
  const result = estimate(model, { tokens: 1 });
  expect(result).toMatchObject({ parameters: 880, weightsBytes: 160 + 3200 });
  // Two layers, two heads of keys and values, two numbers each, two bytes.
  expect(kvBytesPerToken(model, "bf16")).toBe(2 * 2 * (2 + 2) * 2);
  expect(result.notes.join(" ")).toMatch(/The checkpoint holds 880 parameters, the config gives/);
});

test("an index whose files are not all there gives the bytes that it states", async () => {
  const { mkdir } = await import("node:fs/promises");
  const own = join(folder, "parts");
  await mkdir(own);
  await writeFile(join(own, "config.json"), JSON.stringify(TINY));
  const map = { a: "model-00001-of-00002.safetensors", b: "model-00002-of-00002.safetensors" };
  await writeFile(
    join(own, "model.safetensors.index.json"),
    JSON.stringify({ metadata: { total_size: 4321 }, weight_map: map }),
  );
  await writeTensors("parts/model-00001-of-00002.safetensors", { a: ["BF16", 4] });
  const { weightsBytes, notes } = await weights(own);
  expect(weightsBytes).toBe(4321);
  expect(notes).toMatch(/1 of the files that the index names are not here/);
});

test("packed numbers count as the parameters that they hold", async () => {
  const { mkdir } = await import("node:fs/promises");
  const own = join(folder, "gptq");
  await mkdir(own);
  const quantization_config = { quant_method: "gptq", bits: 4, group_size: 8 };
  await writeFile(join(own, "config.json"), JSON.stringify({ ...TINY, quantization_config }));
  await writeTensors("gptq/model.safetensors", {
    "q.qweight": ["I32", 1, 8],
    "q.qzeros": ["I32", 1, 1],
    "q.scales": ["BF16", 1, 8],
    "norm.weight": ["BF16", 8],
  });
  // Eight numbers in each of the 8 integers, and the norm.
  expect((await weights(own)).parameters).toBe(64 + 8);
});

const GOOD = header({ a: ["BF16", 4] });

test.each<[name: string, text: string, data: number, length: number | undefined, sentence: RegExp]>([
  ["a length beyond the file", GOOD.text, 8, 10_000, /its header has 10000 bytes, but only \d+ follow/],
  ["a length that no file has", GOOD.text, 8, 10 ** 12, /would have 1000000000000 bytes/],
  ["text that is not JSON", "not json!", 8, undefined, /its header is not JSON/],
  ["a tensor beyond the data", GOOD.text, 7, undefined, /the tensor "a" ends at 8 of 7 bytes/],
  [
    "a tensor of the wrong size",
    GOOD.text.replace("[4]", "[5]"),
    8,
    undefined,
    /has 8 bytes, which BF16 numbers of the shape 5 do not take/,
  ],
  ["a negative shape", GOOD.text.replace("[4]", "[-4]"), 8, undefined, /has no shape of whole numbers/],
  [
    "two equal names",
    `{${GOOD.text.slice(1, -1)},${GOOD.text.slice(1)}`,
    8,
    undefined,
    /two tensors with the name "a"/,
  ],
  [
    "tensors that overlap",
    header({ a: ["BF16", 4], b: ["BF16", 4] }).text.replace("[8,16]", "[6,14]"),
    16,
    undefined,
    /the tensor "b" begins at 6, inside "a", which ends at 8/,
  ],
])("%s in a .safetensors header is one sentence", async (name, text, data, length, sentence) => {
  const path = await write(`${name.replace(/ /g, "-")}.safetensors`, text, data, length);
  await expect(readModelFile(path)).rejects.toThrow(sentence);
  await expect(readModelFile(path)).rejects.toMatchObject({ code: "BAD_INPUT" });
});

/** A GGUF header; values are texts, whole numbers in 32 bits, or lists of words. */
function gguf(
  metadata: Record<string, string | number | string[]>,
  tensors: [name: string, type: number, offset: number, ...shape: number[]][],
  counts: { tensors?: bigint } = {},
): Buffer {
  const u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const u64 = (value: number | bigint): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return bytes;
  };
  const text = (value: string): Buffer[] => [u64(Buffer.byteLength(value)), Buffer.from(value)];
  return Buffer.concat([
    Buffer.from("GGUF"),
    u32(3),
    u64(counts.tensors ?? tensors.length),
    u64(Object.keys(metadata).length),
    ...Object.entries(metadata).flatMap(([key, value]) => [
      ...text(key),
      ...(typeof value === "string"
        ? [u32(8), ...text(value)]
        : typeof value === "number"
          ? [u32(4), u32(value)]
          : [u32(9), u32(8), u64(value.length), ...value.flatMap(text)]),
    ]),
    ...tensors.flatMap(([name, type, offset, ...shape]) => [
      ...text(name),
      u32(shape.length),
      ...[...shape].reverse().map(u64),
      u32(type),
      u64(offset),
    ]),
  ]);
}

const METADATA = {
  "general.architecture": "llama",
  "llama.block_count": 3,
  "llama.embedding_length": 512,
  "llama.attention.head_count": 8,
  "llama.attention.head_count_kv": 2,
  "llama.feed_forward_length": 1024,
  "llama.context_length": 4096,
  "tokenizer.ggml.tokens": ["a", "b", "c", "d"],
};

async function writeGguf(name: string, bytes: Buffer, data: number): Promise<string> {
  const path = join(folder, name);
  const file = await open(path, "w");
  await file.write(bytes);
  await file.truncate(Math.ceil(bytes.length / 32) * 32 + data);
  await file.close();
  return path;
}

test("a GGUF file gives weights, layers and cache from its header", async () => {
  // 4 x 512 numbers in Q4_K: 8 blocks of 144 B; 512 in F32.
  const bytes = gguf(METADATA, [
    ["token_embd.weight", 12, 0, 4, 512],
    ["output_norm.weight", 0, 1152, 512],
  ]);
  const path = await writeGguf("good.gguf", bytes, 1152 + 2048);
  const model = await readModelFile(path);
  const result = estimate(model, { tokens: 10 });
  expect(result).toMatchObject({ model: "llama", parameters: 2560, weightsBytes: 3200 });
  // Three layers, two heads of 64 for keys and values, 16 bits.
  expect(result.kvBytesPerToken).toBe(3 * 2 * 128 * 2);
  expect(model).toMatchObject({ vocabularySize: 4, maxPositions: 4096 });
});

test.each<[name: string, bytes: Buffer, data: number, sentence: RegExp]>([
  ["a billion tensors", gguf(METADATA, [], { tensors: 10n ** 9n }), 0, /it would hold 1000000000 tensors/],
  [
    "tensors beyond the end",
    gguf(METADATA, [["a", 0, 0, 512]]),
    100,
    /its tensors end at \d+ bytes, but it has/,
  ],
  [
    "two equal names",
    gguf(METADATA, [
      ["a", 0, 0, 1],
      ["a", 0, 32, 1],
    ]),
    64,
    /two tensors with the name "a"/,
  ],
  [
    "tensors that overlap",
    gguf(METADATA, [
      ["a", 0, 0, 512],
      ["b", 0, 1024, 512],
    ]),
    4096,
    /the tensor "b" begins at 1024, inside "a", which ends at 2048/,
  ],
  ["another magic", Buffer.from("GGML0000000000000000"), 0, /does not begin with GGUF/],
  [
    "an end inside the header",
    gguf(METADATA, [["a", 0, 0, 1]]).subarray(0, 96),
    0,
    /inside its header|behind its end/,
  ],
  ["an unknown type", gguf(METADATA, [["a", 999, 0, 1]]), 64, /has the type 999/],
])("%s in a GGUF header is one sentence", async (name, bytes, data, sentence) => {
  const path = await writeGguf(`${name.replace(/ /g, "-")}.gguf`, bytes, data);
  await expect(readModelFile(path)).rejects.toThrow(sentence);
});

import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Estimate, PublishedComparison } from "../../src/model/index.js";
import {
  estimate,
  kvBytes,
  kvBytesPerToken,
  kvExpandedBytesPerToken,
  modelOf,
} from "../../src/model/index.js";
import type { Config } from "../unit/model/configs.js";
import { LLAMA_405B, LLAMA_70B, QWEN25_3B, QWEN25_72B, QWEN3_235B, TINY } from "../unit/model/configs.js";
import { bytesper as bytesperItself, inFolder } from "./cli.js";
import { realData } from "./data.js";
import { bytesperInOneProcess } from "./one-process.js";

const bytesper = bytesperInOneProcess();

const MIB = 2 ** 20;
const GIB = 2 ** 30;

interface Truth {
  models: Record<
    string,
    {
      config?: string;
      kv_elements_per_token: number;
      kv_bytes_per_token_16bit: number;
      kv_bytes_per_token_beyond_window_16bit?: number;
      kv_note?: string;
      parameters?: number;
      weights_bytes_16bit?: number;
    }
  >;
  published: {
    model: string;
    value_bytes_per_token?: number | number[];
    value_elements_per_token?: number;
    table_gib?: Record<string, number>;
    parameters?: number;
    as_published?: string | null;
    agrees_with_computed?: boolean;
  }[];
  measured_logs: { model: string; runtime: string; tokens?: number; log: string; bytes_per_token: number }[];
}

const TRUTH = realData("kv-truth.json");
const truth: Truth =
  TRUTH.missing === undefined
    ? (JSON.parse(readFileSync(TRUTH.path, "utf8")) as Truth)
    : { models: {}, published: [], measured_logs: [] };
const WITH_CONFIG = Object.entries(truth.models).filter(([, { config }]) => config !== undefined);

function needsTruth(skip: (condition: boolean, note?: string) => void): void {
  skip(TRUTH.missing !== undefined, TRUTH.missing);
}

async function estimated(config: string, ...args: string[]): Promise<Estimate> {
  const { code, stdout, stderr } = await bytesper(["estimate", config, "--json", ...args]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Estimate;
}

async function onConfig(config: Config, use: (path: string) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const path = join(folder, "config.json");
    await writeFile(path, JSON.stringify(config));
    await use(path);
  });
}

function configOf(name: string): Config {
  return JSON.parse(readFileSync(realData(`configs/${name}.json`).path, "utf8")) as Config;
}

/** Key/value bytes of a token in 16 bit, of a model by the name that the truth has for it. */
function perToken(name: string): number {
  const byHand: Record<string, Config> = {
    "Llama-3.1-70B": LLAMA_70B,
    "Llama-3.1-405B": LLAMA_405B,
    "Qwen2.5-72B": QWEN25_72B,
    "Qwen2.5-3B": QWEN25_3B,
  };
  return kvBytesPerToken(modelOf(byHand[name] ?? configOf(name)), "fp16");
}

describe("models whose figures are known", () => {
  test("there are such models", ({ skip }) => {
    needsTruth(skip);
    expect(WITH_CONFIG.length).toBeGreaterThanOrEqual(13);
  });

  test.each(WITH_CONFIG)("%s: the cache exactly, the weights within 0.1 %", async (_, known) => {
    const { path, missing } = realData(known.config ?? "");
    expect(missing).toBeUndefined();
    // The truth counts 16 bits for each parameter; DeepSeek-V3's own config says fp8.
    const result = await estimated(path, "--tokens", "1000", "--dtype", "bf16");
    expect(result.kvBytesPerToken).toBe(known.kv_bytes_per_token_16bit);
    expect(result.kvBytesPerToken).toBe(2 * known.kv_elements_per_token);
    // No window of the known models is shorter than 1,000 tokens.
    expect(result.kvBytes).toBe(1000 * known.kv_bytes_per_token_16bit);
    const beyond = known.kv_bytes_per_token_beyond_window_16bit;
    if (beyond !== undefined) expect(result.kvBytesPerTokenBeyondWindows).toBe(beyond);
    if (known.parameters === undefined || known.weights_bytes_16bit === undefined) return;
    // Exactly, in fact.
    expect(result.parameters).toBe(known.parameters);
    expect(result.weightsBytes).toBe(known.weights_bytes_16bit);
  });

  test("a Gemma 4 whose weights nobody published is 25.2 billion parameters by its tensors", async ({
    skip,
  }) => {
    const { path, missing } = realData("configs/Gemma-4-26B-A4B.json");
    skip(missing !== undefined, missing);
    const { parameters } = await estimated(path, "--tokens", "1");
    // Embedding and final norm; 25 sliding and 5 full layers, whose values are their keys; blocks, norms, experts.
    const sliding = 2 * 4096 * 2816 + 2 * 2048 * 2816 + 2 * 256;
    const full = 2 * 8192 * 2816 + 1024 * 2816 + 2 * 512;
    const experts = 128 * 2816 + 2816 + 128 + 128 * 3 * 704 * 2816 + 3 * 2816;
    const rest = 3 * 2112 * 2816 + 4 * 2816 + experts;
    expect(parameters).toBe(262_144 * 2816 + 2816 + 25 * sliding + 5 * full + 30 * rest);
  });

  test("the window of Gemma 4 caps 25 of its 30 layers", ({ skip }) => {
    needsTruth(skip);
    const model = modelOf(configOf("Gemma-4-26B-A4B"));
    expect(kvBytes(model, 8000, "bf16")).toBe(1024 * 225_280 + (8000 - 1024) * 20_480);
  });
});

describe("published figures", () => {
  test.each(truth.published.filter(({ value_bytes_per_token: value }) => typeof value === "number"))(
    "$model: $value_bytes_per_token bytes a token",
    ({ model, value_bytes_per_token: value }) => {
      expect(perToken(model)).toBe(value);
    },
  );

  test("three models of one table", ({ skip }) => {
    needsTruth(skip);
    const row = truth.published.find(({ value_bytes_per_token: value }) => Array.isArray(value));
    expect(["DeepSeek-V3", "Qwen2.5-72B", "Llama-3.1-405B"].map(perToken)).toEqual(
      row?.value_bytes_per_token,
    );
  });

  test.each(truth.published.filter(({ parameters }) => parameters !== undefined))(
    "$model: $parameters parameters",
    ({ model, parameters }) => {
      expect(estimate(modelOf(configOf(model)), { tokens: 1 }).parameters).toBe(parameters);
    },
  );

  test("not matched: 6.90 GB allocated for Qwen2.5-3B are more than its weights, even with a head of its own", ({
    skip,
  }) => {
    needsTruth(skip);
    const text = truth.published.map(({ as_published: published }) => published ?? "").join("\n");
    const allocated = 1e9 * Number(/([\d.]+) GB allocated/.exec(text)?.[1]);
    const bytes = (tied: boolean): number =>
      estimate(modelOf({ ...QWEN25_3B, tie_word_embeddings: tied }), { tokens: 1, dtype: "fp16" })
        .weightsBytes;
    expect(allocated - bytes(true)).toBeGreaterThan(0.7e9);
    expect(allocated - bytes(false)).toBeGreaterThan(0.1e9);
  });

  /** "1k" is 1,024 tokens in that table, "16k" and "128k" are 16,000 and 128,000. */
  const TOKENS: Record<string, number> = { "1k": 1024, "16k": 16_000, "128k": 128_000 };
  const tables = truth.published.flatMap(({ model, table_gib: table, agrees_with_computed: agrees }) =>
    Object.entries(table ?? {}).map(([length, gib]) => ({ model, length, gib, agrees })),
  );

  test.each(tables.filter(({ agrees }) => agrees === true))(
    "$model at $length: $gib GiB",
    ({ model, length, gib }) => {
      const bytes = perToken(model) * (TOKENS[length] ?? Number.NaN);
      // Half of the last printed digit; a tie may have gone either way.
      const half = length === "1k" ? 0.0005 : 0.005;
      expect(Math.abs(bytes / GIB - gib)).toBeLessThanOrEqual(half + 1e-9);
    },
  );

  test.each(tables.filter(({ agrees }) => agrees === false))(
    "not matched: $model at $length is published as $gib GiB, twice what its 8 key/value heads take",
    ({ model, length, gib }) => {
      const computed = (perToken(model) * (TOKENS[length] ?? Number.NaN)) / GIB;
      expect(perToken(model)).toBe(126 * 8 * 256 * 2);
      expect(gib / computed).toBeGreaterThan(1.99);
      expect(gib / computed).toBeLessThan(2.01);
    },
  );
});

describe("a published size is compared, and reported where it differs", () => {
  test("to the digits printed", async () => {
    // 80 layers x 2 x 8 heads x 128 x 2 B = 327,680 B a token; 16,000 tokens are 4.8828 GiB.
    await onConfig(LLAMA_70B, async (path) => {
      const agreeing = await bytesper(["estimate", path, "--tokens", "16000", "--published", "4.88GiB"]);
      expect(agreeing.code).toBe(0);
      expect(agreeing.stdout).toMatch(
        /^Published 4\.88GiB: agrees to the digits printed; the cache of 16,000 tokens takes 5,242,880,000 B \(4\.88 GiB\)\.\n/,
      );
      const other = await bytesper(["estimate", path, "--tokens", "16000", "--published", "4.87GiB"]);
      expect(other.code).toBe(1);
    });
  });

  test("123.05 GiB for Llama-3.1-405B at 128,000 tokens are twice what its config gives", async () => {
    await onConfig(LLAMA_405B, async (path) => {
      const args = ["estimate", path, "--tokens", "128000", "--published", "123.05GiB"];
      const { code, stdout, stderr } = await bytesper(args);
      expect(code).toBe(1);
      expect(stderr).toBe("");
      expect(stdout).toContain(
        "Published 123.05GiB: not what the config gives, 2.000 times the formula; the cache of 128,000 tokens takes 66,060,288,000 B (61.52 GiB).",
      );
      const { published } = JSON.parse((await bytesper([...args, "--json"])).stdout) as {
        published: PublishedComparison;
      };
      expect(published).toMatchObject({ agrees: false, computedBytes: 66_060_288_000 });
      expect(published.publishedOverComputed).toBeCloseTo(2, 3);
    });
  });

  test.each(["800KB", "800", "many", "-5GiB"])("%s is no such size", async (size) => {
    await onConfig(LLAMA_70B, async (path) => {
      const { code, stderr } = await bytesper(["estimate", path, "--tokens", "1", `--published=${size}`]);
      expect(code).toBe(2);
      expect(stderr).toBe(
        `"${size}" is not a size as it is published; give it with its unit, such as 15.62GiB, 800KiB or 819.2kB.\n`,
      );
    });
  });
});

describe("sizes that runtimes logged", () => {
  const logOf = (part: string): Truth["measured_logs"][number] => {
    const found = truth.measured_logs.find(({ model, runtime }) => `${model}, ${runtime}`.includes(part));
    if (found === undefined) throw new Error(`no log of ${part}`);
    return found;
  };
  const logged = (log: string): string | undefined => /KV self size\s+=\s+([\d.]+) MiB/.exec(log)?.[1];

  test("DeepSeek-V3 in llama.cpp with 16-bit latents", ({ skip }) => {
    needsTruth(skip);
    const { log, tokens = 0 } = logOf("DeepSeek-R1/V3");
    const bytes = kvBytes(modelOf(configOf("DeepSeek-V3")), tokens, "fp16");
    expect((bytes / MIB).toFixed(2)).toBe(logged(log));
  });

  test("DeepSeek-V3 in ik_llama.cpp with a q8_0 cache", ({ skip }) => {
    needsTruth(skip);
    const { log, tokens = 0 } = logOf("ik_llama.cpp");
    const bytes = kvBytes(modelOf(configOf("DeepSeek-V3")), tokens, "q8_0");
    expect(bytes / MIB).toBe(1166.625);
    // printf rounds the tie to even.
    expect(logged(log)).toBe("1166.62");
  });

  test("DeepSeek-V3 in llama.cpp with expanded keys and values", ({ skip }) => {
    needsTruth(skip);
    expect(kvExpandedBytesPerToken(modelOf(configOf("DeepSeek-V3")), "fp16")).toBe(
      logOf("naive").bytes_per_token,
    );
  });

  test("a Llama of 70 billion in llama.cpp", ({ skip }) => {
    needsTruth(skip);
    const { log, tokens = 0 } = logOf("Llama-3-70B");
    expect((kvBytes(modelOf(LLAMA_70B), tokens, "fp16") / MIB).toFixed(2)).toBe(logged(log));
  });

  test("not matched: vLLM's whole blocks of Qwen3-235B take 1.1 % more a token than the formula", ({
    skip,
  }) => {
    needsTruth(skip);
    const share = logOf("Qwen3-235B").bytes_per_token / (kvBytesPerToken(modelOf(QWEN3_235B), "fp16") / 4);
    expect(share).toBeGreaterThan(1.01);
    expect(share).toBeLessThan(1.012);
  });
});

test("the JSON has the agreed keys, the capacity's only with a capacity", async () => {
  await onConfig(QWEN25_3B, async (path) => {
    const plain = await estimated(path, "--tokens", "8000");
    expect(plain).toMatchObject({
      kvBytesPerToken: 36_864,
      kvBytes: 8000 * 36_864,
      parameters: 3_085_938_688,
      weightsBytes: 6_171_877_376,
      totalBytes: expect.any(Number) as number,
    });
    expect(plain).not.toHaveProperty("maxTokens");
    for (const term of plain.terms) {
      expect(term).toMatchObject({
        name: expect.any(String) as string,
        bytes: expect.any(Number) as number,
        formula: expect.stringMatching(/./) as string,
      });
      expect(Number.isSafeInteger(term.bytes)).toBe(true);
    }
    const capped = await estimated(path, "--tokens", "8000", "--capacity", "14.74GiB");
    expect(capped.maxTokens).toBeGreaterThan(8000);
    expect(capped.maxSessions).toBeGreaterThan(1);
  });
});

test("every option reaches the estimate", async () => {
  const args = ["--batch", "3", "--dtype", "float16", "--cache-dtype", "fp8", "--attention", "eager"];
  await onConfig(QWEN25_3B, async (path) => {
    const result = await estimated(path, "--tokens", "100", ...args, "--logits", "all", "--context", "0");
    expect(result).toMatchObject({ batch: 3, dtype: "fp16", cacheDtype: "fp8", kvBytesPerToken: 18_432 });
    const bytes = Object.fromEntries(result.terms.map((term) => [term.name, term.bytes]));
    expect(bytes).toMatchObject({
      "attention scores": 3 * 16 * 100 * 100 * 8,
      logits: 3 * 100 * 151_936 * 2,
      "framework context": 0,
    });
  });
});

test("the answer says what fits and the wall, the table each term with its formula", async () => {
  await onConfig(QWEN25_3B, async (path) => {
    const args = ["--tokens", "8000", "--attention", "eager", "--capacity", "14.74GiB"];
    const short = await bytesper(["estimate", path, ...args]);
    expect(short.stdout).toMatch(
      /^14\.74 GiB: this does not fit: [\d.]+ [MG]iB are missing\.\nLargest prompt/,
    );
    expect(short.stdout).toMatch(/ needs [\d.]+ GiB for 8,000 tokens: weights 5\.75 GiB, /);
    const { code, stdout } = await bytesper(["estimate", path, ...args, "--verbose"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/weights +6,171,877,376 +5\.75 GiB +yes +3,085,938,688 parameters x 2 B \(bf16\)/);
    expect(stdout).toMatch(/Capacity 14\.74 GiB: this does not fit\. Largest prompt [\d,]+ tokens/);
    expect(stdout).toMatch(/The wall is attention scores\./);
  });
});

test("a known name, a card and 8k need no file", async () => {
  const { code, stdout } = await bytesperItself([
    "estimate",
    "Qwen/Qwen2.5-7B-Instruct",
    "--tokens",
    "8k",
    "--gpu",
    "rtx4090",
  ]);
  expect(code).toBe(0);
  // 28 layers x 4 heads x 256 x 2 B x 8,192 tokens
  expect(stdout).toContain("key/value cache 448.00 MiB");
  expect(stdout).toMatch(/^23\.64 GiB: this fits/);
});

test("training names the wall and the largest batch", async () => {
  const args = ["--training", "--tokens", "2048", "--batch", "4", "--capacity", "24GiB"];
  const { code, stdout } = await bytesper(["estimate", "Llama-3.1-8B", ...args]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/does not fit: .*\sLargest batch 0 with 2,048 tokens/s);
  expect(stdout).toMatch(/The wall is optimizer states\./);
});

test.each([
  [
    "deepseek-ai/Some-New-Model",
    /download its config\.json \(hf download deepseek-ai\/Some-New-Model config\.json/,
  ],
  ["qwen2.5-7c", /the nearest is Qwen2\.5-7B;/],
])("%s is no file, and the sentence says what to do", async (name, sentence) => {
  const { code, stdout, stderr } = await bytesper(["estimate", name, "--tokens", "8"]);
  expect(stderr).toMatch(sentence);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stdout).toBe("");
  expect(code).toBe(2);
});

const MISTAKES: [string, string[], RegExp][] = [
  [JSON.stringify(TINY), [], /required option '--tokens/],
  [JSON.stringify(TINY), ["--tokens", "0"], /whole number from 1/],
  [JSON.stringify(TINY), ["--tokens", "9007199254740991"], /more than 2\^53 bytes/],
  [
    JSON.stringify(TINY),
    ["--tokens", "8", "--dtype", "int7"],
    /"int7" is not a type of weights; give one of fp32/,
  ],
  [
    JSON.stringify(TINY),
    ["--tokens", "8", "--attention", "fast"],
    /Allowed choices are eager, efficient, flash/,
  ],
  [JSON.stringify(TINY), ["--tokens", "8", "--capacity", "much"], /not a size/],
  [
    JSON.stringify(TINY),
    ["--tokens", "8", "--capacity", "14.74"],
    /"14\.74" is 15 bytes, .* such as 14\.74GiB/,
  ],
  [JSON.stringify({ ...TINY, hidden_size: -8 }), ["--tokens", "8"], /hidden_size .* but it is -8;/],
  [JSON.stringify({ ...TINY, vocab_size: "10" }), ["--tokens", "8"], /vocab_size .* but it is "10";/],
  [JSON.stringify(TINY).replace(":2,", ":NaN,"), ["--tokens", "8"], /has no num_hidden_layers/],
  [JSON.stringify(TINY), ["--tokens", "8", "--family", "nova"], /"nova" is not a family/],
  [
    JSON.stringify({ ...TINY, num_attention_heads: 0 }),
    ["--tokens", "8"],
    /num_attention_heads .* but it is 0/,
  ],
  [
    JSON.stringify({ ...TINY, num_hidden_layers: 1e12 }),
    ["--tokens", "8"],
    /from 1 to 10,000, but it is 10{12};/,
  ],
  [
    JSON.stringify({ ...TINY, model_type: "nova", num_attention_heads: null }),
    ["--tokens", "8"],
    /"nova", which bytesper does not know/,
  ],
  [JSON.stringify(TINY).slice(0, 40), ["--tokens", "8"], /is not JSON/],
  ["\u0000\u0001\u001b[31m\u00ff", ["--tokens", "8"], /is not JSON/],
  ["", ["--tokens", "8"], /is not JSON/],
];

test.each(MISTAKES)("%.40j %j is a mistake of one sentence", async (text, args, sentence) => {
  await inFolder(async (folder) => {
    const path = join(folder, "config.json");
    await writeFile(path, text);
    const { code, stdout, stderr } = await bytesper(["estimate", path, ...args]);
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).not.toContain("\u001b");
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});

test.each([
  ["a file that is not there", "nowhere.json", /cannot be read as a config\.json: ENOENT/],
  ["a folder", ".", /has no config\.json, \.safetensors or \.gguf file/],
])("%s is a mistake of one sentence", async (_, path, sentence) => {
  const { code, stdout, stderr } = await bytesper(["estimate", path, "--tokens", "8"]);
  expect(stderr).toMatch(sentence);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stdout).toBe("");
  expect(code).toBe(2);
});

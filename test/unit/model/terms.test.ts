import { describe, expect, test } from "vitest";
import type { EstimateOptions, NumberType } from "../../../src/model/index.js";
import { estimate, modelOf } from "../../../src/model/index.js";
import { QWEN25_3B, TINY, TINY_LATENT } from "./configs.js";

const QWEN = modelOf(QWEN25_3B);
const GIB = 2 ** 30;

function term(name: string, options: EstimateOptions, model = QWEN): { bytes: number; formula: string } {
  const found = estimate(model, options).terms.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no term ${name}`);
  return found;
}

describe("attention scores", () => {
  const BYTES: [NumberType, number][] = [
    ["fp32", 8],
    ["fp16", 8],
    ["bf16", 10],
  ];
  test.each(BYTES)("eager in %s holds %d bytes for each score of one layer", (dtype, each) => {
    const scores = term("attention scores", { tokens: 8192, attention: "eager", dtype });
    expect(scores.bytes).toBe(16 * 8192 * 8192 * each);
    expect(scores.formula).toContain(`16 heads x 8,192 x 8,192 tokens x ${each} B`);
  });

  test("of an attention that no fused kernel computes are counted whatever is asked for", () => {
    const config = {
      model_type: "deberta-v2",
      relative_attention: true,
      hidden_size: 8,
      num_attention_heads: 2,
      num_hidden_layers: 1,
      intermediate_size: 16,
      vocab_size: 10,
      torch_dtype: "float16",
    };
    // 2 heads x 64 x 64 scores of 8 B.
    expect(term("attention scores", { tokens: 64 }, modelOf(config)).bytes).toBe(2 * 64 * 64 * 8);
  });

  test.each(["efficient", "flash"] as const)("%s keeps none", (attention) => {
    expect(term("attention scores", { tokens: 8192, attention }).bytes).toBe(0);
  });

  test("grow with the batch", () => {
    const one = term("attention scores", { tokens: 100, attention: "eager" });
    expect(term("attention scores", { tokens: 100, attention: "eager", batch: 3 }).bytes).toBe(3 * one.bytes);
  });

  test("of a token that is generated are one row", () => {
    const { decodeTerms } = estimate(QWEN, { tokens: 8192, attention: "eager" });
    expect(decodeTerms.find(({ name }) => name === "attention scores")?.bytes).toBe(16 * 8192 * 10);
  });
});

describe("attention workspace", () => {
  // Keys and values of 16 heads of 128; sums of exponentials in fp32; a mask in bf16.
  const repeated = 16 * 256 * 1000 * 2;
  const sums = 16 * 1000 * 4;
  test.each([
    ["eager", repeated + 1000 * 1000 * 2],
    ["efficient", repeated + sums],
    ["flash", sums],
  ] as const)("of %s", (attention, bytes) => {
    expect(term("attention workspace", { tokens: 1000, attention }).bytes).toBe(bytes);
  });

  test("latent attention expands keys and values of one layer", () => {
    // 4 heads x (5 + 5) x 10 tokens x 2 B, and the sums.
    expect(term("attention workspace", { tokens: 10 }, modelOf(TINY_LATENT)).bytes).toBe(800 + 160);
  });
});

describe("logits", () => {
  // 296.75 KiB and 890.25 KiB a token.
  test.each([
    ["last", 303_872],
    ["all", 8192 * 303_872],
    ["all-fp32", 8192 * 3 * 303_872],
  ] as const)("%s", (logits, bytes) => {
    expect(term("logits", { tokens: 8192, logits }).bytes).toBe(bytes);
  });

  test("of all positions at 8,192 tokens with their copy are 6.96 GiB", () => {
    expect((term("logits", { tokens: 8192, logits: "all-fp32" }).bytes / GIB).toFixed(2)).toBe("6.96");
  });

  test("a model in fp32 makes no copy", () => {
    expect(term("logits", { tokens: 10, logits: "all-fp32", dtype: "fp32" }).bytes).toBe(10 * 151_936 * 4);
  });
});

test("activations of the widest layer", () => {
  // Input 8 and three times 16 numbers, 10 tokens of 2 B.
  expect(term("feed-forward activations", { tokens: 10 }, modelOf(TINY)).bytes).toBe(10 * (8 + 48) * 2);
  // Input 8, 4 heads x (2 + 2 + 2), 2 heads x (2 + 2).
  expect(term("attention activations", { tokens: 10 }, modelOf(TINY)).bytes).toBe(10 * (8 + 24 + 8) * 2);
  // Experts of a token: 2 x 3 x 4, and 3 x 8 of the shared ones; the dense layer is as wide: 3 x 16.
  expect(term("feed-forward activations", { tokens: 10 }, modelOf(TINY_LATENT)).bytes).toBe(
    10 * (8 + 48) * 2,
  );
});

test.each([
  ["fp32", 4],
  ["bf16", 2],
  ["int8", 1],
  ["int4", 0.5],
] as const)("weights in %s take %d bytes a parameter", (dtype, each) => {
  expect(estimate(QWEN, { tokens: 1, dtype }).weightsBytes).toBe(3_085_938_688 * each);
});

test("the dtype of the config is taken, in either spelling, and bf16 with a note where there is none", () => {
  const { torch_dtype: removed, ...rest } = TINY;
  expect(removed).toBe("bfloat16");
  expect(estimate(modelOf({ ...rest, dtype: "float32" }), { tokens: 1 }).dtype).toBe("fp32");
  const without = estimate(modelOf(rest), { tokens: 1 });
  expect(without.dtype).toBe("bf16");
  expect(without.notes.join(" ")).toMatch(/names no type/);
});

test("weights of eight bits are computed with in the type of the config", () => {
  const { cacheDtype, terms } = estimate(modelOf({ ...TINY, torch_dtype: "float16" }), {
    tokens: 10,
    dtype: "int8",
    attention: "eager",
  });
  expect(cacheDtype).toBe("fp16");
  expect(terms.find(({ name }) => name === "attention scores")?.bytes).toBe(4 * 10 * 10 * 8);
});

test("every formula's numbers give its bytes", () => {
  const options = { tokens: 1234, batch: 3, attention: "eager", logits: "all-fp32" } as const;
  const { terms, decodeTerms } = estimate(QWEN, options);
  let computed = 0;
  for (const { name, bytes, formula } of [...terms, ...decodeTerms]) {
    if (name === "framework context" || name === "allocator rounding") continue;
    // Words and thousands separators out; "of 1,234" names what a window cut off.
    const sum = formula
      .replace(/,(?=\d{3})/g, "")
      .replace(/\d+ B \([^)]*\)/g, (text) => text.replace(/ \(.*$/, ""))
      .replace(/\(bf16\)|in fp32|[a-wyzA-Z/:,]+/g, " ")
      .replace(/(?<=\s)x(?=\s)/g, "*");
    expect(sum, formula).toMatch(/^[\d\s*+().]+$/);
    expect(evaluate(sum), `${name}: ${formula}`).toBe(bytes);
    computed++;
  }
  expect(computed).toBeGreaterThan(12);
});

/** Sums, products and brackets; nothing that was read is executed. */
function evaluate(text: string): number {
  const tokens = text.match(/\d+(?:\.\d+)?|[*+()]/g) ?? [];
  const sum = (): number => {
    let value = factors();
    while (tokens[0] === "+") {
      tokens.shift();
      value += factors();
    }
    return value;
  };
  const factors = (): number => {
    let value = single();
    while (tokens[0] === "*") {
      tokens.shift();
      value *= single();
    }
    return value;
  };
  const single = (): number => {
    const token = tokens.shift();
    if (token !== "(") return Number(token);
    const value = sum();
    tokens.shift();
    return value;
  };
  return sum();
}

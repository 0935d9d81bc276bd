import { expect, test } from "vitest";
import { BytesperError } from "../../../src/base/errors.js";
import type { Estimate } from "../../../src/model/index.js";
import { estimate, modelOf } from "../../../src/model/index.js";
import type { Config } from "./configs.js";
import { TINY, TINY_HYBRID, TINY_LATENT } from "./configs.js";
import { PUBLISHED_RARE } from "./published-rare.js";
import { GUARDED, PUBLISHED } from "./published.js";

const CONFIGS: [string, Config][] = [
  ["tiny", TINY],
  ["tiny latent", TINY_LATENT],
  ["tiny hybrid", TINY_HYBRID.text_config as Config],
  ...[...PUBLISHED, ...GUARDED].map(([name, , config]): [string, Config] => [name, config]),
  ...PUBLISHED_RARE.map(([name, , , config]): [string, Config] => [name, config]),
];

/** The estimate, or the sentence that refuses it; any other error is a defect and fails the test. */
function answer(config: Config): Estimate | string {
  try {
    return estimate(modelOf(config), { tokens: 10_000, batch: 2, attention: "eager" });
  } catch (error) {
    if (error instanceof BytesperError) return error.message;
    throw error;
  }
}

const VALUES: unknown[] = [null, 0, -1, 1.5, 7, 1e12, 1e308, "8", "", true, [], [1], {}];

test.each(CONFIGS)(
  "%s: any field with any value is an estimate in whole bytes or a sentence",
  (_, config) => {
    for (const field of Object.keys(config)) {
      for (const value of VALUES) {
        const got = answer({ ...config, [field]: value });
        const what = `${field} = ${JSON.stringify(value)}`;
        if (typeof got === "string") expect(got, what).toMatch(/^\S.*\.$/);
        else {
          for (const { name, bytes } of got.terms) {
            expect(Number.isSafeInteger(bytes) && bytes >= 0, `${what}: ${name} ${bytes}`).toBe(true);
          }
        }
      }
    }
  },
);

/** Bytes that a field left out must not change by more than 0.1 % without a word. */
const FIGURES = ["parameters", "weightsBytes", "kvBytesPerToken", "kvBytes"] as const;

test.each(CONFIGS)("%s: a field that counts is not left out in silence", (_, config) => {
  const whole = answer(config);
  if (typeof whole === "string") throw new Error(whole);
  for (const field of Object.keys(config)) {
    const got = answer(Object.fromEntries(Object.entries(config).filter(([name]) => name !== field)));
    if (typeof got === "string") {
      // Without the language model's object its own fields are what is missing.
      expect(got).toMatch(
        field === "text_config" ? /num_hidden_layers|missing is .*layers/ : new RegExp(field),
      );
      continue;
    }
    if (FIGURES.every((name) => Math.abs(got[name] - whole[name]) <= 0.001 * whole[name])) continue;
    // Hidden size / heads is what a file without it means, in nearly every family.
    if (field === "head_dim") continue;
    const added = got.notes.filter((note) => !whole.notes.includes(note)).join(" ");
    const words: Record<string, RegExp> = {
      torch_dtype: /dtype/,
      // What stands around the language model, or its class, is then not known.
      model_type: /model_type|not counted/,
      vision_config: /vision_config|model around/,
      architectures: /architectures|does not know/,
    };
    expect(added, field).toMatch(words[field] ?? new RegExp(field));
  }
});

import type { Fields } from "../fields.js";
import type { ModelShape } from "../shape.js";
import { DENSE } from "./dense.js";
import { BESIDE_TOWERS } from "./beside-towers.js";
import { DISENTANGLED } from "./disentangled.js";
import { ENCODERS } from "./encoders.js";
import { EXPERTS } from "./experts.js";
import { gemma3, gemma3n, gemma4 } from "./gemma.js";
import { HYBRID } from "./hybrid.js";
import { RECENT } from "./recent.js";
import { RWKV } from "./rwkv.js";
import { TWO_STACKS } from "./two-stacks.js";
import { xlstm } from "./xlstm.js";
import { zamba2 } from "./zamba2.js";

const READERS: Record<string, (fields: Fields) => ModelShape> = {
  ...DENSE,
  ...EXPERTS,
  ...HYBRID,
  ...RECENT,
  ...ENCODERS,
  ...DISENTANGLED,
  ...RWKV,
  ...TWO_STACKS,
  ...BESIDE_TOWERS,
  gemma3,
  gemma3n,
  gemma4,
  xlstm,
  zamba2,
};

/** Every `model_type` that has a reader, in alphabetical order. */
export const FAMILIES: readonly string[] = Object.keys(READERS).sort();

/** The family in a `model_type`, without additions such as in `gemma3_text` or `qwen3_vl`. */
export function familyOf(name: string): string | undefined {
  const plain = name
    .toLowerCase()
    .replace(/[-.]/g, "_")
    .replace(/_reward_model$/, "");
  const candidates = [plain, plain.replace(/_text$/, ""), plain.replace(/(_vl)?(_text)?$/, "")];
  return (
    candidates.find((candidate) => Object.hasOwn(READERS, candidate)) ??
    // Class names such as Qwen2MoeForCausalLM, for files without model_type.
    FAMILIES.find((family) => family.replace(/_/g, "") === className(plain))
  );
}

function className(name: string): string {
  return name
    .replace(/(forcausallm|forconditionalgeneration|formaskedlm|lmheadmodel|model)$/, "")
    .replace(/_/g, "");
}

export function readFamily(family: string, fields: Fields): ModelShape {
  const read = READERS[family];
  if (read === undefined) throw new Error(`no reader for ${family}`);
  return read(fields);
}

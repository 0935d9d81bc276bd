import type { Tensor } from "../shape.js";

/** The purpose of a tensor; formats of quantised weights treat each differently. */
export type TensorPart = "embedding" | "head" | "router" | "expert" | "linear" | "tower" | "other";

/** Names of the first part of tensors that belong to images and sound. */
export const TOWER = "tower.";

export function partOf({ name, shape }: Tensor): TensorPart {
  if (name.startsWith(TOWER)) return "tower";
  if (shape.length < 2 || /bias$|norm|conv|A_log|position|rel_pos|scale$/.test(name)) return "other";
  if (/(^|\.)embed_tokens/.test(name)) return "embedding";
  if (name.startsWith("lm_head") || name.startsWith("score")) return "head";
  if (/mlp\.gate\.|router/.test(name)) return "router";
  return name.includes(".experts.") ? "expert" : "linear";
}

/** A name as configs spell it, in the spelling of this project: the same module has many names. */
function plainModule(name: string): string {
  return name
    .replace(/^re:/, "")
    .replace(/\\\./g, ".")
    .replace(/[\^$]/g, "")
    .replace(/\.weight$/, "")
    .replace(/^(\.\*|\*)?\.?(model\.|language_model\.|transformer\.|backbone\.|text_model\.)*/, "")
    .replace(/\b(h|blocks|decoder\.layers|block)\.(\d+|\*)/, "layers.$2")
    .replace(/\b(feed_forward|block_sparse_moe|ffn|moe|mixer\.moe)\b/g, "mlp")
    .replace(/\b(attn|attention|self_attention)\b/g, "self_attn")
    .replace(/\bmlp\.(router|gate\.wg)\b|\brouter\b(\.classifier)?/g, "mlp.gate")
    .replace(/\b(embed_out|output_layer|output)\b/g, "lm_head")
    .replace(/\b(wte|word_embeddings|tok_embeddings|embeddings|embed_in)\b/g, "embed_tokens")
    .replace(/\bmixer\b/g, "mamba");
}

/** Which share of the copies of a tensor a list of modules names: 0 for none, 1 for all. */
export class ModuleList {
  /** For each module without its layer number: the layers that are named, or undefined for all. */
  readonly #modules = new Map<string, Set<string> | undefined>();
  readonly #patterns: RegExp[] = [];
  readonly #layers: number;

  constructor(names: readonly string[], layers: number) {
    this.#layers = layers;
    for (const name of names) {
      if (name.startsWith("re:")) {
        const pattern = patternOf(name.slice(3));
        if (pattern !== undefined) this.#patterns.push(pattern);
      }
      const plain = plainModule(name);
      const layer = /\blayers\.(\d+)\b/.exec(plain)?.[1];
      const key = plain.replace(/\blayers\.\d+\b/, "layers.*");
      if (layer === undefined) this.#modules.set(key, undefined);
      else if (!this.#modules.has(key)) this.#modules.set(key, new Set([layer]));
      else this.#modules.get(key)?.add(layer);
    }
  }

  shareOf(tensor: Tensor): number {
    const module = tensor.name.replace(/\.(weight|bias)$/, "");
    if (this.#patterns.some((pattern) => pattern.test(`model.${module}`) || pattern.test(module))) return 1;
    let share = 0;
    for (const [key, layers] of this.#modules) {
      if (key === "" || !covers(key, module)) continue;
      share = Math.max(share, layers === undefined ? 1 : Math.min(1, layers.size / this.#layers));
    }
    return share;
  }
}

/** Whether the named module is the tensor's, one around it, or the end of its name. */
function covers(key: string, module: string): boolean {
  if (module === key || module.startsWith(`${key}.`)) return true;
  if (key.includes("*") && wild(key).test(module)) return true;
  return !key.includes(".") ? module.split(".").includes(key) : module.endsWith(`.${key}`);
}

function wild(key: string): RegExp {
  const text = key.replace(/[.+?()|[\]{}\\^$]/g, "\\$&").replace(/\*/g, ".*");
  return new RegExp(`^(.*\\.)?${text}(\\..*)?$`);
}

/** A pattern that the file gives; undefined if it is none, or so long that it could be slow. */
function patternOf(text: string): RegExp | undefined {
  if (text.length > 200 || /\([^)]*[+*][^)]*\)[+*]/.test(text)) return undefined;
  try {
    // Layers have the number * here.
    return new RegExp(text.replace(/\\d\+|\[0-9\]\+/g, "[^.]+"));
  } catch {
    return undefined;
  }
}

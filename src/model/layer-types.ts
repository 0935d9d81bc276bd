import { layersOf } from "./decoder.js";
import type { Fields } from "./fields.js";
import { MOST } from "./fields.js";

/** Words of `layer_types` and its older spellings, by what they mean. */
const WORDS: Record<string, LayerType> = {
  full_attention: "full",
  attention: "full",
  sliding_attention: "sliding",
  chunked_attention: "chunked",
  linear_attention: "recurrent",
  mamba: "recurrent",
  conv: "recurrent",
  moe: "experts",
  mlp: "dense",
};

export type LayerType = "full" | "sliding" | "chunked" | "recurrent" | "experts" | "dense";

/** What `layer_types` says of each layer, or else `rule`. */
export function layerTypes(
  fields: Fields,
  rule: (layer: number) => LayerType,
  names: readonly string[] = ["layer_types", "layers_block_type"],
): (layer: number) => LayerType {
  const list = fields.list(names, layersOf(fields));
  if (list === undefined) return rule;
  const types = list.map((word) => {
    if (typeof word === "string" && Object.hasOwn(WORDS, word)) return WORDS[word] as LayerType;
    throw fields.wrong(names, `a list of ${Object.keys(WORDS).join(", ")} (${JSON.stringify(word)} is none)`);
  });
  return (layer) => types[layer] ?? rule(layer);
}

/** Windows by layer type. A sliding layer needs `sliding_window`, a chunked one `attention_chunk_size`. */
export function windows(
  fields: Fields,
  rule: (layer: number) => LayerType,
): (layer: number) => number | undefined {
  const type = layerTypes(fields, rule);
  return (layer) => {
    if (type(layer) === "sliding") return fields.whole("sliding_window", MOST.positions);
    if (type(layer) === "chunked") return fields.whole("attention_chunk_size", MOST.positions);
    return undefined;
  };
}

/** Every `period`-th layer sees all, the others a window; where `sliding_window` is null all see all. */
export function everyFull(fields: Fields, period: number): (layer: number) => number | undefined {
  const sliding = fields.wholeOrNull("sliding_window", MOST.positions) !== undefined;
  return windows(fields, (layer) => (sliding && (layer + 1) % period !== 0 ? "sliding" : "full"));
}

/** Every layer has the window, where there is one (Mistral, Phi-3, StarCoder2). */
export function everywhere(fields: Fields): (layer: number) => number | undefined {
  const sliding = fields.has("sliding_window");
  if (!fields.states("sliding_window")) fields.assume("sliding_window", "none");
  return windows(fields, () => (sliding ? "sliding" : "full"));
}

/** Qwen: `use_sliding_window` is off in nearly all files that carry a window. */
export function qwenWindows(fields: Fields): (layer: number) => number | undefined {
  if (!fields.flag("use_sliding_window", false)) return () => undefined;
  const from = fields.maybeWhole("max_window_layers", MOST.layers, 0) ?? 0;
  const sliding = fields.has("sliding_window");
  return windows(fields, (layer) => (sliding && layer >= from ? "sliding" : "full"));
}

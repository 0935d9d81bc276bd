import { layersOf } from "./decoder.js";
import type { Fields } from "./fields.js";
import { MOST } from "./fields.js";

/** The words of `layer_types` and of its older versions, with their meaning. */
const WORDS: Record<string, LayerType> = {
  full_attention: "full",
  global_attention: "full",
  global: "full",
  full: "full",
  attention: "full",
  sliding_attention: "sliding",
  sliding: "sliding",
  sliding_window: "sliding",
  local_attention: "sliding",
  chunked_attention: "chunked",
  linear_attention: "recurrent",
  mamba: "recurrent",
  recurrent: "recurrent",
  lightning_attention: "recurrent",
  kda: "recurrent",
  conv: "recurrent",
  moe: "experts",
  mlp: "dense",
};

export type LayerType = "full" | "sliding" | "chunked" | "recurrent" | "experts" | "dense";

/** The types in `layer_types`; without that field, those of `rule`. */
export function layerTypes(
  fields: Fields,
  rule: (layer: number) => LayerType,
  names: readonly string[] = ["layer_types", "layers_block_type"],
): (layer: number) => LayerType {
  const list = fields.listOrEmpty(names, layersOf(fields));
  if (list === undefined) return rule;
  const types = list.map((word) => {
    if (typeof word === "string" && Object.hasOwn(WORDS, word)) return WORDS[word] as LayerType;
    throw fields.wrong(names, `a list of ${Object.keys(WORDS).join(", ")} (${JSON.stringify(word)} is none)`);
  });
  return (layer) => types[layer] ?? rule(layer);
}

/** Names of the field with the width of a window. */
export const WINDOW = ["sliding_window", "sliding_window_size", "window_size", "attention_window_size"];

/** Windows by type of layer. A sliding layer needs `sliding_window`, a chunked one `attention_chunk_size`. */
export function windows(
  fields: Fields,
  rule: (layer: number) => LayerType,
): (layer: number) => number | undefined {
  const type = layerTypes(fields, rule);
  return (layer) => {
    if (type(layer) === "sliding") return fields.whole(WINDOW, MOST.positions);
    if (type(layer) === "chunked") return fields.whole("attention_chunk_size", MOST.positions);
    return undefined;
  };
}

/** Every `period`-th layer sees all tokens, the others a window. If `sliding_window` is null, all see all. */
export function everyFull(fields: Fields, period: number): (layer: number) => number | undefined {
  const sliding = fields.wholeOrNull("sliding_window", MOST.positions) !== undefined;
  return windows(fields, (layer) => (sliding && (layer + 1) % period !== 0 ? "sliding" : "full"));
}

/** Every layer has the window, if there is one (Mistral, Phi-3, StarCoder2). */
export function everywhere(fields: Fields): (layer: number) => number | undefined {
  const sliding = fields.has("sliding_window");
  if (!fields.states("sliding_window")) fields.assume("sliding_window", "none");
  return windows(fields, () => (sliding ? "sliding" : "full"));
}

/** Qwen: nearly all files that contain a window have `use_sliding_window` off. */
export function qwenWindows(fields: Fields): (layer: number) => number | undefined {
  if (!fields.flag("use_sliding_window", false)) return () => undefined;
  const from = fields.maybeWhole("max_window_layers", MOST.layers, 0) ?? 0;
  const sliding = fields.has("sliding_window");
  return windows(fields, (layer) => (sliding && layer >= from ? "sliding" : "full"));
}

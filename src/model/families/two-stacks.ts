import { attentionPart, headsOf } from "../attention-part.js";
import { decoder, layersOf, outside } from "../decoder.js";
import { densePart, expertsPart } from "../feed-forward-part.js";
import type { Fields } from "../fields.js";
import { MOST, NAMES } from "../fields.js";
import { WINDOW, windows } from "../layer-types.js";
import type { Part } from "../part.js";
import { joined, linear, norm, tensorsOfLayers } from "../part.js";
import type { ModelShape } from "../shape.js";
import { READS_ENCODER } from "./encoders.js";

/** Layers whose block holds experts: every second one if the file says nothing, as the class does. */
function sparse(fields: Fields, stack: "encoder" | "decoder", layers: number): (layer: number) => boolean {
  const count = fields.maybeWhole(`num_sparse_${stack}_layers`, MOST.layers, 0) ?? 3;
  const step =
    fields.maybeWhole(`${stack}_sparse_step`, MOST.layers, 0) ?? (count > 0 ? Math.round(layers / count) : 0);
  return (layer) => step > 0 && (step === 1 || layer % step === 1);
}

/** Switch Transformers: T5 whose every second block is a choice of one of many. */
function switchTransformers(fields: Fields): ModelShape {
  const hiddenSize = fields.whole(NAMES.hidden);
  const heads = fields.whole(NAMES.heads, MOST.heads);
  const headDim = fields.maybeWhole("d_kv", MOST.heads) ?? 64;
  const layers = fields.whole("num_layers", MOST.layers);
  const decoders = fields.maybeWhole("num_decoder_layers", MOST.layers) ?? layers;
  const intermediate = fields.whole("d_ff");
  const buckets = fields.maybeWhole("relative_attention_num_buckets") ?? 32;
  const gated = fields.maybeFlag("is_gated_act") ?? false;
  fields.known("relative_attention_max_distance", "n_positions", "expert_capacity", "add_router_probs");
  fields.known("router_ignore_padding_tokens", "num_selected_experts", "batch_prioritized_routing");
  const own = attentionPart(hiddenSize, { heads, kvHeads: heads, headDim });
  const cross = own.tensors.map((tensor) => ({
    ...tensor,
    name: tensor.name.replace("self_attn", "cross_attn"),
  }));
  const dense = densePart(hiddenSize, intermediate, { gated });
  const experts = expertsPart(hiddenSize, {
    experts: fields.whole(NAMES.experts, MOST.experts),
    expertsPerToken: 1,
    intermediate,
    gated,
    routerBias: fields.flag("router_bias", false),
  });
  const norms = (count: number): Part => ({
    tensors: Array.from({ length: count }, (_, at) => norm(`norm_${at + 1}`, "rms", hiddenSize)).flat(),
  });
  const inEncoder = sparse(fields, "encoder", layers);
  const inDecoder = sparse(fields, "decoder", decoders);
  const encoders = Array.from({ length: layers }, (_, layer) =>
    joined([{ tensors: own.tensors }, norms(2), { tensors: (inEncoder(layer) ? experts : dense).tensors }]),
  );
  fields.notes.push(READS_ENCODER);
  return decoder(fields, {
    layers: decoders,
    layerNorms: 0,
    mixer: () => joined([own, { tensors: cross }, norms(3)]),
    feedForward: (layer) => (inDecoder(layer) ? experts : dense),
    tied: true,
    extra: [
      ...tensorsOfLayers(encoders, "encoder.layers"),
      outside("relative_attention_bias", 2 * buckets, heads),
      outside("encoder.norm.weight", hiddenSize),
    ],
  });
}

/** The layers of one stack of T5Gemma: those of Gemma 2, and in the decoder a look at what the encoder read. */
function gemmaLayers(
  fields: Fields,
  hiddenSize: number,
  crossHidden: number | undefined,
): (layer: number) => Part {
  const bias = fields.flag("attention_bias", false);
  const heads = { ...headsOf(fields, hiddenSize, 256), qkvBias: bias, outputBias: bias };
  const known = fields.has(WINDOW) ? fields : fields.with({ sliding_window: 4096 });
  if (known !== fields) fields.assume(WINDOW, 4096);
  const window = windows(known, (layer) => (layer % 2 === 0 ? "sliding" : "full"));
  const dense = densePart(hiddenSize, fields.whole(NAMES.intermediate));
  const cross = crossHidden === undefined ? [] : crossTensors(heads, hiddenSize, crossHidden, bias);
  const norms = Array.from({ length: crossHidden === undefined ? 4 : 6 }, (_, at) =>
    norm(`norm_${at + 1}`, "rms", hiddenSize),
  );
  return (layer) =>
    joined([
      attentionPart(hiddenSize, { ...heads, window: window(layer) }),
      { tensors: [...cross, ...norms.flat()] },
      dense,
    ]);
}

function crossTensors(
  { heads, kvHeads, headDim }: { heads: number; kvHeads: number; headDim: number },
  hiddenSize: number,
  crossHidden: number,
  bias: boolean,
): Part["tensors"] {
  return [
    ...linear("cross_attn.q_proj", heads * headDim, hiddenSize, bias),
    ...linear("cross_attn.k_proj", kvHeads * headDim, crossHidden, bias),
    ...linear("cross_attn.v_proj", kvHeads * headDim, crossHidden, bias),
    ...linear("cross_attn.o_proj", hiddenSize, heads * headDim, bias),
  ];
}

/** T5Gemma: two stacks of Gemma 2 with an embedding each. */
function t5gemma(fields: Fields): ModelShape {
  const first = fields.inner("encoder");
  const second = fields.inner("decoder");
  if (first === undefined) throw fields.missing("encoder");
  if (second === undefined) throw fields.missing("decoder");
  const hidden = { encoder: first.whole(NAMES.hidden), decoder: second.whole(NAMES.hidden) };
  const encoderLayer = gemmaLayers(first, hidden.encoder, undefined);
  const layers = layersOf(first);
  first.known("tie_word_embeddings", "is_decoder", "dtype", "torch_dtype", ...NAMES.positions);
  second.known("cross_attention_hidden_size");
  const encoders = Array.from({ length: layers }, (_, layer) => ({ tensors: encoderLayer(layer).tensors }));
  fields.notes.push(READS_ENCODER);
  const dtype = fields.text(["dtype", "torch_dtype"]);
  fields.known("tie_word_embeddings", ...NAMES.vocabulary);
  const model = decoder(second, {
    layerNorms: 0,
    mixer: gemmaLayers(second, hidden.decoder, hidden.encoder),
    feedForward: () => undefined,
    tied: true,
    extra: [
      outside("encoder.embed_tokens.weight", first.whole(NAMES.vocabulary), hidden.encoder),
      ...tensorsOfLayers(encoders, "encoder.layers"),
      outside("encoder.norm.weight", hidden.encoder),
    ],
  });
  return { ...model, ...(dtype === undefined ? {} : { dtype }) };
}

export const TWO_STACKS: Record<string, (fields: Fields) => ModelShape> = {
  switch_transformers: switchTransformers,
  t5gemma,
};

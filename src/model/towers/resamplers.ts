import type { Fields } from "../fields.js";
import { linear, norm, tensorsOfLayers } from "../part.js";
import type { Part } from "../part.js";
import { TOWER } from "../quantization/parts.js";
import type { Tensor } from "../shape.js";
import { encoderLayers, matrix, oneNorm, patches, single } from "./encoder.js";
import { clipLarge336, siglipTensors } from "./vision.js";

const P = "resampler";

/** MiniCPM-V: attention of some questions over the patches, as wide as the language model (resampler.py). */
export function minicpmResampler(questions: number, width: number, textHidden: number): Tensor[] {
  return [
    single(P, "query", questions, textHidden),
    ...matrix(P, "kv_proj", textHidden, width, false),
    ...matrix(P, "attn.in_proj", 3 * textHidden, textHidden, true),
    ...matrix(P, "attn.out_proj", textHidden, textHidden, true),
    ...["ln_q", "ln_kv", "ln_post"].flatMap((name) => oneNorm(P, name, textHidden)),
    single(P, "proj", textHidden, textHidden),
  ];
}

/** Idefics2: a gated block into the width of the language model, then a perceiver with 64 questions. */
export function perceiver(fields: Fields, width: number, textHidden: number, intermediate: number): Tensor[] {
  const questions = fields.maybeWhole("resampler_n_latents") ?? 64;
  const depth = fields.maybeWhole("resampler_depth") ?? 3;
  const headDim = fields.maybeWhole("resampler_head_dim") ?? 96;
  const queries = (fields.maybeWhole("resampler_n_heads") ?? 16) * headDim;
  const keys = (fields.maybeWhole("num_key_value_heads") ?? 4) * headDim;
  fields.known("hidden_size", "qk_layer_norms_perceiver");
  const layer: Part = {
    tensors: [
      ...["norm_1", "norm_2", "norm_3"].flatMap((name) => norm(name, "rms", textHidden)),
      ...linear("self_attn.q_proj", queries, textHidden),
      ...linear("self_attn.k_proj", keys, textHidden),
      ...linear("self_attn.v_proj", keys, textHidden),
      ...linear("self_attn.o_proj", textHidden, queries),
      ...linear("mlp.gate_proj", 4 * textHidden, textHidden),
      ...linear("mlp.up_proj", 4 * textHidden, textHidden),
      ...linear("mlp.down_proj", textHidden, 4 * textHidden),
    ],
  };
  return [
    ...matrix(P, "modality_projection.gate_proj", intermediate, width, false),
    ...matrix(P, "modality_projection.up_proj", intermediate, width, false),
    ...matrix(P, "modality_projection.down_proj", textHidden, intermediate, false),
    single(P, "latents", questions, textHidden),
    ...tensorsOfLayers(Array<Part>(depth).fill(layer), `${TOWER}${P}.layers`),
    ...oneNorm(P, "norm", textHidden, "rms"),
  ];
}

/** BLIP-2's ViT, whose class fills in what the file leaves out (Blip2VisionConfig). */
export function blipVision(fields: Fields): { tensors: Tensor[]; width: number } {
  const hidden = fields.maybeWhole("hidden_size") ?? 1408;
  const patch = fields.maybeWhole("patch_size") ?? 14;
  const side = Math.floor((fields.maybeWhole("image_size") ?? 224) / patch);
  fields.known("num_attention_heads", "projection_dim", "num_channels", "qkv_bias");
  return {
    width: hidden,
    tensors: [
      single("vision", "class_embedding", hidden),
      ...patches("vision", hidden, patch, { bias: true }),
      single("vision", "position_embedding", side ** 2 + 1, hidden),
      ...encoderLayers("vision", {
        hidden,
        intermediate: fields.maybeWhole("intermediate_size") ?? 6144,
        layers: fields.maybeWhole("num_hidden_layers") ?? 39,
        qkvBias: fields.flag("qkv_bias", true),
      }),
      ...oneNorm("vision", "post_layernorm", hidden),
    ],
  };
}

/** BLIP-2's Q-Former: a BERT of questions that looks at the patches in every second layer. */
export function questionFormer(
  fields: Fields,
  questions: number,
  width: number,
  textHidden: number,
): Tensor[] {
  const hidden = fields.maybeWhole("hidden_size") ?? 768;
  const layers = fields.maybeWhole("num_hidden_layers") ?? 12;
  const intermediate = fields.maybeWhole("intermediate_size") ?? 3072;
  const frequency = fields.maybeWhole("cross_attention_frequency") ?? 2;
  const seen = fields.maybeWhole("encoder_hidden_size") ?? width;
  fields.known("vocab_size", "max_position_embeddings", "num_attention_heads", "use_qformer_text_input");
  const attention = (name: string, keys: number): Part["tensors"] => [
    ...linear(`${name}.query`, hidden, hidden, true),
    ...linear(`${name}.key`, hidden, keys, true),
    ...linear(`${name}.value`, hidden, keys, true),
    ...linear(`${name}.output`, hidden, hidden, true),
    ...norm(`${name}.norm`, "layer", hidden),
  ];
  const parts = Array.from({ length: layers }, (_, layer): Part => ({
    tensors: [
      ...attention("attention", hidden),
      ...(layer % frequency === 0 ? attention("crossattention", seen) : []),
      ...linear("intermediate_query", intermediate, hidden, true),
      ...linear("output_query", hidden, intermediate, true),
      ...norm("output_query.norm", "layer", hidden),
    ],
  }));
  return [
    single("qformer", "query_tokens", questions, hidden),
    ...oneNorm("qformer", "layernorm", hidden),
    ...tensorsOfLayers(parts, `${TOWER}qformer.layers`),
    ...matrix("qformer", "language_projection", textHidden, hidden, true),
  ];
}

/** CogVLM: EVA2-CLIP, a convolution that joins four patches (second version), and a gated block. */
export function cogvlmVision(
  fields: Fields,
  textHidden: number,
  intermediate: number,
  joins: boolean,
): Tensor[] {
  const hidden = fields.whole("hidden_size");
  const V = "vision";
  fields.known("num_heads", "in_channels", "image_size", "dropout_prob");
  return [
    single(V, "class_embedding", hidden),
    ...patches(V, hidden, fields.maybeWhole("patch_size") ?? 14, { bias: true }),
    single(V, "position_embedding.weight", fields.whole("num_positions"), hidden),
    ...encoderLayers(V, {
      hidden,
      intermediate: fields.whole("intermediate_size"),
      layers: fields.whole("num_hidden_layers"),
    }),
    ...(joins ? [single(V, "conv.weight", hidden, hidden, 2, 2), single(V, "conv.bias", hidden)] : []),
    ...matrix(V, "linear_proj.linear_proj", textHidden, hidden, false),
    ...oneNorm(V, "linear_proj.norm1", textHidden),
    ...matrix(V, "linear_proj.gate_proj", intermediate, textHidden, false),
    ...matrix(V, "linear_proj.dense_h_to_4h", intermediate, textHidden, false),
    ...matrix(V, "linear_proj.dense_4h_to_h", textHidden, intermediate, false),
    single(V, "boi", textHidden),
    single(V, "eoi", textHidden),
  ];
}

/** Molmo: CLIP without its last layer and last norm, attention over four patches of two layers, a gated block. */
export function molmoVision(textHidden: number, packed: number): Tensor[] {
  const V = "vision";
  const hidden = 1024;
  const layers = 23;
  return [
    ...clipLarge336(layers).filter(({ name }) => !name.includes("post_layernorm")),
    ...["wq", "wk", "wv"].flatMap((name) => matrix(V, `image_pooling_2d.${name}`, hidden, 2 * hidden, true)),
    ...matrix(V, "image_pooling_2d.wo", hidden, hidden, true),
    ...matrix(V, "image_projector.w1", packed / 2, hidden, false),
    ...matrix(V, "image_projector.w3", packed / 2, hidden, false),
    ...matrix(V, "image_projector.w2", textHidden, packed / 2, false),
    single(V, "pad_embed", 2, 2 * hidden),
  ];
}

/** Phi-4-multimodal's tower for images, which its file names by the size of a crop alone: SigLIP of 27 layers. */
export function phi4Vision(crop: number, textHidden: number): Tensor[] {
  const V = "vision";
  const hidden = 1152;
  return [
    ...siglipTensors({
      hidden,
      intermediate: 4304,
      layers: 27,
      patch: 14,
      side: Math.floor(crop / 14),
      head: true,
    }),
    ...matrix(V, "img_projection.0", textHidden, hidden, true),
    ...matrix(V, "img_projection.2", textHidden, textHidden, true),
    single(V, "glb_GN", 1, 1, hidden),
    single(V, "sub_GN", 1, 1, 1, hidden),
  ];
}

/** Phi-4-multimodal's conformer for sound (speech_conformer_encoder.py). */
export function phi4Sound(fields: Fields, textHidden: number): Tensor[] {
  const A = "audio";
  const width = fields.whole("attention_dim");
  const units = fields.whole("linear_units");
  const kernel = fields.maybeWhole("kernel_size") ?? 3;
  const settings = fields.inner("nemo_conv_settings");
  const channels = settings?.maybeWhole("conv_channels") ?? width;
  const bands = fields.maybeWhole("input_size") ?? 80;
  const reduction = fields.maybeWhole("time_reduction") ?? 8;
  const halvings = Math.log2(reduction);
  if (!Number.isInteger(halvings) || halvings < 1) throw fields.wrong("time_reduction", "a power of two");
  fields.known("attention_heads", "chunk_size", "left_chunk", "ext_pw_kernel_size", "ext_pw_out_channel");
  fields.known(
    "depthwise_multiplier",
    "depthwise_seperable_out_channel",
    "encoder_embedding_config",
    "conv_glu_type",
  );
  fields.known(
    "cnn_layer_norm",
    "bias_in_glu",
    "batch_norm",
    "conv_activation",
    "input_layer",
    "activation_checkpointing",
  );
  const relative = fields.inner("relative_attention_bias_args");
  const distance = relative?.maybeWhole("t5_bias_max_distance") ?? 500;
  const heads = fields.maybeWhole("attention_heads") ?? 16;
  const forward = (name: string): Part["tensors"] => [
    ...norm(`${name}.norm`, "layer", width),
    ...linear(`${name}.net.0`, 2 * units, width, true),
    ...linear(`${name}.net.2`, width, units, true),
  ];
  const layer: Part = {
    tensors: [
      ...forward("feed_forward_in"),
      ...forward("feed_forward_out"),
      ...["q", "k", "v", "out"].flatMap((name) => linear(`self_attn.linear_${name}`, width, width, true)),
      ...["layer_norm_att", "layer_norm", "conv.layer_norm"].flatMap((name) => norm(name, "layer", width)),
      ...linear("conv.glu.ext_pw_conv_1d", 2 * width, width, true),
      { name: "conv.glu.b1", shape: [width] },
      { name: "conv.glu.b2", shape: [width] },
      { name: "conv.dw_sep_conv_1d.dw_conv.weight", shape: [width, 1, kernel] },
      { name: "conv.dw_sep_conv_1d.dw_conv.bias", shape: [width] },
      ...linear("conv.dw_sep_conv_1d.pw_conv", width, width, true),
      ...linear("conv.ext_pw_conv_1d", width, width, true),
    ],
  };
  const project = (name: string): Tensor[] => [
    ...matrix(A, `audio_projection.${name}.0`, textHidden, width, true),
    ...matrix(A, `audio_projection.${name}.2`, textHidden, textHidden, true),
  ];
  return [
    single(A, "embed.conv.0.weight", channels, 1, 3, 3),
    single(A, "embed.conv.0.bias", channels),
    ...Array.from({ length: halvings - 1 }, (_, at) => [
      single(A, `embed.conv.${at}.depthwise.weight`, channels, 1, 3, 3),
      single(A, `embed.conv.${at}.depthwise.bias`, channels),
      ...matrix(A, `embed.conv.${at}.pointwise`, channels, channels, true),
    ]).flat(),
    ...matrix(A, "embed.out", width, (channels * bands) / reduction, true),
    single(A, "relative_attention_bias_layer.bias_values.weight", 2 * distance, heads),
    single(A, "encoder_embedding.global_mean", bands),
    single(A, "encoder_embedding.global_invstd", bands),
    ...tensorsOfLayers(Array<Part>(fields.whole("num_blocks")).fill(layer), `${TOWER}${A}.layers`),
    // One for sound alone and one for sound beside images.
    ...project("speech"),
    ...project("vision"),
  ];
}

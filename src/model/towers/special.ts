import type { Fields } from "../fields.js";
import { isObject } from "../fields.js";
import type { Tensor } from "../shape.js";
import { encoderLayers, matrix, oneNorm, patches, single } from "./encoder.js";
import { clipLarge336, siglipTensors } from "./vision.js";

export interface Extra {
  tensors: Tensor[];
  uncounted: string[];
}

/** Qwen-VL's `visual`: a ViT and a layer of attention that reads it with 256 questions. */
export function qwenVisual(fields: Fields): Tensor[] {
  const width = fields.whole("width");
  const output = fields.whole("output_dim");
  const patch = fields.maybeWhole("patch_size") ?? 14;
  const questions = fields.maybeWhole("n_queries") ?? 256;
  fields.known("heads", "image_size", "image_start_id");
  // The file rounds the ratio; the blocks are multiples of 8 wide.
  const intermediate = Math.round((width * (fields.number("mlp_ratio") ?? 4)) / 8) * 8;
  const P = "visual";
  return [
    ...patches(P, width, patch),
    single(P, "position_embedding", 256, width),
    ...oneNorm(P, "ln_pre", width),
    ...encoderLayers(P, { hidden: width, intermediate, layers: fields.whole("layers") }),
    single(P, "attn_pool.query", questions, output),
    single(P, "attn_pool.position_embedding", questions, output),
    ...matrix(P, "attn_pool.kv_proj", output, width, false),
    ...matrix(P, "attn_pool.attn.in_proj", 3 * output, output, true),
    ...matrix(P, "attn_pool.attn.out_proj", output, output, true),
    ...["ln_q", "ln_kv", "ln_post"].flatMap((name) => oneNorm(P, name, output)),
    single(P, "proj", output, output),
  ];
}

/** Phi-3-vision: CLIP by its name, and two matrices into the language model. */
export function phiImage(fields: Fields, layer: Record<string, unknown>, textHidden: number): Extra {
  const name = `${String(fields.raw("name"))} ${String(fields.raw("model_name"))}`;
  const width = 4 * (fields.maybeWhole("image_dim_out") ?? 1024);
  fields.known("num_img_tokens", "layer_idx", "type_feature");
  if (!/clip/.test(name) || !/large-patch14-336/.test(name))
    return { tensors: [], uncounted: [`The tower for images (img_processor, ${name}) is not counted.`] };
  const P = "vision";
  return {
    uncounted: [],
    tensors: [
      ...clipLarge336(),
      ...(layer.projection_cls === "mlp"
        ? [
            ...matrix(P, "img_projection.0", textHidden, width, true),
            ...matrix(P, "img_projection.2", textHidden, textHidden, true),
          ]
        : matrix(P, "img_projection", textHidden, width, true)),
      ...(layer.with_learnable_separator === true
        ? [single(P, "glb_GN", 1, 1, width), single(P, "sub_GN", 1, 1, 1, width)]
        : []),
    ],
  };
}

/** The image encoder of DeepSeek-OCR: SAM, then CLIP or a small Qwen2, and a matrix into the language model. */
export function deepEncoder(fields: Fields, projector: Record<string, unknown>): Extra {
  const P = "vision";
  const width = fields.raw("width");
  const parts = isObject(width) ? width : {};
  fields.known("image_size", "mlp_ratio", "model_name");
  const tensors: Tensor[] = [];
  const uncounted: string[] = [];
  for (const [name, part] of Object.entries(parts)) {
    const own = isObject(part) ? part : {};
    if (name.startsWith("sam_vit")) tensors.push(...sam(own, projector.input_dim));
    else if (name.startsWith("clip-l-14")) tensors.push(...clipInside(own));
    else if (name.startsWith("qwen2-0-5b")) tensors.push(...qwenInside());
    else uncounted.push(`${name} of the tower for images is not counted.`);
  }
  const input = projector.input_dim;
  const output = projector.n_embed;
  if (typeof input === "number" && typeof output === "number") {
    tensors.push(...matrix(P, "projector", output, input, true));
    tensors.push(single(P, "image_newline", output), single(P, "view_seperator", output));
  } else uncounted.push("The projection of images (projector_config) is not counted.");
  return { tensors, uncounted };
}

/** SAM's ViT with windows and two convolutions that make it smaller. */
function sam(own: Record<string, unknown>, behind: unknown): Tensor[] {
  const P = "vision.sam";
  const hidden = numberOf(own.width, 768);
  const layers = numberOf(own.layers, 12);
  const heads = numberOf(own.heads, 12);
  const global = Array.isArray(own.global_attn_indexes) ? own.global_attn_indexes.length : 4;
  const [first, second] = (
    Array.isArray(own.downsample_channels) ? own.downsample_channels : [512, 1024]
  ) as number[];
  const one = numberOf(first, 512);
  // DeepSeek-OCR-2 states 1,024, but what comes behind is 896 wide and reads it as it is.
  const two = Math.min(numberOf(second, 1024), numberOf(behind, 2 ** 24));
  const headDim = hidden / heads;
  return [
    ...patches(P, hidden, 16, { bias: true }),
    single(P, "position_embedding", 64, 64, hidden),
    ...encoderLayers(P, { hidden, intermediate: 4 * hidden, layers }),
    single(P, "rel_pos", (layers - global) * 2 * 27 + global * 2 * 127, headDim),
    single(P, "neck.0.weight", 256, hidden, 1, 1),
    ...oneNorm(P, "neck.1", 256),
    single(P, "neck.2.weight", 256, 256, 3, 3),
    ...oneNorm(P, "neck.3", 256),
    single(P, "net_2.weight", one, 256, 3, 3),
    single(P, "net_3.weight", two, one, 3, 3),
  ];
}

function clipInside(own: Record<string, unknown>): Tensor[] {
  const P = "vision.clip";
  const hidden = numberOf(own.width, 1024);
  const patch = numberOf(own.patch_size, 14);
  const places = Math.floor(numberOf(own.image_size, 224) / patch) ** 2 + 1;
  return [
    single(P, "class_embedding", hidden),
    ...patches(P, hidden, patch),
    single(P, "position_embedding", places, hidden),
    ...oneNorm(P, "pre_layrnorm", hidden),
    ...encoderLayers(P, { hidden, intermediate: 4 * hidden, layers: numberOf(own.layers, 24) }),
  ];
}

/** The layers of Qwen2-0.5B with the questions that read an image. */
function qwenInside(): Tensor[] {
  const P = "vision.qwen2";
  const hidden = 896;
  return [
    ...encoderLayers(P, {
      hidden,
      intermediate: 4864,
      layers: 24,
      norm: "rms",
      keys: 128,
      outputBias: false,
      gated: true,
      mlpBias: false,
    }),
    ...oneNorm(P, "norm", hidden, "rms"),
    single(P, "query_768", 144, hidden),
    single(P, "query_1024", 256, hidden),
  ];
}

/** XGen-MM: SigLIP by its class's defaults and a resampler with 128 questions. */
export function xgen(textHidden: number, vocabulary: number): Tensor[] {
  const P = "vision";
  const hidden = 1152;
  const inner = 16 * 96;
  const layer = (at: number): Tensor[] => [
    ...oneNorm(P, `resampler.${at}.norm_media`, hidden),
    ...oneNorm(P, `resampler.${at}.norm_latents`, hidden),
    ...matrix(P, `resampler.${at}.to_q`, inner, hidden, false),
    ...matrix(P, `resampler.${at}.to_kv`, 2 * inner, hidden, false),
    ...matrix(P, `resampler.${at}.to_out`, hidden, inner, false),
    ...oneNorm(P, `resampler.${at}.ff.norm`, hidden),
    ...matrix(P, `resampler.${at}.ff.1`, 4 * hidden, hidden, false),
    ...matrix(P, `resampler.${at}.ff.3`, hidden, 4 * hidden, false),
  ];
  return [
    ...siglipTensors({ hidden, intermediate: 4304, layers: 27, patch: 14, side: 27, head: true }),
    single(P, "resampler.latents", 128, hidden),
    ...Array.from({ length: 6 }, (_, at) => layer(at)).flat(),
    ...matrix(P, "resampler.projection", textHidden, hidden, true),
    ...oneNorm(P, "resampler.norm", hidden),
    // Three tokens more, in tables of their own, and a bias of the head.
    single(P, "additional_embedding", 3, textHidden),
    ...matrix(P, "additional_head", 3, textHidden, true),
    single(P, "head_bias", vocabulary),
  ];
}

/** The decoder that speaks (Qwen2.5-Omni): a small Qwen2 with its own words. */
export function talker(fields: Fields, thinkerHidden: number): Tensor[] {
  const P = "talker";
  const hidden = fields.whole("hidden_size");
  const heads = fields.whole("num_attention_heads");
  const kvHeads = fields.maybeWhole("num_key_value_heads") ?? heads;
  const headDim = fields.maybeWhole("head_dim") ?? 128;
  const words = fields.whole("vocab_size");
  const embedding = fields.maybeWhole("embedding_size") ?? thinkerHidden;
  return [
    single(P, "embed_tokens.weight", words, embedding),
    ...matrix(P, "thinker_to_talker_proj", hidden, embedding, true),
    ...encoderLayers(P, {
      hidden,
      intermediate: fields.whole("intermediate_size"),
      layers: fields.whole("num_hidden_layers"),
      norm: "rms",
      queries: heads * headDim,
      keys: kvHeads * headDim,
      outputBias: false,
      gated: true,
      mlpBias: false,
    }),
    ...oneNorm(P, "norm", hidden, "rms"),
    ...matrix(P, "codec_head", words, hidden, false),
  ];
}

/**
 * The part that makes sound of the talker's words: layers of a diffusion model, and BigVGAN as its class has it
 * (Qwen2_5OmniBigVGANConfig).
 */
export function tokenToWave(values: Record<string, unknown>): Extra {
  const dit = isObject(values.dit_config) ? values.dit_config : undefined;
  if (dit === undefined) return { tensors: [], uncounted: ["token2wav_config is not counted."] };
  const P = "token2wav";
  const hidden = numberOf(dit.dim, 1024);
  const layers = numberOf(dit.depth, 22);
  const modulation = 6 * hidden;
  return {
    uncounted: [
      "The encoder of speakers and the embeddings around the diffusion model (token2wav_config) are not counted.",
    ],
    tensors: [
      ...encoderLayers(P, {
        hidden,
        intermediate: hidden * numberOf(dit.ff_mult, 2),
        layers,
        norm: "none",
        each: [
          { name: "attn_norm.linear.weight", shape: [modulation, hidden] },
          { name: "attn_norm.linear.bias", shape: [modulation] },
        ],
      }),
      ...vocoder(),
    ],
  };
}

/** Each step doubles the time and halves the channels, then six convolutions of each of three widths follow. */
function vocoder(): Tensor[] {
  const P = "token2wav.vocoder";
  const tensors = [single(P, "conv_pre.weight", 1536, 80, 7)];
  let channels = 1536;
  for (const [step, width] of [11, 7, 4, 4, 4, 4].entries()) {
    const half = channels / 2;
    tensors.push(single(P, `ups.${step}.weight`, channels, half, width));
    for (const kernel of [3, 7, 11])
      tensors.push({ name: `tower.${P}.${step}.convs.${kernel}`, shape: [half, half, kernel], copies: 6 });
    channels = half;
  }
  return tensors;
}

function numberOf(value: unknown, fallback: number): number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value <= 2 ** 24
    ? value
    : fallback;
}

import type { Fields } from "../fields.js";
import { MOST } from "../fields.js";
import type { Tensor } from "../shape.js";
import { encoderLayers, matrix, oneNorm, patches, single } from "./encoder.js";

/** What a tower gives to the projection behind it, and its tensors. */
export interface Tower {
  tensors: Tensor[];
  /** Numbers of a patch that the projection reads. */
  width: number;
  /** The projection is a part of the tower and counted. */
  projected?: boolean;
  /** What is there but not counted, one sentence each. */
  uncounted?: string[];
}

export type TowerReader = (fields: Fields, textHidden: number) => Tower;

const P = "vision";

/** A size; files that give one for each direction (`[448, 448]`) mean squares. */
function size(fields: Fields, names: string | readonly string[], fallback: number): number {
  const listed = fields.any(names);
  if (listed !== undefined && listed.length === 2 && listed[0] === listed[1] && Number.isInteger(listed[0]))
    return listed[0] as number;
  return fields.maybeWhole(names) ?? fallback;
}

function layersOf(fields: Fields, fallback: number): number {
  return (
    fields.maybeWhole(["num_hidden_layers", "depth", "layers", "vt_num_hidden_layers"], MOST.layers) ??
    fallback
  );
}

/** Patches along one side of an image. */
function side(fields: Fields, image: number, patch: number): number {
  return Math.floor(size(fields, "image_size", image) / size(fields, "patch_size", patch));
}

function known(fields: Fields): void {
  fields.known(
    "num_attention_heads",
    "num_heads",
    "heads",
    "attention_heads",
    "head_dim",
    "projection_dim",
    "vocab_size",
    "in_chans",
    "in_channels",
    "num_channels",
    "image_size",
    "num_image_tokens",
    "window_size",
    "fullatt_block_indexes",
    "tokens_per_second",
    "spatial_patch_size",
    "vision_use_head",
    "max_image_size",
    "merge_kernel_size",
    "text_hidden_size",
    "mm_hidden_size",
    "init_pos_emb_height",
    "init_pos_emb_width",
    "vt_num_attention_heads",
    "layers",
    "out_hidden_size",
    "mm_projector_type",
    "size",
    "use_qkv_bias",
    "num_key_value_heads",
    "max_position_embeddings",
    "default_output_length",
    "pooling_kernel_size",
    "norm_type",
    "use_mean_pooling",
    "image_start_id",
    "max_num_tiles",
    "intermediate_layers_indices",
    "supported_aspect_ratios",
    "vision_output_dim",
    "global_head_dim",
    "drop_path_rate",
    "projector_input_dim",
    "projector_output_dim",
    "pixel_shuffle_ratio",
    "min_pixels",
    "max_pixels",
    "output_dim",
    "hidden_size",
    "embed_dim",
  );
}

/** CLIP's ViT, whose class token is counted although only the patches are used. */
const clip: TowerReader = (fields) => {
  known(fields);
  const hidden = size(fields, "hidden_size", 768);
  const patch = size(fields, "patch_size", 32);
  const places = side(fields, 224, 32) ** 2 + 1;
  return {
    width: hidden,
    tensors: [
      single(P, "class_embedding", hidden),
      ...patches(P, hidden, patch),
      single(P, "position_embedding.weight", places, hidden),
      ...oneNorm(P, "pre_layrnorm", hidden),
      ...encoderLayers(P, {
        hidden,
        intermediate: size(fields, "intermediate_size", 3072),
        layers: layersOf(fields, 12),
      }),
      ...oneNorm(P, "post_layernorm", hidden),
    ],
  };
};

/** The tower of clip-vit-large-patch14-336, which files name without its sizes. */
export function clipLarge336(layers = 24): Tensor[] {
  const hidden = 1024;
  return [
    single(P, "class_embedding", hidden),
    ...patches(P, hidden, 14),
    single(P, "position_embedding.weight", 577, hidden),
    ...oneNorm(P, "pre_layrnorm", hidden),
    ...encoderLayers(P, { hidden, intermediate: 4096, layers }),
    ...oneNorm(P, "post_layernorm", hidden),
  ];
}

/** SigLIP; the head that pools an image to one vector is a part of some checkpoints. */
export function siglipTensors(traits: {
  hidden: number;
  intermediate: number;
  layers: number;
  patch: number;
  side: number;
  head: boolean;
}): Tensor[] {
  const { hidden, intermediate, layers, patch, head } = traits;
  return [
    ...patches(P, hidden, patch, { bias: true }),
    single(P, "position_embedding.weight", traits.side ** 2, hidden),
    ...encoderLayers(P, { hidden, intermediate, layers }),
    ...oneNorm(P, "post_layernorm", hidden),
    ...(head
      ? [
          single(P, "head.probe", hidden),
          ...matrix(P, "head.attention.in_proj", 3 * hidden, hidden, true),
          ...matrix(P, "head.attention.out_proj", hidden, hidden, true),
          ...oneNorm(P, "head.layernorm", hidden),
          ...matrix(P, "head.mlp.fc1", intermediate, hidden, true),
          ...matrix(P, "head.mlp.fc2", hidden, intermediate, true),
        ]
      : []),
  ];
}

const siglip: TowerReader = (fields) => {
  known(fields);
  const hidden = size(fields, "hidden_size", 768);
  return {
    width: hidden,
    tensors: siglipTensors({
      hidden,
      intermediate: size(fields, "intermediate_size", 3072),
      layers: layersOf(fields, 12),
      patch: size(fields, "patch_size", 16),
      side: side(fields, 224, 16),
      head: fields.flag("vision_use_head", true) && fields.text("model_type") === "siglip_vision_model",
    }),
  };
};

const pixtral: TowerReader = (fields) => {
  known(fields);
  const hidden = size(fields, "hidden_size", 1024);
  return {
    width: hidden,
    tensors: [
      ...patches(P, hidden, size(fields, "patch_size", 16)),
      ...oneNorm(P, "ln_pre", hidden, "rms"),
      ...encoderLayers(P, {
        hidden,
        intermediate: size(fields, "intermediate_size", 4096),
        layers: layersOf(fields, 24),
        norm: "rms",
        qkvBias: false,
        outputBias: false,
        gated: true,
        mlpBias: false,
      }),
    ],
  };
};

/** Four patches become one, through two matrices. */
function merger(name: string, hidden: number, output: number, normed: Tensor[]): Tensor[] {
  const merged = 4 * hidden;
  return [
    ...normed,
    ...matrix(P, `${name}.fc1`, merged, merged, true),
    ...matrix(P, `${name}.fc2`, output, merged, true),
  ];
}

const qwen2: TowerReader = (fields, textHidden) => {
  known(fields);
  const hidden = size(fields, "embed_dim", 1280);
  return {
    width: textHidden,
    projected: true,
    tensors: [
      ...patches(P, hidden, size(fields, "patch_size", 14), {
        frames: size(fields, "temporal_patch_size", 2),
      }),
      ...encoderLayers(P, {
        hidden,
        intermediate: Math.floor(hidden * (fields.number("mlp_ratio") ?? 4)),
        layers: layersOf(fields, 32),
      }),
      ...merger("merger", hidden, size(fields, "hidden_size", textHidden), oneNorm(P, "merger.ln_q", hidden)),
    ],
  };
};

const qwen25: TowerReader = (fields, textHidden) => {
  known(fields);
  const hidden = size(fields, "hidden_size", 1280);
  return {
    width: textHidden,
    projected: true,
    tensors: [
      ...patches(P, hidden, size(fields, "patch_size", 14), {
        frames: size(fields, "temporal_patch_size", 2),
      }),
      ...encoderLayers(P, {
        hidden,
        intermediate: size(fields, "intermediate_size", 3420),
        layers: layersOf(fields, 32),
        norm: "rms",
        gated: true,
      }),
      ...merger(
        "merger",
        hidden,
        size(fields, "out_hidden_size", textHidden),
        oneNorm(P, "merger.ln_q", hidden, "rms"),
      ),
    ],
  };
};

/** Qwen3-VL also sends what some of its layers saw into the language model. */
const qwen3: TowerReader = (fields, textHidden) => {
  known(fields);
  const hidden = size(fields, "hidden_size", 1152);
  const output = size(fields, "out_hidden_size", textHidden);
  const deep = fields.wholes("deepstack_visual_indexes");
  return {
    width: textHidden,
    projected: true,
    tensors: [
      ...patches(P, hidden, size(fields, "patch_size", 16), {
        frames: size(fields, "temporal_patch_size", 2),
        bias: true,
      }),
      single(P, "position_embedding.weight", size(fields, "num_position_embeddings", 2304), hidden),
      ...encoderLayers(P, {
        hidden,
        intermediate: size(fields, "intermediate_size", 4304),
        layers: layersOf(fields, 27),
      }),
      ...merger("merger", hidden, output, oneNorm(P, "merger.norm", hidden)),
      ...deep.flatMap((_, at) =>
        merger(`deepstack.${at}`, hidden, output, oneNorm(P, `deepstack.${at}.norm`, 4 * hidden)),
      ),
    ],
  };
};

const glm4v: TowerReader = (fields, textHidden) => {
  known(fields);
  const hidden = size(fields, "hidden_size", 1536);
  const output = size(fields, "out_hidden_size", textHidden);
  const patch = size(fields, "patch_size", 14);
  const bias = fields.flag("attention_bias", false);
  const context = size(fields, "intermediate_size", 13696);
  const merge = size(fields, "spatial_merge_size", 2);
  return {
    width: textHidden,
    projected: true,
    tensors: [
      ...patches(P, hidden, patch, { frames: size(fields, "temporal_patch_size", 2), bias: true }),
      single(P, "position_embedding.weight", side(fields, 336, 14) ** 2, hidden),
      ...oneNorm(P, "post_conv_layernorm", hidden, "rms"),
      ...encoderLayers(P, {
        hidden,
        // The block is as wide as the language model; `intermediate_size` is that of the merger.
        intermediate: output,
        layers: layersOf(fields, 24),
        norm: "rms",
        qkvBias: bias,
        outputBias: false,
        gated: true,
        mlpBias: false,
      }),
      ...oneNorm(P, "post_layernorm", hidden, "rms"),
      single(P, "downsample.weight", output, hidden, merge, merge),
      single(P, "downsample.bias", output),
      ...matrix(P, "merger.proj", output, output, false),
      ...oneNorm(P, "merger.post_projection_norm", output),
      ...matrix(P, "merger.gate_proj", context, output, false),
      ...matrix(P, "merger.up_proj", context, output, false),
      ...matrix(P, "merger.down_proj", output, context, false),
    ],
  };
};

const intern: TowerReader = (fields, textHidden) => {
  known(fields);
  const hidden = size(fields, "hidden_size", 1024);
  const rms = fields.text("norm_type") === "rms_norm" ? "rms" : "layer";
  const normed = fields.flag(["qk_normalization", "use_qk_norm"], false);
  const shuffled = 4 * hidden;
  return {
    width: hidden,
    projected: true,
    tensors: [
      single(P, "class_embedding", hidden),
      ...patches(P, hidden, size(fields, "patch_size", 14), { bias: true }),
      single(P, "position_embedding", side(fields, 448, 14) ** 2 + 1, hidden),
      ...encoderLayers(P, {
        hidden,
        intermediate: size(fields, "intermediate_size", 4096),
        layers: layersOf(fields, 24),
        norm: rms,
        qkvBias: fields.flag(["qkv_bias", "attention_bias"], true),
        each: [
          { name: "ls1", shape: [hidden] },
          { name: "ls2", shape: [hidden] },
          ...(normed
            ? [
                { name: "q_norm.weight", shape: [hidden] },
                { name: "k_norm.weight", shape: [hidden] },
              ]
            : []),
        ],
      }),
      ...oneNorm(P, "mlp1.0", shuffled),
      ...matrix(P, "mlp1.1", textHidden, shuffled, true),
      ...matrix(P, "mlp1.3", textHidden, textHidden, true),
    ],
  };
};

const llama4: TowerReader = (fields, textHidden) => {
  known(fields);
  const hidden = size(fields, "hidden_size", 768);
  const intermediate = size(fields, "intermediate_size", 5632);
  const patch = size(fields, "patch_size", 14);
  const adapter = size(fields, "projector_input_dim", 4096);
  const adapted = size(fields, "projector_output_dim", 4096);
  return {
    width: adapted,
    projected: true,
    tensors: [
      single(P, "class_embedding", hidden),
      ...patches(P, hidden, patch),
      single(P, "position_embedding", side(fields, 448, 14) ** 2 + 1, hidden),
      ...oneNorm(P, "layernorm_pre", hidden),
      ...encoderLayers(P, { hidden, intermediate, layers: layersOf(fields, 34) }),
      ...oneNorm(P, "layernorm_post", hidden),
      ...matrix(P, "vision_adapter.fc1", adapter, intermediate, false),
      ...matrix(P, "vision_adapter.fc2", adapted, adapted, false),
      ...matrix(P, "multi_modal_projector", textHidden, size(fields, "vision_output_dim", adapted), false),
    ],
  };
};

/** Mllama: layers for a tile, then layers for the picture, and positions of tiles. */
const mllama: TowerReader = (fields, textHidden) => {
  known(fields);
  const hidden = size(fields, "hidden_size", 1280);
  const intermediate = size(fields, "intermediate_size", 5120);
  const tiles = size(fields, "max_num_tiles", 4);
  const ratios = (fields.any("supported_aspect_ratios")?.length ?? 8) + 1;
  const places = side(fields, 448, 14) ** 2 + 1;
  const traits = { hidden, intermediate, qkvBias: false, outputBias: false };
  const output = size(fields, "vision_output_dim", 7680);
  return {
    width: output,
    projected: true,
    tensors: [
      single(P, "class_embedding", hidden),
      ...patches(P, hidden, size(fields, "patch_size", 14)),
      single(P, "gated_positional_embedding.embedding", places, hidden),
      single(P, "gated_positional_embedding.tile_embedding", ratios, tiles * places * hidden),
      single(P, "gates", 3),
      single(P, "pre_tile_positional_embedding", ratios, tiles * hidden),
      single(P, "post_tile_positional_embedding", ratios, tiles * hidden),
      ...oneNorm(P, "layernorm_pre", hidden),
      ...oneNorm(P, "layernorm_post", hidden),
      ...encoderLayers(`${P}.transformer`, { ...traits, layers: layersOf(fields, 32) }),
      ...encoderLayers(`${P}.global_transformer`, {
        ...traits,
        layers: size(fields, "num_global_layers", 8),
        each: [
          { name: "gate_attn", shape: [1] },
          { name: "gate_ffn", shape: [1] },
        ],
      }),
      ...matrix(P, "multi_modal_projector", textHidden, output, true),
    ],
  };
};

/** Kimi's MoonViT. */
const moon: TowerReader = (fields) => {
  known(fields);
  const hidden = size(fields, ["vt_hidden_size", "hidden_size"], 1152);
  const height = size(fields, "init_pos_emb_height", 64);
  const wide = size(fields, "init_pos_emb_width", 64);
  return {
    width: hidden,
    tensors: [
      ...patches(P, hidden, size(fields, "patch_size", 14), { bias: true }),
      single(P, "position_embedding.weight", height * wide, hidden),
      ...encoderLayers(P, {
        hidden,
        intermediate: size(fields, ["vt_intermediate_size", "intermediate_size"], 4304),
        layers: layersOf(fields, 27),
      }),
      ...oneNorm(P, "final_layernorm", hidden),
    ],
  };
};

/** Readers by the `model_type` of the tower. */
export const VISION: Record<string, TowerReader> = {
  clip_vision_model: clip,
  siglip_vision_model: siglip,
  siglip: siglip,
  idefics2: siglip,
  idefics2_vision: siglip,
  idefics3: siglip,
  idefics3_vision: siglip,
  smolvlm_vision: siglip,
  pixtral,
  qwen2_vl: qwen2,
  qwen2_vl_vision: qwen2,
  qwen2_5_vl: qwen25,
  qwen2_5_vl_vision: qwen25,
  qwen2_5_omni_vision_encoder: qwen25,
  qwen3_vl: qwen3,
  qwen3_vl_moe: qwen3,
  qwen3_vl_vision: qwen3,
  qwen3_5: qwen3,
  qwen3_5_moe: qwen3,
  qwen3_5_vision: qwen3,
  qwen3_omni_moe_vision_encoder: qwen3,
  glm4v: glm4v,
  glm4v_moe: glm4v,
  glm4v_vision: glm4v,
  glm4v_moe_vision: glm4v,
  intern_vit_6b: intern,
  internvl_vision: intern,
  llama4_vision_model: llama4,
  mllama_vision_model: mllama,
  moonvit: moon,
};

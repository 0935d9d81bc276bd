import { expect, test } from "vitest";
import { estimate, modelOf } from "../../../src/model/index.js";

type Row = [name: string, parameters: number, config: Record<string, unknown>];

/**
 * Models of architectures without a reader, with the parameters that their checkpoints or cards state. What a config
 * alone gives of them is a lower bound, or a refusal where not even a bound follows.
 */
const ROWS: Row[] = [
  [
    "openai-gpt",
    116534784,
    {
      architectures: ["OpenAIGPTLMHeadModel"],
      model_type: "openai-gpt",
      afn: "gelu",
      n_ctx: 512,
      n_embd: 768,
      n_head: 12,
      n_layer: 12,
      n_positions: 512,
      vocab_size: 40478,
    },
  ],
  [
    "ctrl",
    1637964550,
    {
      architectures: ["CTRLLMHeadModel"],
      model_type: "ctrl",
      dff: 8192,
      n_ctx: 512,
      n_embd: 1280,
      n_head: 16,
      n_layer: 48,
      n_positions: 50000,
      vocab_size: 246534,
      tie_word_embeddings: true,
    },
  ],
  [
    "xlnet-base",
    117309696,
    {
      architectures: ["XLNetLMHeadModel"],
      model_type: "xlnet",
      attn_type: "bi",
      bi_data: false,
      d_head: 64,
      d_inner: 3072,
      d_model: 768,
      ff_activation: "gelu",
      n_head: 12,
      n_layer: 12,
      untie_r: true,
      vocab_size: 32000,
    },
  ],
  [
    "longformer-base",
    148659456,
    {
      model_type: "longformer",
      attention_window: Array(12).fill(512),
      hidden_act: "gelu",
      hidden_size: 768,
      intermediate_size: 3072,
      max_position_embeddings: 4098,
      num_attention_heads: 12,
      num_hidden_layers: 12,
      type_vocab_size: 1,
      vocab_size: 50265,
      sep_token_id: 2,
    },
  ],
  [
    "bigbird-base",
    127468800,
    {
      architectures: ["BigBirdForPreTraining"],
      model_type: "big_bird",
      attention_type: "block_sparse",
      block_size: 64,
      hidden_act: "gelu_new",
      hidden_size: 768,
      intermediate_size: 3072,
      max_position_embeddings: 4096,
      num_attention_heads: 12,
      num_hidden_layers: 12,
      num_random_blocks: 3,
      type_vocab_size: 2,
      vocab_size: 50358,
      use_bias: true,
    },
  ],
  [
    "led-base",
    161844480,
    {
      architectures: ["LEDForConditionalGeneration"],
      model_type: "led",
      is_encoder_decoder: true,
      d_model: 768,
      decoder_layers: 6,
      encoder_layers: 6,
      decoder_ffn_dim: 3072,
      encoder_ffn_dim: 3072,
      decoder_attention_heads: 12,
      encoder_attention_heads: 12,
      vocab_size: 50265,
      attention_window: [1024, 1024, 1024, 1024, 1024, 1024],
      num_hidden_layers: 6,
    },
  ],
  [
    "blenderbot-400M",
    364802560,
    {
      architectures: ["BlenderbotForConditionalGeneration"],
      model_type: "blenderbot",
      is_encoder_decoder: true,
      d_model: 1280,
      decoder_layers: 12,
      encoder_layers: 2,
      decoder_ffn_dim: 5120,
      encoder_ffn_dim: 5120,
      decoder_attention_heads: 32,
      encoder_attention_heads: 32,
      vocab_size: 8008,
      num_hidden_layers: 2,
      max_position_embeddings: 128,
    },
  ],
  [
    "chameleon-7b",
    7042076672,
    {
      architectures: ["ChameleonForConditionalGeneration"],
      model_type: "chameleon",
      hidden_act: "silu",
      hidden_size: 4096,
      intermediate_size: 11008,
      num_attention_heads: 32,
      num_hidden_layers: 32,
      num_key_value_heads: 32,
      vocab_size: 65536,
      swin_norm: false,
      vq_config: { base_channels: 128, embed_dim: 256, num_embeddings: 8192 },
      tie_word_embeddings: false,
      model_parallel_size: 1,
    },
  ],
  [
    "aria",
    25306968304,
    {
      architectures: ["AriaForConditionalGeneration"],
      model_type: "aria",
      text_config: {
        model_type: "aria_moe_lm",
        hidden_size: 2560,
        intermediate_size: 13568,
        moe_intermediate_size: 1664,
        moe_num_experts: 64,
        moe_num_shared_experts: 2,
        moe_topk: 6,
        num_attention_heads: 20,
        num_hidden_layers: 28,
        num_key_value_heads: 20,
        vocab_size: 100352,
      },
      vision_config: {
        model_type: "aria_vision_model",
        hidden_size: 1152,
        image_size: 980,
        intermediate_size: 4304,
        num_attention_heads: 16,
        num_hidden_layers: 27,
        patch_size: 14,
      },
    },
  ],
  [
    "jetmoe-8b",
    8522237952,
    {
      architectures: ["JetMoEForCausalLM"],
      model_type: "jetmoe",
      activation_function: "silu",
      hidden_size: 2048,
      ffn_hidden_size: 5632,
      kv_channels: 128,
      moe_num_experts: 8,
      moe_top_k: 2,
      num_attention_heads: 32,
      num_hidden_layers: 24,
      num_key_value_heads: 16,
      n_layer: 24,
      vocab_size: 32000,
      tie_word_embeddings: true,
      bias: true,
    },
  ],
  [
    "RefinedWebModel falcon-7b",
    7217189760,
    {
      architectures: ["RWForCausalLM"],
      model_type: "RefinedWebModel",
      alibi: false,
      bias: false,
      hidden_size: 4544,
      multi_query: true,
      n_head: 71,
      n_layer: 32,
      parallel_attn: true,
      vocab_size: 65024,
    },
  ],
  [
    "btlm-3b",
    2646246400,
    {
      architectures: ["BTLMLMHeadModel"],
      model_type: "btlm",
      activation_function: "swiglu",
      n_embd: 2560,
      n_head: 32,
      n_inner: 6826,
      n_layer: 32,
      n_positions: 8192,
      vocab_size: 50257,
      position_embedding_type: "alibi",
      mup_width_scale: 0.1,
      tie_word_embeddings: true,
    },
  ],
  [
    "jais-13b",
    13020697600,
    {
      architectures: ["JAISLMHeadModel"],
      model_type: "jais",
      activation_function: "swiglu",
      n_embd: 5120,
      n_head: 40,
      n_inner: 13653,
      n_layer: 40,
      n_positions: 2048,
      vocab_size: 84992,
      position_embedding_type: "alibi",
      scale_attn_weights: true,
      tie_word_embeddings: true,
    },
  ],
  [
    "hymba-1.5b",
    1522797824,
    {
      architectures: ["HymbaForCausalLM"],
      model_type: "hymba",
      hidden_act: "silu",
      hidden_size: 1600,
      intermediate_size: 5504,
      num_attention_heads: 25,
      num_hidden_layers: 32,
      num_key_value_heads: 5,
      vocab_size: 32001,
      num_memory_tokens: 128,
      kv_reuse_group: [
        [1, 2],
        [3, 4],
      ],
      kv_reuse_every_i_layer: -1,
      mamba_d_state: 16,
      mamba_d_conv: 4,
      mamba_expand: 2,
      mamba_dt_rank: 100,
      num_experts: 1,
      num_mamba: 1,
      sliding_window: 1024,
      global_attn_idx: [0, 15, 31],
      layer_type: Array(32).fill("h"),
      tie_word_embeddings: true,
      conv_dim: { "0": 3200 },
    },
  ],
  [
    "orion-14b",
    14498703360,
    {
      architectures: ["OrionForCausalLM"],
      model_type: "orion",
      attention_bias: false,
      hidden_act: "silu",
      hidden_size: 5120,
      intermediate_size: 15360,
      max_position_embeddings: 4096,
      num_attention_heads: 40,
      num_hidden_layers: 40,
      num_key_value_heads: 40,
      tie_word_embeddings: false,
      vocab_size: 84608,
    },
  ],
  [
    "telechat-7b",
    7068000000,
    {
      architectures: ["TelechatForCausalLM"],
      model_type: "telechat",
      apply_residual_connection_post_layernorm: false,
      ffn_hidden_size: 12288,
      hidden_size: 4096,
      n_head: 32,
      n_layer: 30,
      vocab_size: 160256,
      num_attention_heads: 32,
      num_hidden_layers: 30,
      seq_length: 8192,
      flash_attn: true,
    },
  ],
  [
    "solar-pro",
    22140160000,
    {
      architectures: ["SolarForCausalLM"],
      model_type: "solar",
      hidden_act: "silu",
      hidden_size: 5120,
      intermediate_size: 17920,
      num_attention_heads: 40,
      num_hidden_layers: 64,
      num_key_value_heads: 10,
      vocab_size: 32128,
      bskcn_1: [12, 20, 32, 44],
      bskcn_2: [20, 32],
      bskcn_3: [16, 24, 36, 48],
      bskcn_4: [28, 40],
      bskcn_tv: [0.9, 0.8],
      sliding_window: 2048,
      tie_word_embeddings: false,
      attention_bias: false,
    },
  ],
  [
    "aquila-7b",
    7295537152,
    {
      architectures: ["AquilaModel"],
      model_type: "aquila",
      hidden_act: "silu",
      hidden_size: 4096,
      intermediate_size: 11008,
      num_attention_heads: 32,
      num_hidden_layers: 32,
      vocab_size: 100008,
      tie_word_embeddings: false,
      max_position_embeddings: 2048,
    },
  ],
  [
    "MobileLLM-125M",
    124635456,
    {
      architectures: ["MobileLLMForCausalLM"],
      model_type: "mobilellm",
      hidden_act: "silu",
      hidden_size: 576,
      intermediate_size: 1536,
      num_attention_heads: 9,
      num_hidden_layers: 30,
      num_key_value_heads: 3,
      vocab_size: 32000,
      share_embedding: true,
      layer_sharing: false,
      tie_word_embeddings: false,
    },
  ],
  [
    "MobileLLM-LS-125M",
    124635456,
    {
      architectures: ["MobileLLMForCausalLM"],
      model_type: "mobilellm",
      hidden_act: "silu",
      hidden_size: 576,
      intermediate_size: 1536,
      num_attention_heads: 9,
      num_hidden_layers: 60,
      num_key_value_heads: 3,
      vocab_size: 32000,
      share_embedding: true,
      layer_sharing: true,
      tie_word_embeddings: false,
    },
  ],
  [
    "gpt-neox-japanese-2.7b",
    2781120000,
    {
      architectures: ["GPTNeoXJapaneseForCausalLM"],
      model_type: "gpt_neox_japanese",
      hidden_act: "gelu",
      hidden_size: 2560,
      intermediate_multiple_size: 4,
      num_attention_heads: 32,
      num_hidden_layers: 32,
      vocab_size: 32000,
    },
  ],
  [
    "voxtral-mini-3b",
    4676000000,
    {
      architectures: ["VoxtralForConditionalGeneration"],
      model_type: "voxtral",
      audio_config: {
        hidden_size: 1280,
        intermediate_size: 5120,
        num_attention_heads: 20,
        num_hidden_layers: 32,
        num_mel_bins: 128,
        model_type: "voxtral_encoder",
        vocab_size: 51866,
        max_source_positions: 1500,
      },
      text_config: {
        model_type: "llama",
        hidden_size: 3072,
        intermediate_size: 8192,
        num_attention_heads: 32,
        num_hidden_layers: 30,
        num_key_value_heads: 8,
        head_dim: 128,
        vocab_size: 131072,
        tie_word_embeddings: true,
      },
      hidden_size: 3072,
      vocab_size: 131072,
      projector_hidden_act: "gelu",
    },
  ],
  [
    "florence-2-base",
    231000000,
    {
      architectures: ["Florence2ForConditionalGeneration"],
      model_type: "florence2",
      is_encoder_decoder: true,
      projection_dim: 768,
      text_config: {
        d_model: 768,
        decoder_layers: 6,
        encoder_layers: 6,
        decoder_ffn_dim: 3072,
        encoder_ffn_dim: 3072,
        decoder_attention_heads: 12,
        encoder_attention_heads: 12,
        vocab_size: 51289,
        model_type: "florence2_language",
        is_encoder_decoder: true,
      },
      vision_config: { model_type: "davit", dim_embed: [128, 256, 512, 1024] },
      vocab_size: 51289,
    },
  ],
  [
    "cpm-ant-10b",
    9400000000,
    {
      architectures: ["CpmAntForCausalLM"],
      model_type: "cpmant",
      dim_ff: 10240,
      dim_head: 128,
      hidden_size: 4096,
      num_attention_heads: 32,
      num_hidden_layers: 48,
      prompt_length: 32,
      prompt_types: 32,
      position_bias_num_buckets: 512,
      segment_types: 32,
      vocab_size: 30720,
    },
  ],
];

const named = (name: string): Record<string, unknown> => {
  const found = ROWS.find(([each]) => each === name);
  if (found === undefined) throw new Error(`no row ${name}`);
  return found[2];
};

test.each(ROWS)(
  "%s: the bound is not above what it has, and never without a doubt",
  (_, parameters, config) => {
    let model;
    try {
      model = modelOf(config);
    } catch (error) {
      expect((error as Error).message).toMatch(/give the folder of its checkpoint|does not know/);
      return;
    }
    expect(model.uncounted?.length).toBeGreaterThan(0);
    // Cards round to the last digit that they print.
    expect(estimate(model, { tokens: 1 }).parameters).toBeLessThanOrEqual(parameters * 1.0005);
  },
);

test("a block wider than any with one matrix in is counted as one matrix of both inputs and half a matrix out", () => {
  const [layer] = modelOf({
    architectures: ["PackedForCausalLM"],
    model_type: "packed",
    hidden_size: 3584,
    intermediate_size: 37888,
    num_attention_heads: 28,
    num_hidden_layers: 28,
    num_key_value_heads: 4,
    vocab_size: 8,
  }).tensors.filter(({ name }) => name.includes("down_proj"));
  // 37,888 names gate and input together.
  expect(layer?.shape).toEqual([3584, 18_944]);
});

test("a head that shares the embedding by any of its words is counted once", () => {
  // 30 layers x (2 x 576^2 + 2 x 192 x 576 + 3 x 1536 x 576 + 2 x 576) + 576 + 32,000 x 576.
  expect(estimate(modelOf(named("MobileLLM-125M")), { tokens: 1 }).parameters).toBe(124_635_456);
});

test("an embedding narrower than the layers is counted with its own width", () => {
  const config = { ...named("aquila-7b"), embedding_size: 128, tie_word_embeddings: true };
  const [embedding] = modelOf(config).tensors.filter(({ name }) => name === "embed_tokens.weight");
  expect(embedding?.shape).toEqual([100_008, 128]);
});

test("layers that share weights have no bound", () => {
  expect(() => modelOf(named("MobileLLM-LS-125M"))).toThrow(
    /some layers of which share weights \(layer_sharing\)/,
  );
});

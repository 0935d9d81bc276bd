/** Fields of a config.json, written by hand. */
export type Config = Record<string, unknown>;

/** A Llama small enough for sums by hand: 4 heads of 2 over 2 key/value heads, two layers. */
export const TINY: Config = {
  model_type: "llama",
  hidden_size: 8,
  intermediate_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: 10,
  max_position_embeddings: 100,
  tie_word_embeddings: false,
  torch_dtype: "bfloat16",
};

/** Multi-head latent attention: a cached token is 6 + 2 numbers a layer; layer 0 dense, layer 1 of experts. */
export const TINY_LATENT: Config = {
  model_type: "deepseek_v2",
  hidden_size: 8,
  intermediate_size: 16,
  moe_intermediate_size: 4,
  n_routed_experts: 3,
  n_shared_experts: 2,
  num_experts_per_tok: 2,
  first_k_dense_replace: 1,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 4,
  kv_lora_rank: 6,
  qk_rope_head_dim: 2,
  qk_nope_head_dim: 3,
  v_head_dim: 5,
  vocab_size: 10,
  tie_word_embeddings: false,
  torch_dtype: "bfloat16",
};

/** Three delta nets, then attention. */
export const TINY_HYBRID: Config = {
  model_type: "qwen3_5",
  tie_word_embeddings: true,
  vision_config: { hidden_size: 4 },
  text_config: {
    model_type: "qwen3_5_text",
    dtype: "bfloat16",
    hidden_size: 8,
    intermediate_size: 16,
    num_hidden_layers: 4,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    head_dim: 4,
    linear_num_key_heads: 2,
    linear_key_head_dim: 3,
    linear_num_value_heads: 4,
    linear_value_head_dim: 5,
    linear_conv_kernel_dim: 4,
    vocab_size: 10,
  },
};

export const QWEN25_3B: Config = {
  model_type: "qwen2",
  hidden_size: 2048,
  intermediate_size: 11008,
  num_hidden_layers: 36,
  num_attention_heads: 16,
  num_key_value_heads: 2,
  vocab_size: 151936,
  max_position_embeddings: 32768,
  max_window_layers: 70,
  sliding_window: 32768,
  use_sliding_window: false,
  tie_word_embeddings: true,
  torch_dtype: "bfloat16",
};

export const LLAMA_70B: Config = {
  model_type: "llama",
  hidden_size: 8192,
  intermediate_size: 28672,
  num_hidden_layers: 80,
  num_attention_heads: 64,
  num_key_value_heads: 8,
  vocab_size: 128256,
  torch_dtype: "bfloat16",
};

export const LLAMA_405B: Config = {
  ...LLAMA_70B,
  hidden_size: 16384,
  intermediate_size: 53248,
  num_hidden_layers: 126,
  num_attention_heads: 128,
};

export const QWEN25_72B: Config = {
  ...LLAMA_70B,
  model_type: "qwen2",
  intermediate_size: 29568,
  vocab_size: 152064,
};

export const QWEN3_235B: Config = {
  model_type: "qwen3_moe",
  hidden_size: 4096,
  intermediate_size: 12288,
  moe_intermediate_size: 1536,
  num_hidden_layers: 94,
  num_attention_heads: 64,
  num_key_value_heads: 4,
  head_dim: 128,
  num_experts: 128,
  num_experts_per_tok: 8,
  vocab_size: 151936,
  torch_dtype: "bfloat16",
};

export const DEEPSEEK_V2: Config = {
  model_type: "deepseek_v2",
  hidden_size: 5120,
  intermediate_size: 12288,
  moe_intermediate_size: 1536,
  num_hidden_layers: 60,
  num_attention_heads: 128,
  num_key_value_heads: 128,
  kv_lora_rank: 512,
  q_lora_rank: 1536,
  qk_rope_head_dim: 64,
  qk_nope_head_dim: 128,
  v_head_dim: 128,
  n_routed_experts: 160,
  n_shared_experts: 2,
  num_experts_per_tok: 6,
  first_k_dense_replace: 1,
  vocab_size: 102400,
  torch_dtype: "bfloat16",
};

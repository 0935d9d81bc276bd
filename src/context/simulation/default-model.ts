/** Qwen2.5-3B by its published configuration; the default model of a simulation. */
export const DEFAULT_MODEL = {
  name: "Qwen2.5-3B",
  config: {
    model_type: "qwen2",
    hidden_size: 2048,
    num_hidden_layers: 36,
    num_attention_heads: 16,
    num_key_value_heads: 2,
    intermediate_size: 11_008,
    vocab_size: 151_936,
    max_position_embeddings: 32_768,
    tie_word_embeddings: true,
    torch_dtype: "bfloat16",
  },
} as const;

import { isObject } from "./fields.js";

/** A field that no reader asked for. */
export interface Unasked {
  name: string;
  value: unknown;
  where: string;
}

/**
 * Words of fields that add no tensors: how the model was trained, how it samples, where its tokens are, what its
 * numbers are scaled by. Parts of names, because every family spells them a little differently.
 */
const HARMLESS = [
  /^_/,
  /token(?!2wav)|^(bos|eos|pad|sep|cls|unk)_|_(bos|eos|pad)$/,
  /drop|(^|_)pdrop$/,
  /(^|_)(eps|epsilon)$/,
  /rope|rotary|theta|yarn|mscale|use_cache|use_(nope|mrope|rope)|position_embedding_type|alibi/,
  /init|std$|(^|_)std_|seed/,
  /version|^architectures$|^auto_map$|model_type|dtype|_class$|^(bf16|fp16|fp32)$|precision/,
  /(^|_)act(_fn|ivation.*)?$|hidden_act|activation|gelu|swish|limit|clip_qkv|clamp/,
  /loss|aux|jitter|z_coef|label|problem_type|task|finetuning/,
  /scal(e|ing|ar$)|in_fp32|multiplier|alpha|beta|gamma|temperature|softcap|mup|norm_factor/,
  /group_?limited|^(n|topk|num_expert)_group(s)?$|topk_(group|method)|scoring_func|norm_topk_prob|router_(dtype|type|score|topk)/,
  /score_function|routed_scaling|^ep_size$|pretraining_tp|^tp_/,
  /max_(window_layers|position|seq|length)|min_length|length_penalty|num_beams|do_sample|top_[kp]$|repetition|no_repeat/,
  /use_sliding_window|original_max|seq_len|context_length|_context_len/,
  /logits_to_keep|output_|return_|^is_|^use_decoder_only|torchscript|pruned|chunk_size_feed|tie_|cross_attention_hidden/,
  /time_step|dt_(min|max|floor|limit)|chunk_?size|rescale|residual_in_fp32|kernels?_?(type|backend)|use_.*kernel|backend|fused?_|fuse_/,
  /^select_layer$|(image|vision|video|audio|tile|projector)_?.*(token|tag|aspect|pinpoints|select|feature_layer|hidden_act|merge_type|seq_length)/,
  /candidate_resolutions|global_view|ignore_index|dynamic_image|max_dynamic|min_dynamic|use_thumbnail|ps_version|template/,
  /^(name|id|revision|license|language|tags|source|commit|transformers|tokenizer|processor|generation)/,
  /flash|sdpa|attn_implementation|eager|onnx|safe|offload|gradient|checkpointing|compile|quant|unsloth|pretrained/,
  /causal|attention_type|attention_method|normali[sz]ation_function|nonlinearity|feed_forward_proj|pretrain|bidirectional/,
  /index_topk|index_n_groups|partial_|interleave$|rope_interleave|mlp_hidden_act|swiglu/,
  /residual_(in|type)|parallel_residual|ssm_(in|out|state)_mult|embedding_norm|mup|depth_scale|norm_before_gate/,
  /^(encoder_no_repeat|forced|suppress|begin|decoder_start|bad_words|diversity|exponential|remove_invalid|typical)/,
  /mask|median_filter|apply_spec|mm_use_im|tune_|freeze|_lr$|^lr_|crop|grid_pin|pad_to|anyres|mm_patch_merge|resampl.*mode/,
  // Widths of blocks that a model with experts in every layer does not have, and sizes of pictures and windows.
  /^(intermediate_size(_mlp)?|ffn_dim|n_inner|d_ff)$|(image|crop|patch|tile|merge)_size$|^merge_|window|resolution/,
  /^lm_head$|^rm_head$|compressor|dim_model_base|logn|per_layer_input$|^projection_dim$|nextn_predict|^(num_)?mtp_/,
  /world_size|rank_?id|batch_size|micro|sequence_parallel|use_cpu|device|hf_|deepspeed|megatron/,
];

/** Objects that hold settings; any other object may describe a part of the model, whatever its name is. */
const HARMLESS_OBJECTS =
  /^(generation|quant\w*|compression|rope|tokenizer|\w*processor|peft|train\w*|deepspeed|parallel|tp|ep|pp|cache|init|serving|kernels?|runtime|attn_implementation|sampling|logging|debug)_?(config|params|parameters|scaling|plan|args|kwargs|map)?$|rope|label|task_specific|scaling|auto_map|pipeline|template/;

/** Names of texts that name another model, which is then a part of this one. */
const OTHER_MODEL =
  /tower|encoder|(vision|audio|speech|image|text|language|backbone|llm)_?(model|backbone)?(_(id|name|path|name_or_path))?$/;

/** Words of fields that mean tensors, or state that is kept for a sequence. */
const TENSORS =
  /expert|moe|lora|rank|hidden|intermediate|ffn|mlp|(^|_)dim|dims?$|size|width|layer|depth|head|proj|tower|vision|visual|image|audio|speech|encoder|decoder|talker|thinker|token2wav|code2wav|mtp|nextn|index|compress|embed|embd|kernel|conv|ssm|state|mamba|linear|shared?_|gate|gating|adapter|bias|norm|sink|latent|memory|cross|prefix|hash|gram|block|codebook|quantizer|sparse|attn|attention|router|mixer|recurrent|pattern|kv_/;

/** Fields that may hold tensors which no reader counted, as texts such as `gating true`. */
export function uncountedFields(unasked: readonly Unasked[]): string[] {
  return unasked
    .filter(({ name, value }) => mayMeanTensors(name.toLowerCase(), value))
    .map(({ name, value }) => `${name} ${shown(value)}`);
}

function mayMeanTensors(name: string, value: unknown): boolean {
  if (isNothing(value)) return false;
  // Newer files name the type of each layer even where all have the usual one.
  if (name === "layer_types" && Array.isArray(value) && value.every((type) => type === "full_attention"))
    return false;
  if (typeof value === "string")
    return /^[\w.-]+\/[\w.-]+$/.test(value) && OTHER_MODEL.test(name) && !name.startsWith("_");
  if (isObject(value))
    return (
      !name.startsWith("_") &&
      !HARMLESS_OBJECTS.test(name) &&
      Object.values(value).some((inner) => !isNothing(inner))
    );
  if (HARMLESS.some((word) => word.test(name))) return false;
  return TENSORS.test(name);
}

/** What authors write for "not there". */
function isNothing(value: unknown): boolean {
  return (
    value === null ||
    value === undefined ||
    value === false ||
    value === 0 ||
    value === "" ||
    (Array.isArray(value) && value.every(isNothing)) ||
    (isObject(value) && Object.keys(value).length === 0)
  );
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return `(a list of ${value.length})`;
  return isObject(value) ? "(an object)" : String(value).slice(0, 80);
}

/** One sentence that names the fields. */
export function uncountedSentence(where: string, fields: readonly string[]): string {
  const shownFields =
    fields.slice(0, 8).join(", ") + (fields.length > 8 ? ` and ${fields.length - 8} more` : "");
  return `${where} has ${fields.length === 1 ? "a field" : "fields"} that may mean tensors which are not counted: ${shownFields}.`;
}

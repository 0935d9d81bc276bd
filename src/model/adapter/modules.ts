import type { ModelShape, Tensor } from "../shape.js";
import { TOWER, partOf } from "../quantization/parts.js";

/** One matrix as the code of a family names it; families may keep several of ours in one. */
export interface Module {
  /** Path with `*` for the number of the layer, such as `layers.*.self_attn.q_proj`. */
  path: string;
  rows: number;
  columns: number;
  /** In all layers and experts together. */
  copies: number;
  kind: "linear" | "router" | "embedding" | "head";
  /** A tensor that holds all experts and is no module of its own. */
  isParameter: boolean;
}

const QKV = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"];
const GATE_UP = ["mlp.gate_proj", "mlp.up_proj"];
const NEOX = {
  "attention.query_key_value": QKV,
  "attention.dense": ["self_attn.o_proj"],
  "mlp.dense_h_to_4h": [...GATE_UP],
  "mlp.dense_4h_to_h": ["mlp.down_proj"],
};
const GPT2 = {
  "attn.c_attn": QKV,
  "attn.c_proj": ["self_attn.o_proj"],
  "mlp.c_fc": ["mlp.up_proj"],
  "mlp.c_proj": ["mlp.down_proj"],
};
const FC = { "mlp.fc1": ["mlp.up_proj"], "mlp.fc2": ["mlp.down_proj"] };
const T5 = {
  "SelfAttention.q": ["self_attn.q_proj"],
  "SelfAttention.k": ["self_attn.k_proj"],
  "SelfAttention.v": ["self_attn.v_proj"],
  "SelfAttention.o": ["self_attn.o_proj"],
  "EncDecAttention.q": ["cross_attn.q_proj"],
  "EncDecAttention.k": ["cross_attn.k_proj"],
  "EncDecAttention.v": ["cross_attn.v_proj"],
  "EncDecAttention.o": ["cross_attn.o_proj"],
  "DenseReluDense.wi_0": ["mlp.gate_proj"],
  "DenseReluDense.wi_1": ["mlp.up_proj"],
  "DenseReluDense.wo": ["mlp.down_proj"],
};
const BERT = {
  "attention.self.query": ["self_attn.q_proj"],
  "attention.self.key": ["self_attn.k_proj"],
  "attention.self.value": ["self_attn.v_proj"],
  "attention.output.dense": ["self_attn.o_proj"],
  "intermediate.dense": ["mlp.up_proj"],
  "output.dense": ["mlp.down_proj"],
};
const BART = {
  "self_attn.out_proj": ["self_attn.o_proj"],
  "encoder_attn.q_proj": ["cross_attn.q_proj"],
  "encoder_attn.k_proj": ["cross_attn.k_proj"],
  "encoder_attn.v_proj": ["cross_attn.v_proj"],
  "encoder_attn.out_proj": ["cross_attn.o_proj"],
  fc1: ["mlp.up_proj"],
  fc2: ["mlp.down_proj"],
};

/**
 * Modules of families whose code keeps several matrices in one or has other names, by their classes in transformers
 * (modeling_*.py of each family).
 */
const OWN_NAMES: Record<string, Record<string, readonly string[]>> = {
  phi3: { "self_attn.qkv_proj": QKV, "mlp.gate_up_proj": GATE_UP },
  phi3_v: { "self_attn.qkv_proj": QKV, "mlp.gate_up_proj": GATE_UP },
  glm: { "mlp.gate_up_proj": GATE_UP },
  glm4: { "mlp.gate_up_proj": GATE_UP },
  glm4v: { "mlp.gate_up_proj": GATE_UP },
  gpt2: GPT2,
  gpt_bigcode: GPT2,
  starcoder2: { "mlp.c_fc": ["mlp.up_proj"], "mlp.c_proj": ["mlp.down_proj"] },
  gpt_neox: NEOX,
  falcon: NEOX,
  bloom: NEOX,
  chatglm: NEOX,
  gptj: {
    "attn.out_proj": ["self_attn.o_proj"],
    "mlp.fc_in": ["mlp.up_proj"],
    "mlp.fc_out": ["mlp.down_proj"],
  },
  phi: { "self_attn.dense": ["self_attn.o_proj"], ...FC },
  opt: { "self_attn.out_proj": ["self_attn.o_proj"], fc1: ["mlp.up_proj"], fc2: ["mlp.down_proj"] },
  mpt: {
    "attn.Wqkv": QKV,
    "attn.out_proj": ["self_attn.o_proj"],
    "ffn.up_proj": ["mlp.up_proj"],
    "ffn.down_proj": ["mlp.down_proj"],
  },
  qwen: {
    "attn.c_attn": QKV,
    "attn.c_proj": ["self_attn.o_proj"],
    "mlp.w1": ["mlp.up_proj"],
    "mlp.w2": ["mlp.gate_proj"],
    "mlp.c_proj": ["mlp.down_proj"],
  },
  internlm2: {
    "attention.wqkv": QKV,
    "attention.wo": ["self_attn.o_proj"],
    "feed_forward.w1": ["mlp.gate_proj"],
    "feed_forward.w3": ["mlp.up_proj"],
    "feed_forward.w2": ["mlp.down_proj"],
  },
  baichuan: { "self_attn.W_pack": QKV },
  mixtral: {
    "block_sparse_moe.experts.*.w1": ["mlp.experts.*.gate_proj"],
    "block_sparse_moe.experts.*.w3": ["mlp.experts.*.up_proj"],
    "block_sparse_moe.experts.*.w2": ["mlp.experts.*.down_proj"],
  },
  t5: T5,
  mt5: T5,
  umt5: T5,
  bert: BERT,
  roberta: BERT,
  xlm_roberta: BERT,
  camembert: BERT,
  electra: BERT,
  bart: BART,
  mbart: BART,
  pegasus: BART,
  marian: BART,
  m2m_100: BART,
  whisper: BART,
};

/** T5 without a gate has one matrix `wi`. */
function namesOf(family: string, tensors: readonly Tensor[]): Record<string, readonly string[]> {
  const own = Object.hasOwn(OWN_NAMES, family) ? (OWN_NAMES[family] ?? {}) : {};
  const isPlainT5 = own === T5 && !tensors.some(({ name }) => name.includes("mlp.gate_proj"));
  return isPlainT5 ? { ...own, "DenseReluDense.wi": ["mlp.up_proj"], "DenseReluDense.wi_1": [] } : own;
}

/** The matrices of a model under the names that adapters use. */
export function modulesOf({ family, tensors }: ModelShape): Module[] {
  const names = Object.entries(namesOf(family, tensors)).filter(([, parts]) => parts.length > 0);
  const modules = new Map<string, Module>();
  for (const tensor of tensors) {
    const isParameter = !tensor.name.endsWith(".weight");
    const plain = tensor.name.replace(/\.weight$/, "").replace(TOWER, "");
    const part = partOf({ ...tensor, name: tensor.name.replace(TOWER, "") });
    // Only Whisper's own encoder has the names of its class; those of other towers vary.
    if ((tensor.name.startsWith(TOWER) && family !== "whisper") || part === "other" || part === "tower")
      continue;
    if (isParameter && !plain.includes(".experts.")) continue;
    const [own, parts] = names.find(([, ours]) => ours.some((end) => plain.endsWith(`.${end}`))) ?? [];
    const end = parts?.find((one) => plain.endsWith(`.${one}`)) ?? "";
    const path = own === undefined ? plain : `${plain.slice(0, -end.length)}${own}`;
    const columns = tensor.shape.at(-1) ?? 1;
    const rows = tensor.shape.at(-2) ?? 1;
    const each = tensor.shape.slice(0, -2).reduce((all, one) => all * one, 1);
    const kind = part === "expert" ? "linear" : part;
    const key = own === undefined ? `${path} ${rows} ${columns}` : `${path} ${columns} ${tensor.copies}`;
    const known = modules.get(key);
    if (known === undefined)
      modules.set(key, { path, rows, columns, copies: tensor.copies * each, kind, isParameter });
    else if (own === undefined) known.copies += tensor.copies * each;
    else known.rows += rows;
  }
  return [...modules.values()];
}

import { attentionPart } from "../attention-part.js";
import type { DecoderTraits } from "../decoder.js";
import { decoder, outside, outsideLinear } from "../decoder.js";
import { densePart } from "../feed-forward-part.js";
import type { Fields } from "../fields.js";
import { MOST, NAMES } from "../fields.js";
import type { NormKind, Part } from "../part.js";
import { joined, norm, tensorsOfLayers } from "../part.js";
import type { ModelShape, Tensor } from "../shape.js";
import { whisperEncoder } from "../towers/audio.js";

export const KEEPS_NOTHING = "An encoder keeps no cache: it reads all its tokens at once.";

export const READS_ENCODER =
  "Each decoder layer also keeps the keys and values of what the encoder read, as many tokens as its input has; they are not in the figures.";

/** Attention that keeps nothing: an encoder sees all its tokens at once. */
export function uncached(part: Part): Part {
  return part.attention === undefined
    ? part
    : { ...part, attention: { ...part.attention, sharesCache: true } };
}

/** The class that `architectures` names; nothing means the plain model, without a head for words. */
export function classOf(fields: Fields): string {
  const [named] = fields.any("architectures") ?? [];
  if (typeof named === "string") return named;
  fields.assume("architectures", "the plain model");
  return "";
}

/** BERT and its successors: an encoder that generates nothing and has no cache. */
function bert(places: number): (fields: Fields) => ModelShape {
  return (fields) => {
    const hiddenSize = fields.whole(NAMES.hidden);
    const heads = fields.whole(NAMES.heads, MOST.heads);
    const words = fields.whole(NAMES.vocabulary);
    const positions = fields.maybeWhole(NAMES.positions, MOST.positions) ?? 512;
    const kinds = fields.maybeWhole("type_vocab_size") ?? places;
    const architecture = classOf(fields);
    const part = uncached(
      attentionPart(hiddenSize, {
        heads,
        kvHeads: heads,
        headDim: hiddenSize / heads,
        qkvBias: true,
        outputBias: true,
      }),
    );
    const dense = densePart(hiddenSize, fields.whole(NAMES.intermediate), { gated: false, bias: true });
    const predicts = /MaskedLM|PreTraining/.test(architecture);
    // A file that names no class is that of the plain model, which has the layer behind the first token.
    const pools = /^$|Model$|PreTraining|SequenceClassification|MultipleChoice/.test(architecture);
    const square = (name: string): Tensor[] => [
      ...outsideLinear(name, hiddenSize, hiddenSize),
      outside(`${name}.bias`, hiddenSize),
    ];
    const model = decoder(fields.with({ tie_word_embeddings: true, num_key_value_heads: heads }), {
      norm: "layer",
      finalNorm: false,
      mixer: () => part,
      feedForward: () => dense,
      extra: [
        outside("positions.weight", positions, hiddenSize),
        ...(kinds > 0 ? [outside("token_type_embeddings.weight", kinds, hiddenSize)] : []),
        ...norm("embeddings.norm", "layer", hiddenSize).map(({ name, shape }) => outside(name, ...shape)),
        ...(predicts
          ? [
              ...square("cls.transform"),
              outside("cls.norm.weight", 2, hiddenSize),
              outside("cls.bias", words),
            ]
          : []),
        ...(pools ? square("pooler.dense") : []),
      ],
    });
    fields.known("classifier_dropout", "tie_word_embeddings");
    // The class drops a tenth unless the file says otherwise.
    const dropped = fields.raw("attention_probs_dropout_prob") ?? 0.1;
    return {
      ...model,
      ...(dropped === 0 ? {} : { hasAttentionDropout: true as const }),
      notes: [...model.notes, KEEPS_NOTHING],
    };
  };
}

interface CrossTraits {
  heads: number;
  headDim: number;
  bias: boolean;
  keyBias: boolean;
  kind: NormKind;
  gated: boolean;
  intermediate: number;
  layers: number;
}

/** Layers of a decoder that also look at what an encoder read. */
function crossLayers(hiddenSize: number, traits: CrossTraits): Part {
  const { heads, headDim, bias, keyBias, kind, gated, intermediate } = traits;
  const own = attentionPart(hiddenSize, { heads, kvHeads: heads, headDim, qkvBias: bias, outputBias: bias });
  const tensors = own.tensors.filter(({ name }) => keyBias || name !== "self_attn.k_proj.bias");
  const cross = tensors.map((tensor) => ({
    ...tensor,
    name: tensor.name.replace("self_attn", "cross_attn"),
  }));
  const norms = ["norm_1", "norm_2", "norm_3"].flatMap((name) => norm(name, kind, hiddenSize));
  return joined([
    { ...own, tensors },
    { tensors: [...cross, ...norms] },
    densePart(hiddenSize, intermediate, { gated, bias }),
  ]);
}

/** The layers of the encoder, whose tensors stand beside the decoder's. */
function encoderTensors(hiddenSize: number, traits: CrossTraits): Tensor[] {
  const { heads, headDim, bias, keyBias, kind, gated, intermediate, layers } = traits;
  const own = attentionPart(hiddenSize, { heads, kvHeads: heads, headDim, qkvBias: bias, outputBias: bias });
  const layer = joined([
    { tensors: own.tensors.filter(({ name }) => keyBias || name !== "self_attn.k_proj.bias") },
    { tensors: ["norm_1", "norm_2"].flatMap((name) => norm(name, kind, hiddenSize)) },
    { tensors: densePart(hiddenSize, intermediate, { gated, bias }).tensors },
  ]);
  return tensorsOfLayers(Array<Part>(layers).fill(layer), "encoder.layers");
}

function decoderWithEncoder(
  fields: Fields,
  traits: CrossTraits & { extra: Tensor[]; tied: boolean; finalNorm: boolean },
): ModelShape {
  const hiddenSize = fields.whole(NAMES.hidden);
  const layer = crossLayers(hiddenSize, traits);
  const own: DecoderTraits = {
    norm: traits.kind,
    layerNorms: 0,
    finalNorm: traits.finalNorm,
    layers: traits.layers,
    mixer: () => layer,
    feedForward: () => undefined,
    tied: traits.tied,
    extra: traits.extra,
  };
  fields.notes.push(READS_ENCODER);
  return decoder(fields, own);
}

function t5(fields: Fields): ModelShape {
  const hiddenSize = fields.whole(NAMES.hidden);
  const heads = fields.whole(NAMES.heads, MOST.heads);
  const gated =
    /gated/.test(fields.text("feed_forward_proj") ?? "") || (fields.maybeFlag("is_gated_act") ?? false);
  const layers = fields.whole("num_layers", MOST.layers);
  const traits: CrossTraits = {
    heads,
    headDim: fields.maybeWhole("d_kv", MOST.heads) ?? 64,
    bias: false,
    keyBias: false,
    kind: "rms",
    gated,
    intermediate: fields.whole("d_ff"),
    layers,
  };
  const decoders = fields.maybeWhole("num_decoder_layers", MOST.layers) ?? layers;
  const buckets = fields.maybeWhole("relative_attention_num_buckets") ?? 32;
  fields.known("relative_attention_max_distance", "n_positions");
  return decoderWithEncoder(fields, {
    ...traits,
    layers: decoders,
    tied: true,
    finalNorm: true,
    extra: [
      ...encoderTensors(hiddenSize, traits),
      outside("relative_attention_bias", 2 * buckets, heads),
      outside("encoder.norm.weight", hiddenSize),
    ],
  });
}

function whisper(fields: Fields): ModelShape {
  const hiddenSize = fields.whole(NAMES.hidden);
  const heads = fields.whole("decoder_attention_heads", MOST.heads);
  fields.known(
    "encoder_attention_heads",
    "max_length",
    "num_hidden_layers",
    "use_weighted_layer_sum",
    "classifier_proj_size",
  );
  return decoderWithEncoder(fields, {
    heads,
    headDim: hiddenSize / heads,
    bias: true,
    keyBias: false,
    kind: "layer",
    gated: false,
    intermediate: fields.whole("decoder_ffn_dim"),
    layers: fields.whole("decoder_layers", MOST.layers),
    tied: true,
    finalNorm: true,
    extra: [
      ...whisperEncoder(fields, true).tensors,
      outside("positions.weight", fields.whole("max_target_positions", MOST.positions), hiddenSize),
    ],
  });
}

interface BartTraits {
  /** Rows of learned or stored positions beyond the longest sequence; undefined if none are stored. */
  offset: number | undefined;
  /** Norms of the embeddings of both stacks. */
  embeddingNorms: boolean;
  /** Norms behind the last layer of both stacks. */
  finalNorms: boolean;
}

/** BART and its relatives: two stacks that share their embedding. */
function bart({ offset, embeddingNorms, finalNorms }: BartTraits): (fields: Fields) => ModelShape {
  return (fields) => {
    const hiddenSize = fields.whole(NAMES.hidden);
    const heads = fields.whole("decoder_attention_heads", MOST.heads);
    const positions = fields.whole(NAMES.positions, MOST.positions);
    const traits: CrossTraits = {
      heads,
      headDim: hiddenSize / heads,
      bias: true,
      keyBias: true,
      kind: "layer",
      gated: false,
      intermediate: fields.whole("encoder_ffn_dim"),
      layers: fields.whole("encoder_layers", MOST.layers),
    };
    const stacks = ["encoder", "decoder"];
    fields.known("encoder_attention_heads", "num_hidden_layers", "classifier_dropout", "normalize_before");
    fields.known("static_position_embeddings", "decoder_vocab_size", "share_encoder_decoder_embeddings");
    fields.known("normalize_embedding", "add_final_layer_norm", "add_bias_logits", "extra_pos_embeddings");
    const words = fields.whole(NAMES.vocabulary);
    if ((fields.maybeWhole("decoder_vocab_size") ?? words) !== words)
      throw fields.wrong("decoder_vocab_size", `the ${words} words of the encoder`);
    return decoderWithEncoder(fields, {
      ...traits,
      intermediate: fields.whole("decoder_ffn_dim"),
      layers: fields.whole("decoder_layers", MOST.layers),
      tied: true,
      finalNorm: finalNorms,
      extra: [
        ...encoderTensors(hiddenSize, traits),
        ...(offset === undefined
          ? []
          : stacks.map((stack) => outside(`${stack}.positions.weight`, positions + offset, hiddenSize))),
        ...(embeddingNorms
          ? stacks.map((stack) => outside(`${stack}.embeddings.norm.weight`, 2, hiddenSize))
          : []),
        ...(finalNorms ? [outside("encoder.norm.weight", 2, hiddenSize)] : []),
      ],
    });
  };
}

/** Stacks with layer norms, biases and two matrices in a block, whose positions are learned or computed. */
function afterBart(learned: boolean): (fields: Fields) => ModelShape {
  return (fields) => {
    const hiddenSize = fields.whole(NAMES.hidden);
    const heads = fields.whole([...NAMES.heads, "attention_heads"], MOST.heads);
    const intermediate = fields.whole(NAMES.intermediate);
    const part = attentionPart(hiddenSize, {
      heads,
      kvHeads: heads,
      headDim: hiddenSize / heads,
      qkvBias: true,
      outputBias: true,
    });
    const block = densePart(hiddenSize, intermediate, { gated: false, bias: true });
    return decoder(fields, {
      norm: "layer",
      mixer: () => part,
      feedForward: () => block,
      tied: true,
      // The first two positions are for padding.
      extra: learned ? [outside("positions.weight", fields.whole(NAMES.positions) + 2, hiddenSize)] : [],
    });
  };
}

/** MPNet: BERT without kinds of segments, and one table of distances for all layers. */
function mpnet(fields: Fields): ModelShape {
  const buckets = fields.maybeWhole("relative_attention_num_buckets") ?? 32;
  const model = bert(0)(fields);
  const table = outside("relative_attention_bias.weight", buckets, fields.whole(NAMES.heads, MOST.heads));
  return { ...model, tensors: [...model.tensors, table] };
}

/** DistilBERT: BERT with half its layers, without kinds of segments, and names of its own. */
function distilbert(fields: Fields): ModelShape {
  fields.known("sinusoidal_pos_embds", "tie_weights_", "dim", "hidden_dim");
  const model = bert(0)(
    fields.with({
      hidden_size: fields.whole("dim"),
      intermediate_size: fields.whole("hidden_dim"),
      num_attention_heads: fields.whole(NAMES.heads, MOST.heads),
      num_hidden_layers: fields.whole(NAMES.layers, MOST.layers),
    }),
  );
  return { ...model, tensors: model.tensors.filter(({ name }) => !name.startsWith("pooler")) };
}

interface RecentEncoder {
  norm: NormKind;
  /** The first layer has no norm before its attention. */
  skipsFirstNorm?: boolean;
  qkvBias: boolean;
  mlpBias: boolean;
  extra: Tensor[];
}

/** Encoders with rotary positions and gated blocks. */
function recentEncoder(fields: Fields, traits: RecentEncoder): ModelShape {
  const hiddenSize = fields.whole(NAMES.hidden);
  const heads = fields.whole(NAMES.heads, MOST.heads);
  const part = uncached(
    attentionPart(hiddenSize, {
      heads,
      kvHeads: heads,
      headDim: hiddenSize / heads,
      qkvBias: traits.qkvBias,
      outputBias: traits.qkvBias,
    }),
  );
  const block = densePart(hiddenSize, fields.whole(NAMES.intermediate), { bias: traits.mlpBias });
  const model = decoder(fields.with({ tie_word_embeddings: true, num_key_value_heads: heads }), {
    norm: traits.norm,
    layerNorms: 0,
    finalNorm: false,
    mixer: (layer) =>
      joined([
        part,
        {
          tensors: norm(
            "norm_1",
            layer === 0 && traits.skipsFirstNorm === true ? "none" : traits.norm,
            hiddenSize,
          ),
        },
        { tensors: norm("norm_2", traits.norm, hiddenSize) },
      ]),
    feedForward: () => block,
    extra: traits.extra,
  });
  return { ...model, notes: [...model.notes, KEEPS_NOTHING] };
}

function modernbert(fields: Fields): ModelShape {
  const hiddenSize = fields.whole(NAMES.hidden);
  const kind: NormKind = fields.flag("norm_bias", false) ? "layer" : "layer-without-bias";
  const words = fields.whole(NAMES.vocabulary);
  const [named] = fields.any("architectures") ?? [];
  const predicts = typeof named === "string" && /MaskedLM/.test(named);
  fields.known(
    "global_attn_every_n_layers",
    "local_attention",
    "classifier_bias",
    "sparse_prediction",
    "decoder_bias",
  );
  fields.known("classifier_pooling", "layer_types", "sparse_pred_ignore_index");
  const square = norm("head.norm", kind, hiddenSize).map(({ name, shape }) => outside(name, ...shape));
  return recentEncoder(fields, {
    norm: kind,
    skipsFirstNorm: true,
    qkvBias: fields.flag("attention_bias", false),
    mlpBias: fields.flag("mlp_bias", false),
    extra: [
      ...norm("embeddings.norm", kind, hiddenSize).map(({ name, shape }) => outside(name, ...shape)),
      ...norm("final_norm", kind, hiddenSize).map(({ name, shape }) => outside(name, ...shape)),
      ...(predicts
        ? [
            ...outsideLinear("head.dense", hiddenSize, hiddenSize),
            ...square,
            ...(fields.flag("decoder_bias", true) ? [outside("decoder.bias", words)] : []),
          ]
        : []),
    ],
  });
}

function nomicBert(fields: Fields): ModelShape {
  const hiddenSize = fields.whole(NAMES.hidden);
  const gated = /glu/.test(fields.text("activation_function") ?? "");
  if (!gated) throw fields.wrong("activation_function", "swiglu or geglu, which Nomic's encoder has");
  const bias = fields.flag("mlp_fc1_bias", false);
  fields.known(
    "mlp_fc2_bias",
    "causal",
    "prenorm",
    "parallel_block",
    "use_rms_norm",
    "rotary_emb_fraction",
    "rotary_emb_base",
  );
  fields.known("pad_vocab_size_multiple", "shared_block", "rotary_emb_interleaved");
  return recentEncoder(fields, {
    norm: "layer",
    qkvBias: fields.flag("qkv_proj_bias", false),
    mlpBias: bias,
    extra: [
      outside("token_type_embeddings.weight", fields.maybeWhole("type_vocab_size") ?? 2, hiddenSize),
      outside("embeddings.norm.weight", 2, hiddenSize),
    ],
  });
}

export const ENCODERS: Record<string, (fields: Fields) => ModelShape> = {
  bert: bert(2),
  roberta: bert(1),
  xlm_roberta: bert(1),
  camembert: bert(1),
  electra: bert(2),
  t5,
  mt5: t5,
  umt5: t5,
  whisper,
  bart: bart({ offset: 2, embeddingNorms: true, finalNorms: false }),
  mbart: bart({ offset: 2, embeddingNorms: true, finalNorms: true }),
  pegasus: bart({ offset: 0, embeddingNorms: false, finalNorms: true }),
  marian: bart({ offset: 0, embeddingNorms: false, finalNorms: false }),
  m2m_100: bart({ offset: undefined, embeddingNorms: false, finalNorms: true }),
  biogpt: afterBart(true),
  xglm: afterBart(false),
  distilbert,
  mpnet,
  modernbert,
  nomic_bert: nomicBert,
};

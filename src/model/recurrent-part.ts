import type { Part, PartTensor } from "./part.js";
import { linear, norm } from "./part.js";

function convolution(name: string, channels: number, kernel: number, bias: boolean): PartTensor[] {
  return [
    { name: `${name}.weight`, shape: [channels, 1, kernel] },
    ...(bias ? [{ name: `${name}.bias`, shape: [channels] }] : []),
  ];
}

export interface Mamba1Traits {
  inner: number;
  state: number;
  kernel: number;
  stepRank: number;
  convolutionBias: boolean;
  bias: boolean;
  /** Norms of the step, B and C (Jamba). */
  innerNorms: boolean;
}

/** Mamba: a state of `state` numbers for each channel. */
export function mamba1Part(hiddenSize: number, traits: Mamba1Traits): Part {
  const { inner, state, kernel, stepRank, bias } = traits;
  return {
    recurrence: {
      stateElements: inner * state,
      convolutionElements: inner * kernel,
      kernel,
      width: 4 * inner,
    },
    tensors: [
      ...linear("mamba.in_proj", 2 * inner, hiddenSize, bias),
      ...convolution("mamba.conv1d", inner, kernel, traits.convolutionBias),
      ...linear("mamba.x_proj", stepRank + 2 * state, inner),
      ...linear("mamba.dt_proj", inner, stepRank, true),
      { name: "mamba.A_log", shape: [inner, state] },
      { name: "mamba.D", shape: [inner] },
      ...linear("mamba.out_proj", hiddenSize, inner, bias),
      ...(traits.innerNorms
        ? [
            ...norm("mamba.dt_layernorm", "rms", stepRank),
            ...norm("mamba.b_layernorm", "rms", state),
            ...norm("mamba.c_layernorm", "rms", state),
          ]
        : []),
    ],
  };
}

export interface Mamba2Traits {
  heads: number;
  headDim: number;
  state: number;
  groups: number;
  kernel: number;
  convolutionBias: boolean;
  bias: boolean;
  /** The gated norm before the output projection; Falcon-H1 may leave it out. */
  gatedNorm?: boolean;
}

/** Mamba-2: a state of `headDim x state` numbers for each head. */
export function mamba2Part(hiddenSize: number, traits: Mamba2Traits): Part {
  const { heads, headDim, state, groups, kernel, bias } = traits;
  const inner = heads * headDim;
  const channels = inner + 2 * groups * state;
  return {
    recurrence: {
      stateElements: inner * state,
      convolutionElements: channels * kernel,
      kernel,
      width: 2 * inner + 2 * channels + heads,
    },
    tensors: [
      ...linear("mamba.in_proj", inner + channels + heads, hiddenSize, bias),
      ...convolution("mamba.conv1d", channels, kernel, traits.convolutionBias),
      { name: "mamba.dt_bias", shape: [heads] },
      { name: "mamba.A_log", shape: [heads] },
      { name: "mamba.D", shape: [heads] },
      ...(traits.gatedNorm === false ? [] : norm("mamba.norm", "rms", inner)),
      ...linear("mamba.out_proj", hiddenSize, inner, bias),
    ],
  };
}

export interface DeltaNetTraits {
  keyHeads: number;
  keyDim: number;
  valueHeads: number;
  valueDim: number;
  kernel: number;
}

/** Gated delta net (Qwen3-Next, Qwen3.5): a state of `keyDim x valueDim` numbers for each value head. */
export function deltaNetPart(hiddenSize: number, traits: DeltaNetTraits): Part {
  const { keyHeads, keyDim, valueHeads, valueDim, kernel } = traits;
  const keys = keyHeads * keyDim;
  const values = valueHeads * valueDim;
  const channels = 2 * keys + values;
  return {
    recurrence: {
      stateElements: valueHeads * keyDim * valueDim,
      convolutionElements: channels * kernel,
      kernel,
      width: 2 * channels + 2 * values,
    },
    tensors: [
      ...linear("linear_attn.in_proj_qkv", channels, hiddenSize),
      ...linear("linear_attn.in_proj_z", values, hiddenSize),
      ...linear("linear_attn.in_proj_b", valueHeads, hiddenSize),
      ...linear("linear_attn.in_proj_a", valueHeads, hiddenSize),
      ...convolution("linear_attn.conv1d", channels, kernel, false),
      { name: "linear_attn.dt_bias", shape: [valueHeads] },
      { name: "linear_attn.A_log", shape: [valueHeads] },
      ...norm("linear_attn.norm", "rms", valueDim),
      ...linear("linear_attn.out_proj", hiddenSize, values),
    ],
  };
}

/** A gated short convolution (LFM2): it remembers only a few tokens. */
export function shortConvolutionPart(hiddenSize: number, kernel: number, bias: boolean): Part {
  return {
    recurrence: { stateElements: 0, convolutionElements: hiddenSize * kernel, kernel, width: 5 * hiddenSize },
    tensors: [
      ...linear("conv.in_proj", 3 * hiddenSize, hiddenSize, bias),
      ...convolution("conv.conv", hiddenSize, kernel, bias),
      ...linear("conv.out_proj", hiddenSize, hiddenSize, bias),
    ],
  };
}

/**
 * Linear attention of MiniMax: one matrix for queries, keys and values, a norm and a gate for the output; a state of
 * `headDim x headDim` numbers for each head.
 */
export function lightningPart(hiddenSize: number, heads: number, headDim: number): Part {
  const inner = heads * headDim;
  return {
    recurrence: { stateElements: inner * headDim, convolutionElements: 0, width: 5 * inner },
    tensors: [
      ...linear("linear_attn.qkv_proj", 3 * inner, hiddenSize),
      ...linear("linear_attn.output_gate", inner, hiddenSize),
      ...norm("linear_attn.norm", "rms", inner),
      ...linear("linear_attn.out_proj", hiddenSize, inner),
    ],
  };
}

export interface DeltaAttentionTraits {
  heads: number;
  headDim: number;
  kernel: number;
}

/** Kimi delta attention: a state of `headDim x headDim` numbers for each head, decays by channel. */
export function deltaAttentionPart(hiddenSize: number, traits: DeltaAttentionTraits): Part {
  const { heads, headDim, kernel } = traits;
  const inner = heads * headDim;
  return {
    recurrence: {
      stateElements: inner * headDim,
      convolutionElements: 3 * inner * kernel,
      kernel,
      width: 6 * inner,
    },
    tensors: [
      ...["q", "k", "v"].flatMap((name) => [
        ...linear(`linear_attn.${name}_proj`, inner, hiddenSize),
        ...convolution(`linear_attn.${name}_conv1d`, inner, kernel, false),
      ]),
      { name: "linear_attn.A_log", shape: [heads] },
      { name: "linear_attn.dt_bias", shape: [inner] },
      ...linear("linear_attn.f_a_proj", headDim, hiddenSize),
      ...linear("linear_attn.f_b_proj", inner, headDim),
      ...linear("linear_attn.b_proj", heads, hiddenSize),
      ...linear("linear_attn.g_a_proj", headDim, hiddenSize),
      ...linear("linear_attn.g_b_proj", inner, headDim),
      ...norm("linear_attn.o_norm", "rms", headDim),
      ...linear("linear_attn.o_proj", hiddenSize, inner),
    ],
  };
}

export interface GatedRecurrentTraits {
  width: number;
  heads: number;
  kernel: number;
}

/** A gated linear recurrence (Griffin): one number of state for each channel. */
export function gatedRecurrentPart(hiddenSize: number, traits: GatedRecurrentTraits): Part {
  const { width, heads, kernel } = traits;
  const block = width / heads;
  return {
    recurrence: { stateElements: width, convolutionElements: width * kernel, kernel, width: 4 * width },
    tensors: [
      ...linear("recurrent.linear_x", width, hiddenSize, true),
      ...linear("recurrent.linear_y", width, hiddenSize, true),
      ...linear("recurrent.linear_out", hiddenSize, width, true),
      ...convolution("recurrent.conv_1d", width, kernel, true),
      { name: "recurrent.rg_lru.recurrent_param", shape: [width] },
      ...["input", "recurrent"].flatMap((gate) => [
        { name: `recurrent.rg_lru.${gate}_gate_weight`, shape: [heads, block, block] },
        { name: `recurrent.rg_lru.${gate}_gate_bias`, shape: [heads, block] },
      ]),
    ],
  };
}

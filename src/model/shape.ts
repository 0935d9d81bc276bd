/**
 * Tensors of one shape, as the checkpoint stores them. `*` in the name stands for the number of a layer or an
 * expert.
 */
export interface Tensor {
  name: string;
  shape: readonly number[];
  copies: number;
}

/** Softmax attention of one layer. Dimensions are those of one head. */
export interface Attention {
  heads: number;
  kvHeads: number;
  keyDim: number;
  valueDim: number;
  /** The most tokens that the layer sees and keeps; absent if it sees all. */
  window?: number;
  /** Multi-head latent attention: how many numbers are cached for a token instead of keys and values. */
  latentDim?: number;
  /** Reads the cache of an earlier layer and has no own cache. */
  sharesCache?: boolean;
}

/** A layer that stores the past in a fixed size: Mamba, linear attention, a short convolution. */
export interface Recurrence {
  /** Numbers of the recurrent state of one sequence; runtimes keep them in fp32. */
  stateElements: number;
  /** Numbers of the convolution's window of one sequence, in the type of the model. */
  convolutionElements: number;
  /** Columns of that window; runtimes that keep the newest token elsewhere have one less. */
  kernel?: number;
  /** How many numbers of one token the layer holds at the same time while it reads a prompt. */
  width: number;
}

/** What a feed-forward block holds for one token at the same time. */
export interface FeedForward {
  /** Count of numbers, without the input and the residual stream. */
  width: number;
  /** The formula of `width`, with its numbers filled in. */
  formula: string;
}

/** A layer has attention, a recurrence, both in parallel, or neither (in models that list single blocks). */
export interface Layer {
  attention?: Attention;
  recurrence?: Recurrence;
  feedForward?: FeedForward;
}

/** How a checkpoint stores its weights, if not each number in the same type. */
export interface WeightScheme {
  /** A word for it, such as `awq` or `mxfp4`. */
  name: string;
  /** What the bytes are made of, for the formula. */
  formula: string;
  /** Bytes of all copies of a tensor. */
  bytesOf(tensor: Tensor): number;
}

/** A decoder as its `config.json` describes it, with the parts for images and sound that are known. */
export interface ModelShape {
  family: string;
  hiddenSize: number;
  vocabularySize: number;
  layers: readonly Layer[];
  tensors: readonly Tensor[];
  /** Numbers that a model without a language head gives for a sequence: its labels, or none. */
  outputs?: number;
  /** Attention drops scores while it is trained, so the scores are kept twice and with a mask. */
  hasAttentionDropout?: true;
  /** Attention has no form that does without stored scores. */
  keepsScores?: true;
  /** Type of the weights in the config; absent if it names none. */
  dtype?: string;
  /** The longest sequence that the model was made for. */
  maxPositions?: number;
  /** How the weights are stored, if the config or the checkpoint says that they are quantised. */
  scheme?: WeightScheme;
  /**
   * Tensors that exist but could not be counted, one sentence each. If there are any, the number of parameters and
   * the bytes of the weights are lower bounds.
   */
  uncounted?: readonly string[];
  /** One sentence if only a part of the checkpoint was there to be read; the totals are then lower bounds. */
  missingParts?: string;
  /** Bytes that no config gives but the checkpoint on disk: then weights are what its headers say. */
  checkpoint?: { parameters: number; weightsBytes: number; source: string };
  /** Assumptions and omissions, one sentence each. */
  notes: readonly string[];
}

export function elementsOf({ shape, copies }: Tensor): number {
  return shape.reduce((product, dimension) => product * dimension, copies);
}

/** Number of parameters; tied tensors count once. A checkpoint that was read knows better than its config. */
export function parameterCount(model: ModelShape): number {
  if (model.checkpoint !== undefined) return model.checkpoint.parameters;
  // A rank of several has a share of the copies, so the sum may not be whole.
  return Math.ceil(model.tensors.reduce((sum, tensor) => sum + elementsOf(tensor), 0) - 1e-3);
}

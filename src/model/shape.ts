/** Tensors of one shape, as the checkpoint stores them. `*` in the name stands for a layer or an expert. */
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
  /** The most tokens that the layer sees and keeps; absent where it sees all. */
  window?: number;
  /** Multi-head latent attention: numbers cached for a token in place of keys and values. */
  latentDim?: number;
  /** Reads the cache of an earlier layer and has none of its own. */
  sharesCache?: boolean;
}

/** A layer whose memory of the past has a fixed size: Mamba, linear attention, a short convolution. */
export interface Recurrence {
  /** Numbers of the recurrent state of one sequence; runtimes keep them in fp32. */
  stateElements: number;
  /** Numbers of the convolution's window of one sequence, in the type of the model. */
  convolutionElements: number;
  /** Numbers of one token that the layer holds at once while it reads a prompt. */
  width: number;
}

/** What a token holds at once in a feed-forward block. */
export interface FeedForward {
  /** Numbers, input and residual stream not counted. */
  width: number;
  /** How `width` comes about, with its numbers filled in. */
  formula: string;
}

/** A layer has attention, a recurrence, both in parallel, or (in models that list blocks singly) neither. */
export interface Layer {
  attention?: Attention;
  recurrence?: Recurrence;
  feedForward?: FeedForward;
}

/** A decoder as its `config.json` describes it. Towers for images and sound are not part of it. */
export interface ModelShape {
  /** `model_type` of the language model. */
  family: string;
  hiddenSize: number;
  vocabularySize: number;
  layers: readonly Layer[];
  tensors: readonly Tensor[];
  /** Type of the weights as the config names it; absent where it names none. */
  dtype?: string;
  /** The longest sequence that the model was made for. */
  maxPositions?: number;
  /** What was assumed or left out, one sentence each. */
  notes: readonly string[];
}

/** Numbers in all copies of a tensor. */
export function elementsOf({ shape, copies }: Tensor): number {
  return shape.reduce((product, dimension) => product * dimension, copies);
}

/** Parameters of the model, tied tensors once. */
export function parameterCount(model: ModelShape): number {
  return model.tensors.reduce((sum, tensor) => sum + elementsOf(tensor), 0);
}

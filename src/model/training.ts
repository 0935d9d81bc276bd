import { largestOf } from "../base/stats/extremes.js";
import { BytesperError } from "../base/errors.js";
import type { Adapter } from "./adapter/config.js";
import type { AdapterTensors } from "./adapter/tensors.js";
import { adapterTensors } from "./adapter/tensors.js";
import { EAGER_BYTES_PER_SCORE } from "./attention-terms.js";
import { weightsBytes } from "./moments.js";
import type { EstimateOptions } from "./setting.js";
import { settingOf } from "./setting.js";
import type { Layer, ModelShape, Tensor } from "./shape.js";
import { parameterCount } from "./shape.js";
import type { Term } from "./term.js";
import { grouped, product, sequences } from "./term.js";

export const OPTIMIZERS = ["adamw", "adamw-8bit", "adafactor", "sgd", "sgd-momentum"] as const;
export type Optimizer = (typeof OPTIMIZERS)[number];

/**
 * `mixed`: weights and gradients in 16 bits, a copy of the weights and the states in fp32. `bf16`: all in 16 bits.
 * `fp32`: all in fp32.
 */
export const PRECISIONS = ["mixed", "bf16", "fp32"] as const;
export type Precision = (typeof PRECISIONS)[number];

/** An adapter of one rank; all matrices of the layers have one if no ends of their names are given. */
export interface Lora {
  rank: number;
  targets: readonly string[];
}

export interface TrainingOptions extends Pick<
  EstimateOptions,
  "tokens" | "batch" | "dtype" | "attention" | "contextBytes" | "capacityBytes"
> {
  optimizer?: Optimizer;
  precision?: Precision;
  /** Keeps only the input of each layer and computes the rest again. */
  checkpointing?: boolean;
  /** Trains small matrices beside the weights, which stay as they are. */
  lora?: Lora | Adapter;
  /** Stage of ZeRO, and the ranks that share what it splits. */
  zero?: 0 | 1 | 2 | 3;
  dataParallel?: number;
}

export interface TrainingEstimate {
  model: string;
  tokens: number;
  batch: number;
  optimizer: Optimizer;
  precision: Precision;
  checkpointing: boolean;
  parameters: number;
  trainedParameters: number;
  isLowerBound?: true;
  terms: Term[];
  totalBytes: number;
  capacityBytes?: number;
  fits?: boolean;
  /** The most sequences of `tokens` tokens that fit; 0 if not even one does. */
  maxBatch?: number;
  /** The longest sequences that fit with this batch; 0 if not even one token does. */
  maxTokens?: number;
  /** The largest term of the first batch that does not fit. */
  wall?: string;
  notes: string[];
}

/** Bytes that one rank needs to train the model. Throws `USAGE` and `BAD_INPUT`. */
export function estimateTraining(model: ModelShape, options: TrainingOptions): TrainingEstimate {
  const notes = [...(model.checkpoint === undefined ? (model.uncounted ?? []) : []), ...model.notes];
  const { tokens, batch, attention, contextBytes } = settingOf(model, options, notes);
  const {
    optimizer = "adamw",
    precision = "mixed",
    checkpointing = false,
    zero = 0,
    dataParallel = 1,
  } = options;
  if (!Number.isSafeInteger(dataParallel) || dataParallel < 1)
    throw new BytesperError(
      "USAGE",
      `Expected the ranks of data parallelism to be a whole number from 1, but it is ${dataParallel}.`,
    );
  const trained = trainedTensors(model, options.lora);
  notes.push(...trained.notes);
  const fixed = fixedTerms(model, options, trained.tensors, { optimizer, precision, zero, dataParallel });
  const trainedParameters = trained.tensors.reduce((sum, one) => sum + sizeOf(one), 0);
  const context: Term = {
    name: "framework context",
    bytes: contextBytes,
    formula: "as in estimate",
    phase: "always",
  };
  const termsAt = (sequencesAt: number, length: number): Term[] => [
    ...fixed,
    ...activationTerms(model, { batch: sequencesAt, tokens: length, attention, checkpointing, precision }),
    context,
  ];
  const total = (terms: readonly Term[]): number => terms.reduce((sum, term) => sum + term.bytes, 0);
  const terms = termsAt(batch, tokens);
  const { capacityBytes } = options;
  notes.push(
    "Not counted: what the allocator rounds up and cannot reuse, buffers of communication, and kernels' own workspace.",
  );
  return {
    model: model.family,
    tokens,
    batch,
    optimizer,
    precision,
    checkpointing,
    parameters: parameterCount(model),
    trainedParameters,
    ...((model.uncounted?.length ?? 0) > 0 && model.checkpoint === undefined
      ? { isLowerBound: true as const }
      : {}),
    terms,
    totalBytes: total(terms),
    ...(capacityBytes === undefined ? {} : fitting({ capacityBytes, terms, total, termsAt, batch, tokens })),
    notes,
  };
}

interface Fitting {
  capacityBytes: number;
  terms: readonly Term[];
  total: (terms: readonly Term[]) => number;
  termsAt: (batch: number, tokens: number) => Term[];
  batch: number;
  tokens: number;
}

function fitting({
  capacityBytes,
  terms,
  total,
  termsAt,
  batch,
  tokens,
}: Fitting): Partial<TrainingEstimate> {
  const maxBatch = most((count) => total(termsAt(count, tokens)) <= capacityBytes);
  const beyond = termsAt(Math.max(batch, maxBatch + 1), tokens);
  return {
    capacityBytes,
    fits: total(terms) <= capacityBytes,
    maxBatch,
    maxTokens: most((count) => total(termsAt(batch, count)) <= capacityBytes),
    wall: beyond.reduce((wall, term) => (term.bytes > wall.bytes ? term : wall)).name,
  };
}

/** The largest count that fits; a larger one never fits if a smaller one does not. */
function most(fits: (count: number) => boolean): number {
  if (!fits(1)) return 0;
  let low = 1;
  while (low < 2 ** 30 && fits(2 * low)) low *= 2;
  let high = 2 * low;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

interface States {
  optimizer: Optimizer;
  precision: Precision;
  zero: number;
  dataParallel: number;
}

/**
 * Weights, gradients and states (ZeRO, arXiv:1910.02054, sections 3.1 and 5: 2 + 2 + 12 bytes a parameter for Adam in
 * mixed precision; stage 1 splits the states, 2 the gradients, 3 the weights).
 */
function fixedTerms(
  model: ModelShape,
  options: TrainingOptions,
  trained: readonly Tensor[],
  states: States,
): Term[] {
  const { optimizer, precision, zero, dataParallel } = states;
  const { lora } = options;
  const count = trained.reduce((sum, one) => sum + sizeOf(one), 0);
  // PEFT keeps adapters in fp32 (autocast_adapter_dtype).
  const own = lora === undefined ? precision : "fp32";
  const weightBytes = own === "fp32" ? 4 : 2;
  const part = (stage: number): number => (zero >= stage ? dataParallel : 1);
  const split = (stage: number): string | false =>
    zero >= stage && dataParallel > 1 && `1/${dataParallel} (ZeRO ${stage})`;
  const term = (name: string, bytes: number, stage: number, ...factors: (string | false)[]): Term => ({
    name,
    bytes: Math.ceil(bytes / part(stage)),
    formula: product(...factors, split(stage)),
    phase: "always",
  });
  const parameters = `${grouped(count)} trained parameters`;
  const state = stateBytes(optimizer, own, trained);
  const base =
    lora === undefined
      ? [term("weights", count * weightBytes, 3, parameters, `${weightBytes} B`)]
      : [
          term(
            "frozen weights",
            frozenBytes(model, options),
            3,
            `${grouped(parameterCount(model))} parameters as stored`,
          ),
          term("adapters", count * weightBytes, 3, parameters, `${weightBytes} B`),
        ];
  return [
    ...base,
    term("gradients", count * weightBytes, 2, parameters, `${weightBytes} B`),
    ...(own === "mixed" ? [term("master weights", count * 4, 1, parameters, "4 B")] : []),
    term("optimizer states", state.bytes, 1, state.formula),
  ];
}

function frozenBytes(model: ModelShape, options: TrainingOptions): number {
  return weightsBytes(model, settingOf(model, options, []).dtype);
}

/**
 * States of the optimizer: AdamW keeps two numbers a parameter (arXiv:1711.05101), in 8 bits with a scale in fp32 for 256
 * of them (arXiv:2110.02861, section 2.1: blocks; 256 in bitsandbytes), Adafactor a row and a column of each matrix
 * (arXiv:1804.04235).
 */
function stateBytes(
  optimizer: Optimizer,
  precision: Precision,
  trained: readonly Tensor[],
): { bytes: number; formula: string } {
  const count = trained.reduce((sum, one) => sum + sizeOf(one), 0);
  const each = precision === "bf16" ? 2 : 4;
  switch (optimizer) {
    case "adamw":
      return { bytes: 2 * each * count, formula: `${grouped(count)} x 2 x ${each} B` };
    case "adamw-8bit":
      return { bytes: 2 * count * (1 + 4 / 256), formula: `${grouped(count)} x 2 x (1 B + 4 B / 256)` };
    case "sgd":
      return { bytes: 0, formula: "none" };
    case "sgd-momentum":
      return { bytes: each * count, formula: `${grouped(count)} x ${each} B` };
    case "adafactor": {
      const numbers = trained.reduce((sum, { shape, copies }) => {
        const columns = shape.at(-1) ?? 1;
        const rows = shape.slice(0, -1).reduce((all, one) => all * one, 1);
        return sum + copies * (shape.length < 2 ? columns : rows + columns);
      }, 0);
      return { bytes: 4 * numbers, formula: `${grouped(numbers)} sums of rows and columns x 4 B` };
    }
  }
}

/** What is trained: all tensors, or two small matrices beside each adapted one. */
function trainedTensors(model: ModelShape, lora: Lora | Adapter | undefined): AdapterTensors {
  if (lora === undefined) return { tensors: [...model.tensors], notes: [] };
  const targets = Array.isArray(lora.targets) && lora.targets.length === 0 ? "all-linear" : lora.targets;
  return adapterTensors(model, {
    notes: [],
    ...lora,
    targets: "parameters" in lora ? lora.targets : targets,
  });
}

function sizeOf({ shape, copies }: Tensor): number {
  return shape.reduce((all, one) => all * one, copies);
}

interface Running {
  batch: number;
  tokens: number;
  attention: string;
  checkpointing: boolean;
  precision: Precision;
}

/**
 * What the forward pass keeps for the backward pass. In each layer: the inputs of both norms and of the matrices behind
 * them, the norms' copies in fp32, queries, keys, values and the output of attention, and what the feed-forward block
 * holds (the counting of arXiv:2205.05198, section 4, for blocks with a gate and without dropout).
 */
function activationTerms(
  model: ModelShape,
  { batch, tokens, attention, checkpointing, precision }: Running,
): Term[] {
  const each = precision === "fp32" ? 4 : 2;
  const all = batch * tokens;
  const perLayer = model.layers.map((layer) => layerNumbers(layer, model.hiddenSize));
  const scores = (layer: Layer): number =>
    attention === "eager" && layer.attention !== undefined
      ? batch * layer.attention.heads * tokens * tokens * scoreBytes(model, each)
      : 0;
  const bytesOf = (at: number): number =>
    all * ((perLayer[at] ?? 0) * each + normCopies(model.layers[at], model.hiddenSize)) +
    scores(model.layers[at] as Layer);
  const whole = perLayer.map((_, at) => bytesOf(at));
  const largest = largestOf([0, ...whole]);
  const sum = whole.reduce((total, one) => total + one, 0);
  const input = all * model.hiddenSize * each;
  const kept: Term[] = checkpointing
    ? [
        {
          name: "layer inputs",
          bytes: model.layers.length * input,
          formula: product(
            `${model.layers.length} layers`,
            sequences(batch),
            `${grouped(tokens)} tokens`,
            grouped(model.hiddenSize),
            `${each} B`,
          ),
          phase: "always",
        },
        { name: "activations", bytes: largest, formula: "one layer, computed again", phase: "always" },
      ]
    : [
        {
          name: "activations",
          bytes: sum,
          formula: product(
            `${model.layers.length} layers`,
            sequences(batch),
            `${grouped(tokens)} tokens`,
            `${grouped(Math.round(largest / Math.max(1, all)))} B in the largest`,
          ),
          phase: "always",
        },
      ];
  const copies = precision === "fp32" ? 12 : 14;
  if (model.outputs !== undefined)
    return [
      ...kept,
      {
        name: "logits and loss",
        bytes: batch * model.outputs * copies,
        formula: product(sequences(batch), `${grouped(model.outputs)} labels`, `${copies} B`),
        phase: "always",
      },
    ];
  return [
    ...kept,
    {
      name: "logits and loss",
      bytes: all * model.vocabularySize * copies,
      // Logits, their copy in fp32, the log of the softmax, and its gradient.
      formula: product(
        sequences(batch),
        `${grouped(tokens)} tokens`,
        `${grouped(model.vocabularySize)} words`,
        `${copies} B (${precision === "fp32" ? "4 + 4 + 4" : "2 + 4 + 4 + 4"})`,
      ),
      phase: "always",
    },
  ];
}

/**
 * Bytes of a stored score: what the softmax gave; with dropout also what is left of it, and a mask of one byte
 * (arXiv:2205.05198, section 4.1).
 */
function scoreBytes(model: ModelShape, each: number): number {
  return model.hasAttentionDropout === true
    ? 2 * each + 1
    : EAGER_BYTES_PER_SCORE[each === 4 ? "fp32" : "bf16"].bytes - 2;
}

/** Numbers of one token that a layer keeps in the type that it computes in. */
function layerNumbers({ attention, recurrence, feedForward }: Layer, hiddenSize: number): number {
  let numbers = 0;
  if (attention !== undefined) {
    const { heads, kvHeads, keyDim, valueDim } = attention;
    numbers += 2 * hiddenSize + heads * (keyDim + valueDim) + kvHeads * (keyDim + valueDim);
  }
  if (recurrence !== undefined) numbers += 2 * hiddenSize + recurrence.width;
  // The product of gate and up, which the last matrix reads, is a tensor too.
  if (feedForward !== undefined) numbers += 2 * hiddenSize + Math.ceil((feedForward.width * 4) / 3);
  return numbers;
}

/** Bytes of one token that the norms of a layer keep in fp32. */
function normCopies(layer: Layer | undefined, hiddenSize: number): number {
  if (layer === undefined) return 0;
  return (
    4 *
    hiddenSize *
    [layer.attention ?? layer.recurrence, layer.feedForward].filter((part) => part !== undefined).length
  );
}

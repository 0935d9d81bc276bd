import { largestOf } from "../base/stats/extremes.js";
import { BytesperError } from "../base/errors.js";
import { partOf } from "./quantization/parts.js";
import type { Layer, ModelShape, Tensor } from "./shape.js";

export interface Parallelism {
  /** Ranks that share each layer. */
  tensor: number;
  /** Ranks that have layers of their own. */
  pipeline: number;
}

/**
 * What the fullest rank holds. Ranks of tensor parallelism share matrices and heads and repeat the rest: norms, routers,
 * the small matrices and the cache of latent attention, and key/value heads if there are fewer of them than ranks
 * (Megatron-LM, arXiv:1909.08053; vLLM's layers/linear.py).
 */
export function rankOf(model: ModelShape, { tensor, pipeline }: Parallelism): ModelShape {
  for (const [name, value] of [
    ["tensorParallel", tensor],
    ["pipelineParallel", pipeline],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new BytesperError("USAGE", `Expected ${name} to be a whole number from 1, but it is ${value}.`);
  }
  if (tensor === 1 && pipeline === 1) return model;
  const count = model.layers.length;
  if (pipeline > Math.max(1, count))
    throw new BytesperError(
      "USAGE",
      `The model has ${count} layers, which ${pipeline} ranks cannot share; give --pipeline-parallel ${count} at most.`,
    );
  for (const { attention } of model.layers) {
    if (attention !== undefined && attention.heads % tensor !== 0)
      throw new BytesperError(
        "USAGE",
        `The ${attention.heads} heads of the model cannot be shared by ${tensor} ranks; give --tensor-parallel a divisor of ${attention.heads}.`,
      );
  }
  const stage = Math.ceil(count / pipeline);
  // With several stages the last one has the head, which is as large as the embedding in the first.
  const hasBoth = pipeline === 1;
  const embeds = (tensorOf: Tensor): boolean => hasBoth || partOf(tensorOf) !== "head";
  const kept = model.tensors.filter(embeds);
  const share = (one: Tensor): number =>
    (one.name.startsWith("layers.") ? stage / count : 1) * tensorShare(model, one, tensor);
  const layers = fullestStage(model.layers, stage).map((layer) => shared(layer, tensor));
  const bytesShare = checkpointShare(model, kept, share);
  return {
    ...model,
    layers,
    tensors: kept.map((one) => ({ ...one, copies: one.copies * share(one) })),
    ...(model.checkpoint === undefined
      ? {}
      : {
          checkpoint: {
            ...model.checkpoint,
            parameters: Math.ceil(model.checkpoint.parameters * bytesShare),
            weightsBytes: Math.ceil(model.checkpoint.weightsBytes * bytesShare),
          },
        }),
    notes: [
      ...model.notes,
      `The figures are those of one of ${tensor * pipeline} ranks${tensor > 1 ? `, ${tensor} of which share each layer` : ""}${pipeline > 1 ? `, with ${stage} of ${count} layers and the embedding` : ""}.`,
    ],
  };
}

/** Which part of a tensor one rank has. */
function tensorShare(model: ModelShape, tensor: Tensor, ranks: number): number {
  const part = partOf(tensor);
  if (part === "other" || part === "router" || part === "tower") return isSplitBias(tensor) ? 1 / ranks : 1;
  if (/q_a_proj|kv_a_proj|shared_expert_gate|per_layer|positions/.test(tensor.name)) return 1;
  if (/[kv]_proj/.test(tensor.name)) {
    const kvHeads = largestOf([1, ...model.layers.map((layer) => layer.attention?.kvHeads ?? 1)]);
    return Math.max(1, kvHeads / ranks) / kvHeads;
  }
  return 1 / ranks;
}

/** Biases are split where the outputs are. */
function isSplitBias({ name }: Tensor): boolean {
  return /(q_proj|gate_proj|up_proj|q_b_proj)\.bias$|experts\.\*.*bias$|sinks$/.test(name);
}

function checkpointShare(
  model: ModelShape,
  kept: readonly Tensor[],
  share: (tensor: Tensor) => number,
): number {
  const count = (list: readonly Tensor[], of: (tensor: Tensor) => number): number =>
    list.reduce(
      (sum, one) => sum + of(one) * one.copies * one.shape.reduce((product, size) => product * size, 1),
      0,
    );
  const all = count(model.tensors, () => 1);
  return all === 0 ? 1 : count(kept, share) / all;
}

/** The run of layers that caches most. */
function fullestStage(layers: readonly Layer[], stage: number): readonly Layer[] {
  let best = layers.slice(0, stage);
  const weight = (run: readonly Layer[]): number =>
    run.filter(({ attention }) => attention !== undefined && attention.window === undefined).length;
  for (let from = stage; from < layers.length; from += stage) {
    const run = layers.slice(from, from + stage);
    if (weight(run) > weight(best)) best = run;
  }
  return best;
}

function shared({ attention, recurrence, feedForward }: Layer, ranks: number): Layer {
  return {
    ...(attention === undefined
      ? {}
      : {
          attention: {
            ...attention,
            heads: attention.heads / ranks,
            kvHeads: Math.max(1, attention.kvHeads / ranks),
          },
        }),
    ...(recurrence === undefined
      ? {}
      : {
          recurrence: {
            ...recurrence,
            stateElements: recurrence.stateElements / ranks,
            convolutionElements: recurrence.convolutionElements / ranks,
            width: recurrence.width / ranks,
          },
        }),
    ...(feedForward === undefined
      ? {}
      : {
          feedForward: {
            width: Math.ceil(feedForward.width / ranks),
            formula: ranks === 1 ? feedForward.formula : `(${feedForward.formula}) / ${ranks} ranks`,
          },
        }),
  };
}

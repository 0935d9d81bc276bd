import { BytesperError } from "../base/errors.js";
import type { Logits } from "./activation-terms.js";
import type { AttentionImplementation } from "./attention-terms.js";
import {
  cacheTerm,
  cachedElements,
  kvBytesPerToken,
  kvBytesPerTokenBeyondWindows,
  kvExpandedBytesPerToken,
  stateBytes,
} from "./cache.js";
import { largestPrompt, mostSessions, wallAt } from "./capacity.js";
import type { NumberType } from "./dtype.js";
import { decodeMoment, prefillMoment, weightsBytes } from "./moments.js";
import { towerParameters } from "./scheme-of-model.js";
import { rankOf } from "./parallel.js";
import type { Runtime } from "./runtime.js";
import type { EstimateOptions, Setting } from "./setting.js";
import { settingOf } from "./setting.js";
import type { ModelShape } from "./shape.js";
import { parameterCount } from "./shape.js";
import type { Term } from "./term.js";
import { grouped } from "./term.js";

export interface EstimateTerm extends Term {
  /** Whether the term exists at the prefill peak; `prefillPeakBytes` is the sum of these. */
  atPeak: boolean;
}

/** All sizes in bytes, rounded up by the allocator; see each term's formula. */
export interface Estimate {
  model: string;
  tokens: number;
  batch: number;
  /** Type or format of the weights, such as `bf16` or `awq 4 bit`. */
  dtype: string;
  cacheDtype: NumberType;
  attention: AttentionImplementation;
  logits: Logits;
  parameters: number;
  /** Parameters of the parts for images and sound, which are in `parameters`; absent if there are none. */
  towerParameters?: number;
  weightsBytes: number;
  /** Parameters and weights are at least these: the model has parts that are not counted, see the notes. */
  isLowerBound?: true;
  /** Bytes for one token of one sequence, while no window is full. */
  kvBytesPerToken: number;
  /** The same with all windows full; only if the model has windows. */
  kvBytesPerTokenBeyondWindows?: number;
  /** The same in a runtime that caches expanded keys and values; only with latent attention. */
  kvExpandedBytesPerToken?: number;
  runtime?: Runtime;
  /** Number of ranks, one of which the figures are for; absent if there is only one. */
  ranks?: number;
  /** For all sequences; layers with windows keep only those. */
  kvBytes: number;
  /** The same in runtimes that keep every token in every layer; only if the model has windows. */
  kvFullLengthBytes?: number;
  /** Fixed size of one sequence; only with recurrent layers. */
  stateBytesPerSequence?: number;
  /** Parameters of the adapter that is loaded beside the weights. */
  adapterParameters?: number;
  terms: EstimateTerm[];
  /** Bytes while the prompt is read: the terms that always exist, and the largest stage. */
  prefillPeakBytes: number;
  decodeTerms: Term[];
  /** Bytes while tokens are generated one by one, at `tokens` tokens. */
  decodeBytes: number;
  /** The larger of the two. */
  totalBytes: number;
  capacityBytes?: number;
  fits?: boolean;
  /** The longest prompts of `batch` sequences that fit; 0 if even one token does not fit. */
  maxTokens?: number;
  /**
   * Number of sessions of `tokens` tokens that fit; prompts are read one after another, then all generate
   * together.
   */
  maxSessions?: number;
  /** The term that grows until the capacity is reached. */
  wall?: string;
  /** The longest sequence that the model was made for, if its config says so. */
  maxPositions?: number;
  notes: string[];
}

/** Bytes that the model needs to read a prompt and to generate after it. Throws `USAGE` and `BAD_INPUT`. */
export function estimate(whole: ModelShape, options: EstimateOptions): Estimate {
  const { tensorParallel = 1, pipelineParallel = 1, runtime } = options;
  const model = rankOf(whole, { tensor: tensorParallel, pipeline: pipelineParallel });
  const parts = model.missingParts === undefined ? [] : [model.missingParts];
  const uncounted = model.checkpoint === undefined ? (model.uncounted ?? []) : parts;
  const isLowerBound = uncounted.length > 0;
  const notes = [
    ...uncounted,
    ...(isLowerBound
      ? ["The number of parameters and the bytes of the weights are therefore lower bounds."]
      : []),
    ...model.notes,
  ];
  const towers = towerParameters(model);
  const setting = settingOf(model, options, notes);
  if (setting.rules !== undefined) notes.push(`Cache and state are laid out as ${setting.rules.source}.`);
  const { tokens, batch, dtype, cacheDtype, attention, logits } = setting;
  const prefill = prefillMoment(model, setting, batch);
  const decode = decodeMoment(model, setting, batch);
  const totalBytes = Math.max(prefill.bytes, decode.bytes);
  if (!Number.isSafeInteger(totalBytes)) {
    throw new BytesperError(
      "USAGE",
      `${grouped(batch)} x ${grouped(tokens)} tokens would take more than 2^53 bytes; give fewer.`,
    );
  }
  if (model.maxPositions !== undefined && tokens > model.maxPositions) {
    notes.push(`The model was made for ${grouped(model.maxPositions)} positions.`);
  }
  const perToken = kvBytesPerToken(model, cacheDtype);
  const state = stateBytes(model, setting.compute, setting.rules);
  const { capacityBytes } = options;
  return {
    model: model.family,
    tokens,
    batch,
    dtype,
    cacheDtype,
    attention,
    logits,
    parameters: parameterCount(model),
    ...(towers === 0 ? {} : { towerParameters: towers }),
    ...(isLowerBound ? { isLowerBound } : {}),
    weightsBytes: weightsBytes(model, dtype),
    kvBytesPerToken: perToken,
    ...windowFigures(model, setting),
    ...(model.layers.some((layer) => layer.attention?.latentDim !== undefined)
      ? { kvExpandedBytesPerToken: kvExpandedBytesPerToken(model, cacheDtype) }
      : {}),
    ...(runtime === undefined ? {} : { runtime }),
    ...(tensorParallel * pipelineParallel === 1 ? {} : { ranks: tensorParallel * pipelineParallel }),
    kvBytes: cacheTerm(model, {
      tokens,
      batch,
      type: cacheDtype,
      rules: setting.rules,
      sharedPrefix: setting.sharedPrefix,
    }).bytes,
    ...(state === 0 ? {} : { stateBytesPerSequence: state }),
    ...(setting.adapterParameters === undefined ? {} : { adapterParameters: setting.adapterParameters }),
    terms: prefill.terms.map((term) => ({ ...plain(term), atPeak: prefill.at(term.phase) })),
    prefillPeakBytes: prefill.bytes,
    decodeTerms: decode.terms.map(plain),
    decodeBytes: decode.bytes,
    totalBytes,
    ...(capacityBytes === undefined ? {} : capacityFigures(model, setting, capacityBytes, totalBytes)),
    ...(model.maxPositions === undefined ? {} : { maxPositions: model.maxPositions }),
    notes,
  };
}

function capacityFigures(
  model: ModelShape,
  setting: Setting,
  capacityBytes: number,
  totalBytes: number,
): Partial<Estimate> {
  const maxTokens = largestPrompt(model, setting, capacityBytes);
  return {
    capacityBytes,
    fits: totalBytes <= capacityBytes,
    maxTokens,
    maxSessions: mostSessions(model, setting, capacityBytes),
    wall: wallAt(model, setting, maxTokens),
  };
}

function windowFigures(model: ModelShape, { tokens, batch, cacheDtype }: Setting): Partial<Estimate> {
  const windowed = model.layers.some(
    ({ attention }) => attention?.window !== undefined && cachedElements(attention) > 0,
  );
  if (!windowed) return {};
  return {
    kvBytesPerTokenBeyondWindows: kvBytesPerTokenBeyondWindows(model, cacheDtype),
    kvFullLengthBytes: batch * tokens * kvBytesPerToken(model, cacheDtype),
  };
}

function plain({ name, bytes, formula, phase }: Term): Term {
  return { name, bytes, formula, phase };
}

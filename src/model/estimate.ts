import { BytesperError } from "../base/errors.js";
import type { Logits } from "./activation-terms.js";
import type { AttentionImplementation } from "./attention-terms.js";
import {
  cachedElements,
  kvBytes,
  kvBytesPerToken,
  kvBytesPerTokenBeyondWindows,
  kvExpandedBytesPerToken,
  stateBytes,
} from "./cache.js";
import { largestPrompt, mostSessions, wallAt } from "./capacity.js";
import type { NumberType } from "./dtype.js";
import { bytesOf } from "./dtype.js";
import { decodeMoment, prefillMoment } from "./moments.js";
import type { EstimateOptions, Setting } from "./setting.js";
import { settingOf } from "./setting.js";
import type { ModelShape } from "./shape.js";
import { parameterCount } from "./shape.js";
import type { Term } from "./term.js";
import { grouped } from "./term.js";

export interface EstimateTerm extends Term {
  /** In memory at the moment of the prefill peak; `totalBytes` is the sum of these. */
  atPeak: boolean;
}

/** Bytes, rounding included; see each term's formula. */
export interface Estimate {
  model: string;
  tokens: number;
  batch: number;
  dtype: NumberType;
  cacheDtype: NumberType;
  attention: AttentionImplementation;
  logits: Logits;
  parameters: number;
  weightsBytes: number;
  /** One token of one sequence, while windows have room. */
  kvBytesPerToken: number;
  /** With all windows full; only where the model has windows. */
  kvBytesPerTokenBeyondWindows?: number;
  /** Where a runtime caches expanded keys and values; only with latent attention. */
  kvExpandedBytesPerToken?: number;
  /** All sequences, windows kept. */
  kvBytes: number;
  /** In runtimes that keep every token in every layer; only where the model has windows. */
  kvFullLengthBytes?: number;
  /** Fixed size of one sequence; only with recurrent layers. */
  stateBytesPerSequence?: number;
  terms: EstimateTerm[];
  /** While the prompt is read: what is there always, and the largest stage. */
  prefillPeakBytes: number;
  decodeTerms: Term[];
  /** While one token after another is generated, at `tokens` tokens. */
  decodeBytes: number;
  /** The larger of the two. */
  totalBytes: number;
  capacityBytes?: number;
  fits?: boolean;
  /** The largest prompt of `batch` sequences that fits; 0 where one token does not. */
  maxTokens?: number;
  /** Sessions of `tokens` tokens that fit at once, read one after another and generated together. */
  maxSessions?: number;
  /** The term that grows into the capacity. */
  wall?: string;
  notes: string[];
}

/** Bytes that the model needs for a prompt and for generating after it. Throws `USAGE` and `BAD_INPUT`. */
export function estimate(model: ModelShape, options: EstimateOptions): Estimate {
  const notes = [...model.notes];
  const setting = settingOf(model, options, notes);
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
  const state = stateBytes(model, setting.compute);
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
    weightsBytes: bytesOf(parameterCount(model), dtype),
    kvBytesPerToken: perToken,
    ...windowFigures(model, setting),
    ...(model.layers.some((layer) => layer.attention?.latentDim !== undefined)
      ? { kvExpandedBytesPerToken: kvExpandedBytesPerToken(model, cacheDtype) }
      : {}),
    kvBytes: batch * kvBytes(model, tokens, cacheDtype),
    ...(state === 0 ? {} : { stateBytesPerSequence: state }),
    terms: prefill.terms.map((term) => ({ ...plain(term), atPeak: prefill.at(term.phase) })),
    prefillPeakBytes: prefill.bytes,
    decodeTerms: decode.terms.map(plain),
    decodeBytes: decode.bytes,
    totalBytes,
    ...(capacityBytes === undefined ? {} : capacityFigures(model, setting, capacityBytes, totalBytes)),
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

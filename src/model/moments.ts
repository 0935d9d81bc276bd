import { feedForwardTerm, hiddenTerm, logitsTerm, mixerTerm } from "./activation-terms.js";
import { roundingTerm } from "./allocator.js";
import { scoresTerm, workspaceTerm } from "./attention-terms.js";
import { cacheTerm, stateTerm } from "./cache.js";
import type { NumberType } from "./dtype.js";
import { bytesOf, bytesPerNumber } from "./dtype.js";
import type { Setting } from "./setting.js";
import { schemeIn } from "./scheme-of-model.js";
import { CHECKPOINT, CONTEXT_BYTES } from "./setting.js";
import type { ModelShape, Tensor, WeightScheme } from "./shape.js";
import { elementsOf, parameterCount } from "./shape.js";
import type { Draft, Phase } from "./term.js";
import { grouped, oneBlock, product, sequences } from "./term.js";

/** Terms that may be in memory together; `at` tells which ones exist at the largest stage. */
export interface Moment {
  terms: Draft[];
  /** Whether terms of the phase exist at the largest stage. */
  at(phase: Phase): boolean;
  bytes: number;
}

/**
 * Prompts of `setting.batch` sequences are being read, while `sessions` sequences in total hold their caches.
 */
export function prefillMoment(model: ModelShape, setting: Setting, sessions: number): Moment {
  const { tokens, batch, compute, attention, logits } = setting;
  const activations = { compute, batch, tokens };
  const asking = { implementation: attention, compute, batch, queries: tokens, tokens };
  return momentOf([
    ...residentTerms(model, setting, sessions),
    hiddenTerm(model, activations),
    scoresTerm(model, asking),
    workspaceTerm(model, asking),
    mixerTerm(model, activations),
    feedForwardTerm(model, activations),
    logitsTerm(model, activations, logits),
  ]);
}

/** All sequences generate one token. */
export function decodeMoment(model: ModelShape, setting: Setting, sessions: number): Moment {
  const { tokens, compute, attention } = setting;
  const activations = { compute, batch: sessions, tokens: 1 };
  const asking = { implementation: attention, compute, batch: sessions, queries: 1, tokens };
  return momentOf([
    ...residentTerms(model, setting, sessions),
    hiddenTerm(model, activations),
    concatenationTerm(model, setting, sessions),
    scoresTerm(model, asking),
    workspaceTerm(model, asking),
    mixerTerm(model, activations),
    feedForwardTerm(model, activations),
    logitsTerm(model, activations, "last"),
  ]);
}

function residentTerms(model: ModelShape, setting: Setting, sessions: number): Draft[] {
  const { dtype, cacheDtype, compute, tokens, contextBytes, rules, sharedPrefix, adapterParameters } =
    setting;
  const state = stateTerm(model, sessions, compute, rules);
  return [
    weightsTerm(model, dtype),
    ...(adapterParameters === undefined
      ? []
      : [
          oneBlock({
            name: "adapter",
            bytes: 4 * adapterParameters,
            formula: product(`${grouped(adapterParameters)} parameters`, "4 B (fp32, as PEFT loads it)"),
            phase: "always",
          }),
        ]),
    cacheTerm(model, { tokens, batch: sessions, type: cacheDtype, rules, sharedPrefix }),
    ...(state === undefined ? [] : [state]),
    {
      name: "framework context",
      bytes: contextBytes,
      formula: contextBytes === CONTEXT_BYTES ? "300 to 600 MB were seen; --context gives yours" : "as given",
      phase: "always",
      blocks: [],
    },
  ];
}

function weightsTerm(model: ModelShape, dtype: Setting["dtype"]): Draft {
  const parameters = parameterCount(model);
  const scheme = schemeFor(model, dtype);
  const bytes = weightsBytes(model, dtype);
  const { checkpoint } = model;
  const isStored = checkpoint !== undefined && dtype === CHECKPOINT;
  return {
    name: "weights",
    bytes,
    formula: isStored
      ? `${grouped(parameters)} parameters as ${checkpoint.source} holds them`
      : scheme === undefined
        ? product(`${grouped(parameters)} parameters`, `${bytesPerNumber(dtype as NumberType)} B (${dtype})`)
        : `${grouped(parameters)} parameters (${scheme.name}: ${scheme.formula})`,
    phase: "always",
    blocks: isStored
      ? [{ bytes, copies: 1 }]
      : model.tensors.map((tensor) => {
          // A rank of several has a share of each copy.
          const copies = Math.max(1, Math.round(tensor.copies));
          return { bytes: Math.ceil(tensorBytes(tensor, dtype, scheme) / copies), copies };
        }),
  };
}

function schemeFor(model: ModelShape, dtype: Setting["dtype"]): WeightScheme | undefined {
  return dtype === model.scheme?.name ? model.scheme : schemeIn(model, dtype);
}

function tensorBytes(tensor: Tensor, dtype: Setting["dtype"], scheme: WeightScheme | undefined): number {
  return scheme === undefined ? bytesOf(elementsOf(tensor), dtype as NumberType) : scheme.bytesOf(tensor);
}

/** Bytes of all weights in a type or format. */
export function weightsBytes(model: ModelShape, dtype: Setting["dtype"]): number {
  if (model.checkpoint !== undefined && dtype === CHECKPOINT) return model.checkpoint.weightsBytes;
  const scheme = schemeFor(model, dtype);
  if (scheme === undefined) return bytesOf(parameterCount(model), dtype as NumberType);
  return model.tensors.reduce((sum, tensor) => sum + tensorBytes(tensor, dtype, scheme), 0);
}

/** A cache that grows by concatenation holds the keys of one layer twice during the copy. */
function concatenationTerm(model: ModelShape, setting: Setting, sessions: number): Draft {
  const { tokens, cacheDtype } = setting;
  let largest = 0;
  let formula = "no layer caches keys and values";
  for (const { attention } of model.layers) {
    if (attention === undefined || attention.sharesCache === true) continue;
    const { kvHeads, keyDim, latentDim, window } = attention;
    const kept = Math.min(tokens, window ?? tokens);
    const bytes = sessions * bytesOf(kept * (latentDim ?? kvHeads * keyDim), cacheDtype);
    if (bytes <= largest) continue;
    largest = bytes;
    formula = product(
      latentDim === undefined ? `${kvHeads} key/value heads x ${keyDim}` : `${latentDim} latent numbers`,
      `${grouped(kept)} tokens`,
      sequences(sessions),
      `${bytesPerNumber(cacheDtype)} B, one layer at a time`,
    );
  }
  return oneBlock({ name: "key/value concatenation", bytes: largest, formula, phase: "attention" });
}

function momentOf(drafts: Draft[]): Moment {
  const bytesIn = (phase: Phase): number =>
    drafts.reduce((sum, draft) => sum + (draft.phase === phase ? draft.bytes : 0), 0);
  const stages: Phase[] = ["attention", "feed-forward", "logits"];
  const largest = stages.reduce((best, phase) => (bytesIn(phase) > bytesIn(best) ? phase : best));
  const at = (phase: Phase): boolean => phase === "always" || phase === largest;
  const live = drafts.filter(({ phase }) => at(phase));
  const rounding = roundingTerm(live.flatMap(({ blocks }) => blocks));
  const terms = [...drafts, { ...rounding, blocks: [] }];
  const bytes = live.reduce((sum, draft) => sum + draft.bytes, rounding.bytes);
  return { terms, at, bytes };
}

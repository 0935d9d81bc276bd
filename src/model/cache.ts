import type { NumberType } from "./dtype.js";
import { bytesOf, bytesPerNumber } from "./dtype.js";
import type { RuntimeRules } from "./runtime.js";
import { RUNTIME_RULES } from "./runtime.js";
import type { Attention, ModelShape, Recurrence } from "./shape.js";
import type { Draft } from "./term.js";
import { grouped, product, sequences } from "./term.js";

/** Numbers that one layer caches for a token; 0 if it reads an earlier layer's cache. */
export function cachedElements({ kvHeads, keyDim, valueDim, latentDim, sharesCache }: Attention): number {
  if (sharesCache === true) return 0;
  return latentDim ?? kvHeads * (keyDim + valueDim);
}

/** Bytes for one more token of one sequence while no window is full. */
export function kvBytesPerToken(model: ModelShape, type: NumberType): number {
  return bytesOf(sum(model, cachedElements), type);
}

/**
 * Bytes for one more token when all windows are full: a sliding layer then drops one token for each new one.
 */
export function kvBytesPerTokenBeyondWindows(model: ModelShape, type: NumberType): number {
  return bytesOf(
    sum(model, (layer) => (layer.window === undefined ? cachedElements(layer) : 0)),
    type,
  );
}

/** Bytes of the cache of one sequence. A layer with a window keeps at most so many tokens. */
export function kvBytes(
  model: ModelShape,
  tokens: number,
  type: NumberType,
  rules: RuntimeRules = PLAIN,
): number {
  return bytesOf(
    sum(model, (layer) => cachedElements(layer) * cellsOf(layer, tokens, rules)),
    type,
  );
}

/** Without a runtime: each layer keeps the tokens that it can see. */
const PLAIN: RuntimeRules = {
  ...RUNTIME_RULES.transformers,
  source: "each layer keeps the tokens that it can see",
};

function cellsOf({ window }: Attention, tokens: number, rules: RuntimeRules): number {
  return window === undefined ? rules.cells(tokens) : rules.windowCells(tokens, window);
}

/** Bytes of a token in runtimes that cache the expanded keys and values of latent attention. */
export function kvExpandedBytesPerToken(model: ModelShape, type: NumberType): number {
  return bytesOf(
    sum(model, ({ sharesCache, kvHeads, keyDim, valueDim }) =>
      sharesCache === true ? 0 : kvHeads * (keyDim + valueDim),
    ),
    type,
  );
}

/** Bytes of fixed size that recurrent layers keep for one sequence: states in fp32, convolutions in `type`. */
export function stateBytes(model: ModelShape, type: NumberType, rules: RuntimeRules = PLAIN): number {
  return model.layers.reduce(
    (bytes, { recurrence }) => (recurrence === undefined ? bytes : bytes + stateOf(recurrence, type, rules)),
    0,
  );
}

function stateOf(recurrence: Recurrence, type: NumberType, rules: RuntimeRules): number {
  const { stateElements } = recurrence;
  return (
    4 * stateElements + bytesOf(convolutionOf(recurrence, rules), rules.convolutionInFp32 ? "fp32" : type)
  );
}

/** Numbers of the convolution's window that a runtime keeps. */
function convolutionOf({ convolutionElements, kernel }: Recurrence, rules: RuntimeRules): number {
  if (!rules.leavesNewest || kernel === undefined || kernel < 1) return convolutionElements;
  return (convolutionElements / kernel) * (kernel - 1);
}

function sum(model: ModelShape, of: (attention: Attention) => number): number {
  return model.layers.reduce(
    (total, { attention }) => total + (attention === undefined ? 0 : of(attention)),
    0,
  );
}

interface Group {
  layers: number;
  attention: Attention;
}

/** Groups layers that cache the same. */
function groupsOf(model: ModelShape): Group[] {
  const groups = new Map<string, Group>();
  for (const { attention } of model.layers) {
    if (attention === undefined || cachedElements(attention) === 0) continue;
    const key = JSON.stringify(attention);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { layers: 1, attention });
    else group.layers++;
  }
  return [...groups.values()];
}

export interface CacheSetting {
  tokens: number;
  batch: number;
  type: NumberType;
  rules?: RuntimeRules | undefined;
  /** Tokens at the beginning that all sequences share. */
  sharedPrefix?: number | undefined;
}

/** The cache of `batch` sequences of `tokens` each. */
export function cacheTerm(model: ModelShape, setting: CacheSetting): Draft {
  const { tokens, batch, type, rules = PLAIN, sharedPrefix = 0 } = setting;
  const groups = groupsOf(model);
  const summands = groups.map(({ layers, attention }) => {
    const { kvHeads, keyDim, valueDim, latentDim, window } = attention;
    const kept = cellsOf(attention, tokens, rules);
    return product(
      `${layers} layers`,
      latentDim === undefined
        ? `${kvHeads} key/value heads x (${keyDim} + ${valueDim})`
        : `${latentDim} latent numbers`,
      `${bytesPerNumber(type)} B`,
      kept === tokens
        ? `${grouped(tokens)} tokens`
        : `${grouped(kept)} of ${grouped(tokens)} tokens (${window === undefined || kept > tokens ? `cells of ${rules.name}` : "window"})`,
    );
  });
  const inner = summands.length > 1 && batch > 1 ? `(${summands.join(" + ")})` : summands.join(" + ");
  const again =
    (batch - 1) * (sharedPrefix === 0 ? 0 : kvBytes(model, Math.min(sharedPrefix, tokens), type, rules));
  const all = product(inner, sequences(batch));
  return {
    name: "key/value cache",
    bytes: batch * kvBytes(model, tokens, type, rules) - again,
    formula:
      groups.length === 0
        ? "no layer caches keys and values"
        : again === 0
          ? all
          : `${all} - ${grouped(again)} B that they share (prefix of ${grouped(sharedPrefix)} tokens)`,
    phase: "always",
    blocks: groups.map(({ layers, attention }) => {
      const kept = cellsOf(attention, tokens, rules);
      // Keys and values are two tensors; a latent vector is one.
      const tensors = attention.latentDim === undefined ? 2 : 1;
      const elements = (batch * kept * cachedElements(attention)) / tensors;
      return { bytes: bytesOf(elements, type), copies: tensors * layers };
    }),
  };
}

export function stateTerm(
  model: ModelShape,
  batch: number,
  type: NumberType,
  rules: RuntimeRules = PLAIN,
): Draft | undefined {
  const recurrent = model.layers.flatMap(({ recurrence }) => (recurrence === undefined ? [] : [recurrence]));
  const [first] = recurrent;
  if (first === undefined) return undefined;
  const bytes = batch * stateBytes(model, type, rules);
  return {
    name: "recurrent state",
    bytes,
    formula: product(
      `${recurrent.length} layers`,
      `(${grouped(first.stateElements)} x 4 B + ${grouped(convolutionOf(first, rules))} x ${rules.convolutionInFp32 ? 4 : bytesPerNumber(type)} B)`,
      sequences(batch),
    ),
    phase: "always",
    blocks: [{ bytes: Math.ceil(bytes / recurrent.length), copies: recurrent.length }],
  };
}

import type { NumberType } from "./dtype.js";
import { bytesOf, bytesPerNumber } from "./dtype.js";
import type { Attention, ModelShape } from "./shape.js";
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
export function kvBytes(model: ModelShape, tokens: number, type: NumberType): number {
  return bytesOf(
    sum(model, (layer) => cachedElements(layer) * Math.min(tokens, layer.window ?? tokens)),
    type,
  );
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
export function stateBytes(model: ModelShape, type: NumberType): number {
  return model.layers.reduce((bytes, { recurrence }) => {
    if (recurrence === undefined) return bytes;
    return bytes + 4 * recurrence.stateElements + bytesOf(recurrence.convolutionElements, type);
  }, 0);
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

/** The cache of `batch` sequences of `tokens` each. */
export function cacheTerm(model: ModelShape, tokens: number, batch: number, type: NumberType): Draft {
  const groups = groupsOf(model);
  const summands = groups.map(({ layers, attention }) => {
    const { kvHeads, keyDim, valueDim, latentDim, window } = attention;
    const kept = Math.min(tokens, window ?? tokens);
    return product(
      `${layers} layers`,
      latentDim === undefined
        ? `${kvHeads} key/value heads x (${keyDim} + ${valueDim})`
        : `${latentDim} latent numbers`,
      `${bytesPerNumber(type)} B`,
      kept === tokens
        ? `${grouped(tokens)} tokens`
        : `${grouped(kept)} of ${grouped(tokens)} tokens (window)`,
    );
  });
  const inner = summands.length > 1 && batch > 1 ? `(${summands.join(" + ")})` : summands.join(" + ");
  return {
    name: "key/value cache",
    bytes: batch * kvBytes(model, tokens, type),
    formula: groups.length === 0 ? "no layer caches keys and values" : product(inner, sequences(batch)),
    phase: "always",
    blocks: groups.map(({ layers, attention }) => {
      const kept = Math.min(tokens, attention.window ?? tokens);
      // Keys and values are two tensors; a latent vector is one.
      const tensors = attention.latentDim === undefined ? 2 : 1;
      const elements = (batch * kept * cachedElements(attention)) / tensors;
      return { bytes: bytesOf(elements, type), copies: tensors * layers };
    }),
  };
}

export function stateTerm(model: ModelShape, batch: number, type: NumberType): Draft | undefined {
  const recurrent = model.layers.flatMap(({ recurrence }) => (recurrence === undefined ? [] : [recurrence]));
  const [first] = recurrent;
  if (first === undefined) return undefined;
  const bytes = batch * stateBytes(model, type);
  return {
    name: "recurrent state",
    bytes,
    formula: product(
      `${recurrent.length} layers`,
      `(${grouped(first.stateElements)} x 4 B + ${grouped(first.convolutionElements)} x ${bytesPerNumber(type)} B)`,
      sequences(batch),
    ),
    phase: "always",
    blocks: [{ bytes: Math.ceil(bytes / recurrent.length), copies: recurrent.length }],
  };
}

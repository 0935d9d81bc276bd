import { largestOf } from "../base/stats/extremes.js";
import type { ComputeType } from "./dtype.js";
import { bytesPerNumber } from "./dtype.js";
import type { Attention, ModelShape } from "./shape.js";
import type { Draft } from "./term.js";
import { grouped, oneBlock, product, sequences } from "./term.js";

export const ATTENTION_IMPLEMENTATIONS = ["eager", "efficient", "flash"] as const;

/**
 * Eager stores the scores; memory-efficient and flash do not, and flash needs no repeated keys and values.
 */
export type AttentionImplementation = (typeof ATTENTION_IMPLEMENTATIONS)[number];

/**
 * Bytes that eager attention holds for each score at the same time, as the experiment `attention-memory`
 * measured them. fp16 enters the softmax directly and is cast afterwards; bf16 is widened before it.
 */
export const EAGER_BYTES_PER_SCORE: Record<ComputeType, { bytes: number; parts: string }> = {
  fp32: { bytes: 8, parts: "4 scores + 4 softmax" },
  fp16: { bytes: 8, parts: "2 scores + 4 softmax in fp32 + 2 cast back" },
  bf16: { bytes: 10, parts: "2 scores + 4 widened + 4 softmax in fp32" },
};

export interface AttentionSetting {
  implementation: AttentionImplementation;
  compute: ComputeType;
  batch: number;
  /** Number of tokens with queries: the whole prompt, or one while generating. */
  queries: number;
  /** Number of tokens that the queries look at. */
  tokens: number;
}

/** Scores of one layer; they are freed before the next layer's are allocated. */
export function scoresTerm(model: ModelShape, setting: AttentionSetting): Draft {
  const { implementation, compute, batch, queries, tokens } = setting;
  const name = "attention scores";
  const heads = largestOf([0, ...attentions(model).map((attention) => attention.heads)]);
  if (heads === 0 || implementation !== "eager") {
    const formula = heads === 0 ? "no layer has attention" : `${implementation} attention keeps no scores`;
    return { name, bytes: 0, formula, phase: "attention", blocks: [] };
  }
  const { bytes, parts } = EAGER_BYTES_PER_SCORE[compute];
  return oneBlock({
    name,
    bytes: batch * heads * queries * tokens * bytes,
    formula: product(
      sequences(batch),
      `${heads} heads`,
      `${grouped(queries)} x ${grouped(tokens)} tokens`,
      `${bytes} B (${parts}), one layer at a time`,
    ),
    phase: "attention",
  });
}

interface Piece {
  bytes: number;
  formula: string;
}

/** What the attention of one layer holds besides scores and its own activations. */
export function workspaceTerm(model: ModelShape, setting: AttentionSetting): Draft {
  let largest: Piece[] = [];
  for (const attention of attentions(model)) {
    const pieces = workspaceOf(attention, setting);
    if (sum(pieces) > sum(largest)) largest = pieces;
  }
  return {
    name: "attention workspace",
    bytes: sum(largest),
    formula:
      largest.length === 0 ? "nothing beside the scores" : largest.map(({ formula }) => formula).join(" + "),
    phase: "attention",
    blocks: largest.map(({ bytes }) => ({ bytes, copies: 1 })),
  };
}

function workspaceOf(attention: Attention, setting: AttentionSetting): Piece[] {
  const { implementation, compute, batch, queries, tokens } = setting;
  const { heads, kvHeads, keyDim, valueDim, latentDim } = attention;
  const each = bytesPerNumber(compute);
  const pieces: Piece[] = [];
  const add = (what: string, elements: number, size: number, ...factors: string[]): void => {
    pieces.push({
      bytes: batch * elements * size,
      formula: `${what} ${product(sequences(batch), ...factors, `${size} B`)}`,
    });
  };
  const both = heads * (keyDim + valueDim);
  const dimensions = `${heads} heads x (${keyDim} + ${valueDim})`;
  const seen = `${grouped(tokens)} tokens`;
  if (latentDim !== undefined) add("keys and values expanded:", both * tokens, each, dimensions, seen);
  else if (implementation !== "flash" && kvHeads < heads) {
    add("keys and values repeated for all heads:", both * tokens, each, dimensions, seen);
  }
  if (implementation !== "eager") {
    add("sums of exponentials:", heads * queries, 4, `${heads} heads`, `${grouped(queries)} tokens`);
  } else if (queries > 1) {
    add("mask:", queries * tokens, each, `${grouped(queries)} x ${grouped(tokens)} tokens`);
  }
  return pieces;
}

function attentions(model: ModelShape): Attention[] {
  return model.layers.flatMap(({ attention }) => (attention === undefined ? [] : [attention]));
}

function sum(pieces: readonly Piece[]): number {
  return pieces.reduce((total, { bytes }) => total + bytes, 0);
}

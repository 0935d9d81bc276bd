import type { Change } from "./changes.js";
import type { Hypothesis } from "./hypotheses.js";

/** Tokens in one step when a prompt is read in pieces. */
const CHUNK = 512;

/** What to change about the tensor that was most likely requested. */
export function forTensor({ kind, tokens, bytes, tensor }: Hypothesis): Change {
  const count = tokens ?? 1;
  switch (kind) {
    case "scores":
      return {
        change: `If it is the ${tensor}: use attention that keeps no scores (attn_implementation="sdpa" or "flash_attention_2").`,
        savesBytes: bytes,
      };
    case "logits":
      return {
        change: `If it is the ${tensor}: compute those of the last position alone (logits_to_keep=1; generate() does).`,
        savesBytes: bytes - Math.round(bytes / count),
      };
    case "key-value":
      return {
        change: `If it is the ${tensor}: keep the cache in 8 bits, or preallocate it (a static cache is not copied at each turn).`,
        savesBytes: Math.floor(bytes / 2),
      };
    case "activation":
      return {
        change: `If it is the ${tensor}: read the prompt in pieces of ${CHUNK} tokens.`,
        savesBytes: Math.max(0, Math.round(bytes * (1 - CHUNK / count))),
      };
    case "weights":
      return {
        change: `If it is the ${tensor}: load the model in 16 bits or quantised, on an empty card.`,
        savesBytes: Math.floor(bytes / 2),
      };
  }
}

import type { Situation } from "./advice.js";
import { flashAttention } from "./cards.js";
import type { Hypothesis } from "./hypotheses.js";
import { isTraining } from "./situation.js";

/** Tokens in one step when a prompt is read in pieces. */
const CHUNK = 512;

interface TensorChange {
  change: string;
  savesBytes: number | null;
}

/** What to change about the tensor that was most likely requested. */
export function forTensor({ kind, tokens, bytes, tensor }: Hypothesis, situation: Situation): TensorChange {
  const count = tokens ?? 1;
  const training = isTraining(situation);
  switch (kind) {
    case "scores":
      return {
        change: `If it is the ${tensor}: use attention that keeps no scores (attn_implementation="sdpa"${flashNote(situation)})`,
        savesBytes: bytes,
      };
    case "logits":
      return training
        ? {
            change: `If it is the ${tensor}: compute the loss in chunks or with a fused cross-entropy (Liger), so that they never exist at once`,
            savesBytes: bytes,
          }
        : {
            change: `If it is the ${tensor}: compute those of the last position alone (logits_to_keep=1; generate() does)`,
            savesBytes: bytes - Math.round(bytes / count),
          };
    case "key-value":
      return training
        ? {
            change: `If it is the ${tensor}: train without a cache (use_cache=False) and on shorter sequences`,
            savesBytes: null,
          }
        : {
            change: `If it is the ${tensor}: keep the cache in 8 bits, or preallocate it (a static cache is not copied at each turn)`,
            savesBytes: Math.floor(bytes / 2),
          };
    case "activation":
      return training
        ? {
            change: `If it is the ${tensor}: recompute activations (gradient_checkpointing=True), or make the micro batch smaller`,
            savesBytes: null,
          }
        : {
            change: `If it is the ${tensor}: read the prompt in pieces of ${CHUNK} tokens`,
            savesBytes: Math.max(0, Math.round(bytes * (1 - CHUNK / count))),
          };
    case "weights":
      return {
        change: `If it is the ${tensor}: load the model in 16 bits or quantised, on an empty card`,
        savesBytes: Math.floor(bytes / 2),
      };
  }
}

function flashNote(situation: Situation): string {
  const runs = flashAttention(situation);
  if (runs === false) return "; this card cannot run flash_attention_2";
  if (runs === true) return ' or "flash_attention_2"';
  return '; "flash_attention_2" needs compute capability 8.0, so not a T4, V100, P100 or RTX 20';
}

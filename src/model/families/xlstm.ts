import { decoder } from "../decoder.js";
import { densePart } from "../feed-forward-part.js";
import type { Fields } from "../fields.js";
import { MOST, NAMES } from "../fields.js";
import type { Part } from "../part.js";
import { linear, norm } from "../part.js";
import type { ModelShape } from "../shape.js";

/** xLSTM-7B's blocks: a matrix memory for each head, then a gated block (modeling_xlstm.py of transformers). */
export function xlstm(fields: Fields): ModelShape {
  const hiddenSize = fields.whole([...NAMES.hidden, "embedding_dim"]);
  const layers = fields.whole(["num_hidden_layers", "num_blocks"], MOST.layers);
  const heads = fields.wholeOr("num_heads", 8, MOST.heads);
  const bias = fields.flag("use_bias", false);
  const keys = Math.floor(hiddenSize * (fields.number("qk_dim_factor") ?? 0.5));
  const values = Math.floor(hiddenSize * (fields.number("v_dim_factor") ?? 1));
  const multiple = fields.maybeWhole("ffn_round_up_to_multiple_of") ?? 64;
  const factor = fields.number("ffn_proj_factor") ?? 2.667;
  const intermediate = multiple * Math.floor((Math.floor(hiddenSize * factor) + multiple - 1) / multiple);
  if ((fields.text("weight_mode") ?? "single") !== "single")
    throw fields.wrong("weight_mode", "single, as transformers stores it");
  fields.known("head_dim", "num_blocks", "add_embedding_dropout", "add_qk_norm", "add_post_norm");
  fields.known(
    "gate_soft_cap",
    "igate_bias_init_range",
    "cell_norm_eps",
    "mode",
    "add_forward_backend_padding",
  );
  if (keys % heads !== 0) throw fields.wrong("num_heads", `a divisor of the ${keys} numbers of a key`);
  const mixer: Part = {
    recurrence: {
      // The memory, the sum that normalises it, and the largest gate of each head.
      stateElements: (keys / heads) * values + keys + heads,
      convolutionElements: 0,
      width: 2 * keys + 3 * values,
    },
    tensors: [
      ...linear("mlstm.q", keys, hiddenSize, bias),
      ...linear("mlstm.k", keys, hiddenSize, bias),
      ...linear("mlstm.v", values, hiddenSize, bias),
      ...linear("mlstm.ogate_preact", values, hiddenSize, bias),
      ...linear("mlstm.igate_preact", heads, hiddenSize, true),
      ...linear("mlstm.fgate_preact", heads, hiddenSize, true),
      ...norm("mlstm.multihead_norm", bias ? "layer" : "rms", values),
      ...linear("mlstm.out_proj", hiddenSize, values, bias),
    ],
  };
  const block = densePart(hiddenSize, intermediate, { bias });
  return decoder(fields, {
    norm: bias ? "layer" : "rms",
    hiddenSize,
    layers,
    mixer: () => mixer,
    feedForward: () => block,
    finalNorm: fields.flag(["add_out_norm", "add_post_blocks_norm"], true),
  });
}

import type { Fields } from "../fields.js";
import { MOST } from "../fields.js";
import type { Tensor } from "../shape.js";
import { encoderLayers, matrix, oneNorm, single } from "./encoder.js";

/** Whisper's encoder: two convolutions over the spectrum, then layers. */
export function whisperEncoder(fields: Fields, positions: boolean): { tensors: Tensor[]; width: number } {
  const prefix = "audio";
  const hidden = fields.maybeWhole(["d_model", "hidden_size"]) ?? 1280;
  const mels = fields.maybeWhole("num_mel_bins") ?? 128;
  const places = fields.maybeWhole("max_source_positions", MOST.positions) ?? 1500;
  fields.known("encoder_attention_heads", "num_hidden_layers", "n_window", "n_window_infer", "output_dim");
  return {
    width: hidden,
    tensors: [
      single(prefix, "conv1.weight", hidden, mels, 3),
      single(prefix, "conv1.bias", hidden),
      single(prefix, "conv2.weight", hidden, hidden, 3),
      single(prefix, "conv2.bias", hidden),
      ...(positions ? [single(prefix, "position_embedding.weight", places, hidden)] : []),
      ...encoderLayers(prefix, {
        hidden,
        intermediate: fields.maybeWhole(["encoder_ffn_dim", "intermediate_size"]) ?? 4 * hidden,
        layers: fields.maybeWhole(["encoder_layers", "num_hidden_layers"], MOST.layers) ?? 32,
        keyBias: false,
      }),
      ...oneNorm(prefix, "layer_norm", hidden),
    ],
  };
}

/** The encoder with the matrix into the language model. */
export function audioTower(fields: Fields, textHidden: number): { tensors: Tensor[]; known: boolean } {
  const type = fields.text("model_type") ?? "";
  if (type === "qwen2_audio_encoder" || type === "whisper" || type === "") {
    const { tensors, width } = whisperEncoder(fields, true);
    return {
      known: type !== "",
      tensors: [...tensors, ...matrix("audio", "multi_modal_projector", textHidden, width, true)],
    };
  }
  if (type === "qwen2_5_omni_audio_encoder") {
    const { tensors, width } = whisperEncoder(fields, false);
    const output = fields.maybeWhole("output_dim") ?? textHidden;
    return {
      known: true,
      tensors: [
        ...tensors,
        single("audio", "audio_bos_eos_token", 2, output),
        ...matrix("audio", "proj", output, width, true),
      ],
    };
  }
  return { known: false, tensors: [] };
}

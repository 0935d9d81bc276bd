import { Fields, isObject } from "../fields.js";
import type { Tensor } from "../shape.js";
import { audioTower } from "./audio.js";
import { matrix, oneNorm, single } from "./encoder.js";
import { deepEncoder, phiImage, qwenVisual, talker, tokenToWave, xgen } from "./special.js";
import {
  blipVision,
  cogvlmVision,
  minicpmResampler,
  molmoVision,
  perceiver,
  phi4Sound,
  phi4Vision,
  questionFormer,
} from "./resamplers.js";
import { VISION } from "./vision.js";

export interface Towers {
  tensors: Tensor[];
  /** What is there but could not be counted, one sentence each. */
  uncounted: string[];
  notes: string[];
  /** Fields of the towers that no reader asked for. */
  unasked: { name: string; value: unknown; where: string }[];
  /** Names of the fields that were read here. */
  read: Set<string>;
}

export interface TextSizes {
  hiddenSize: number;
  vocabularySize: number;
  /** Width of a block of the language model, which some projections have too. */
  intermediateSize?: number;
}

/** The parts of a model beside its language model: for images, for sound, and to speak. */
export function towersOf(
  level: Record<string, unknown>,
  text: TextSizes,
  where: string,
  family: string,
): Towers {
  const towers: Towers = { tensors: [], uncounted: [], notes: [], unasked: [], read: new Set() };
  const type = typeof level.model_type === "string" ? level.model_type : "";
  const add = ({ tensors, uncounted = [] }: { tensors: Tensor[]; uncounted?: string[] }): void => {
    towers.tensors.push(...tensors);
    towers.uncounted.push(...uncounted);
  };
  const objectOf = (key: string): Record<string, unknown> | undefined => {
    const value = level[key];
    if (!isObject(value)) return undefined;
    towers.read.add(key);
    return value;
  };
  const reading = (key: string, values: Record<string, unknown>, read: (fields: Fields) => void): void => {
    const fields = new Fields(values, `${key} in ${where}`, family);
    read(fields);
    towers.unasked.push(...fields.unasked());
  };
  const attempt = (key: string, of: string, read: (values: Record<string, unknown>) => boolean): void => {
    const values = objectOf(key);
    if (values === undefined) return;
    if (!read(values)) towers.uncounted.push(`The tower for ${of} (${key}) is not counted.`);
  };

  const numberIn = (name: string, fallback: number): number => {
    const value = level[name];
    towers.read.add(name);
    return typeof value === "number" ? value : fallback;
  };
  if (family === "molmo") {
    add({ tensors: molmoVision(text.hiddenSize, numberIn("intermediate_size", 0)) });
  }
  if (family === "phi4mm") {
    const layers = objectOf("embd_layer");
    const image = isObject(layers?.image_embd_layer) ? layers.image_embd_layer : {};
    add({
      tensors: phi4Vision(typeof image.crop_size === "number" ? image.crop_size : 448, text.hiddenSize),
    });
    const sound = objectOf("audio_processor");
    if (isObject(sound?.config))
      reading("audio_processor.config", sound.config, (fields) => {
        add({ tensors: phi4Sound(fields, text.hiddenSize) });
      });
    else towers.uncounted.push("The tower for sound is not counted: the file has no audio_processor.");
  }
  if ((family === "minicpmv" || family === "cogvlm") && !isObject(level.vision_config))
    towers.uncounted.push("The tower for images is not counted: the file has no vision_config.");
  for (const key of ["vision_config", "vision_tower_config", "vit_config"]) {
    attempt(key, "images", (values) => {
      if (isObject(values.width)) {
        reading(key, values, (fields) => {
          add(deepEncoder(fields, objectOf("projector_config") ?? {}));
        });
        return true;
      }
      if (family === "cogvlm") {
        reading(key, values, (fields) => {
          const joins = typeof level.num_multi_query_heads === "number";
          const intermediate = numberIn("intermediate_size", 0);
          add({ tensors: cogvlmVision(fields, text.hiddenSize, intermediate, joins) });
        });
        return true;
      }
      if (type.startsWith("blip") && values.model_type === "blip_2_vision_model") {
        reading(key, values, (fields) => {
          const { tensors, width } = blipVision(fields);
          add({ tensors });
          reading("qformer_config", objectOf("qformer_config") ?? {}, (own) => {
            add({ tensors: questionFormer(own, numberIn("num_query_tokens", 32), width, text.hiddenSize) });
          });
        });
        return true;
      }
      return vision(key, values);
    });
  }
  attempt("visual", "images", (values) => {
    if (typeof values.width !== "number" || typeof values.layers !== "number") return false;
    reading("visual", values, (fields) => {
      add({ tensors: qwenVisual(fields) });
    });
    return true;
  });
  if (type === "fuyu" && typeof level.patch_size === "number") {
    towers.read.add("patch_size").add("num_channels").add("image_size");
    const channels = typeof level.num_channels === "number" ? level.num_channels : 3;
    add({ tensors: matrix("vision", "embed", text.hiddenSize, channels * level.patch_size ** 2, true) });
  }
  attempt("img_processor", "images", (values) => {
    const layer = objectOf("embd_layer") ?? {};
    reading("img_processor", values, (fields) => {
      add(phiImage(fields, layer, text.hiddenSize));
    });
    return true;
  });
  attempt("vision_encoder_config", "images", () => {
    if (type !== "xgenmm") return false;
    towers.read.add("vision_tokenizer_config");
    add({ tensors: xgen(text.hiddenSize, text.vocabularySize) });
    return true;
  });
  attempt("audio_config", "sound", (values) => {
    if (typeof values.encoder_layers !== "number") return false;
    let known = false;
    reading("audio_config", values, (fields) => {
      const tower = audioTower(fields, text.hiddenSize);
      known = tower.known;
      add({ tensors: tower.tensors });
    });
    return known;
  });
  attempt("talker_config", "speech", (values) => {
    if (typeof values.hidden_size !== "number" || values.num_experts !== undefined) return false;
    reading("talker_config", values, (fields) => {
      add({ tensors: talker(fields, text.hiddenSize) });
      fields.known("head_dim", "embedding_size");
    });
    return true;
  });
  attempt("token2wav_config", "waves", (values) => {
    add(tokenToWave(values));
    return true;
  });
  return towers;

  function vision(key: string, values: Record<string, unknown>): boolean {
    const own = typeof values.model_type === "string" ? values.model_type : "";
    const stated = ["num_hidden_layers", "depth", "layers", "vt_num_hidden_layers"].some(
      (name) => typeof values[name] === "number",
    );
    const byOuter = type === "kimi_k25" || type === "kimi_vl" ? "moonvit" : type;
    const byOwn = VISION[own.toLowerCase()];
    const read = byOwn ?? VISION[byOuter.toLowerCase()];
    // Files keep only what differs from the class, whose sizes a reader knows by its name alone.
    if (read === undefined || (!stated && byOwn === undefined)) return false;
    if (!stated)
      towers.notes.push(
        `${key} in ${where} states no count of layers: the sizes of its class (${own}) are taken.`,
      );
    // MiniCPM-V takes SigLIP without the head that pools an image.
    const headless = type === "minicpmv" ? { ...values, vision_use_head: false } : values;
    reading(key, headless, (fields) => {
      const tower = read(fields, text.hiddenSize);
      fields.known("spatial_merge_size", "temporal_patch_size");
      add(tower);
      if (tower.projected !== true) add(projection(tower.width));
    });
    return true;
  }

  /** What lies between a tower and the language model; it belongs to the model around them. */
  function projection(width: number): { tensors: Tensor[]; uncounted?: string[] } {
    const P = "projector";
    const { hiddenSize } = text;
    const two = (bias: boolean): Tensor[] => [
      ...matrix(P, "linear_1", hiddenSize, width, bias),
      ...matrix(P, "linear_2", hiddenSize, hiddenSize, bias),
    ];
    switch (type) {
      case "llava":
      case "vipllava":
        return { tensors: two(level.multimodal_projector_bias !== false) };
      case "llava_next":
      case "llava_next_video":
      case "llava_onevision":
        return { tensors: [...two(true), single(P, "image_newline", hiddenSize)] };
      case "mistral3": {
        const merge = typeof level.spatial_merge_size === "number" ? level.spatial_merge_size : 2;
        return {
          tensors: [
            ...oneNorm(P, "norm", width, "rms"),
            ...matrix(P, "merging_layer", width, width * merge ** 2, false),
            ...two(level.multimodal_projector_bias === true),
          ],
        };
      }
      case "gemma3":
        return {
          tensors: [
            ...oneNorm(P, "mm_soft_emb_norm", width, "rms"),
            ...matrix(P, "linear", hiddenSize, width, false),
          ],
        };
      case "paligemma":
        return { tensors: matrix(P, "linear", hiddenSize, width, true) };
      case "kimi_vl":
      case "kimi_k25":
        return {
          tensors: [
            ...oneNorm(P, "pre_norm", width),
            ...matrix(P, "linear_1", 4 * width, 4 * width, true),
            ...matrix(P, "linear_2", hiddenSize, 4 * width, true),
          ],
        };
      case "minicpmv":
        return { tensors: minicpmResampler(numberIn("query_num", 64), width, hiddenSize) };
      case "idefics2": {
        const own = objectOf("perceiver_config") ?? {};
        const tensors: Tensor[] = [];
        reading("perceiver_config", own, (fields) => {
          tensors.push(...perceiver(fields, width, hiddenSize, text.intermediateSize ?? 0));
        });
        return { tensors };
      }
      case "idefics3":
      case "smolvlm": {
        const factor = typeof level.scale_factor === "number" ? level.scale_factor : 2;
        return { tensors: matrix(P, "proj", hiddenSize, width * factor ** 2, false) };
      }
      default:
        return {
          tensors: [],
          uncounted: ["The projection of images into the language model is not counted."],
        };
    }
  }
}

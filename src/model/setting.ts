import { BytesperError } from "../base/errors.js";
import type { Adapter } from "./adapter/config.js";
import { adapterTensors } from "./adapter/tensors.js";
import type { Logits } from "./activation-terms.js";
import type { AttentionImplementation } from "./attention-terms.js";
import type { ComputeType, NumberType } from "./dtype.js";
import { NUMBER_TYPES, isComputeType, numberType } from "./dtype.js";
import type { WeightFormat } from "./quantization/named.js";
import { plainTypeNote } from "./quantization/named.js";
import type { Runtime, RuntimeRules } from "./runtime.js";
import { RUNTIME_RULES } from "./runtime.js";
import type { ModelShape } from "./shape.js";
import { elementsOf } from "./shape.js";

/**
 * Bytes of a CUDA context with PyTorch: the middle of the 300 to 600 MB that processes were seen to hold. It
 * differs between drivers and devices, so measure it once and pass it.
 */
export const CONTEXT_BYTES = 450_000_000;

/** The type of weights whose bytes were read from the checkpoint itself. */
export const CHECKPOINT = "checkpoint";

export interface EstimateOptions {
  /** Tokens of each prompt. */
  tokens: number;
  /** Number of sequences at the same time; the default is 1. */
  batch?: number;
  /**
   * Type or format of the weights; the default is what the checkpoint or the config says, or bf16 if it names none.
   */
  dtype?: WeightFormat;
  cacheDtype?: NumberType;
  attention?: AttentionImplementation;
  /** The default is the last position. */
  logits?: Logits;
  /** The default is `CONTEXT_BYTES`. */
  contextBytes?: number;
  capacityBytes?: number;
  /** Counts cache and state as this runtime lays them out. */
  runtime?: Runtime;
  /** Ranks that share each layer, and ranks that have layers of their own; the figures are those of one rank. */
  tensorParallel?: number;
  pipelineParallel?: number;
  /** An adapter that is loaded beside the weights, in fp32 as PEFT does. */
  adapter?: Adapter;
  /** Tokens at the beginning of all sequences that the runtime keeps once. */
  sharedPrefix?: number;
}

/** Options with all defaults filled in. */
export interface Setting {
  tokens: number;
  batch: number;
  /** A type, a named format, the name of the model's own scheme, or `CHECKPOINT`. */
  dtype: string;
  compute: ComputeType;
  cacheDtype: NumberType;
  attention: AttentionImplementation;
  logits: Logits;
  contextBytes: number;
  rules?: RuntimeRules;
  sharedPrefix?: number;
  adapterParameters?: number;
}

export function settingOf(model: ModelShape, options: EstimateOptions, notes: string[]): Setting {
  const { tokens, batch = 1, contextBytes = CONTEXT_BYTES, sharedPrefix, runtime } = options;
  for (const [name, value, least] of [
    ["tokens", tokens, 1],
    ["batch", batch, 1],
    ["contextBytes", contextBytes, 0],
    ["sharedPrefix", sharedPrefix ?? 0, 0],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < least) {
      throw new BytesperError(
        "USAGE",
        `Expected ${name} to be a whole number from ${least}, but it is ${value}.`,
      );
    }
  }
  const named = model.dtype === undefined ? undefined : numberType(model.dtype);
  const own = model.checkpoint === undefined ? model.scheme?.name : CHECKPOINT;
  const dtype = options.dtype ?? own ?? named;
  if (dtype === undefined && model.dtype !== undefined) {
    throw new BytesperError(
      "BAD_INPUT",
      `The config names the type ${JSON.stringify(model.dtype)}, which is none of ${NUMBER_TYPES.join(", ")}; give --dtype.`,
    );
  }
  if (dtype === undefined) notes.push("The config names no type of its weights (dtype): bf16 is assumed.");
  if (options.dtype !== undefined) notes.push(...dtypeNotes(model, options.dtype));
  const ofWeights = dtype ?? "bf16";
  const plain = numberType(ofWeights);
  const adapted = options.adapter === undefined ? undefined : adapterTensors(model, options.adapter);
  notes.push(...(adapted?.notes ?? []));
  const compute = [plain, named].find((type) => type !== undefined && isComputeType(type)) ?? "bf16";
  return {
    tokens,
    batch,
    dtype: ofWeights,
    compute,
    cacheDtype: options.cacheDtype ?? compute,
    attention: attentionOf(model, options.attention, notes),
    logits: options.logits ?? "last",
    contextBytes,
    ...(runtime === undefined ? {} : { rules: RUNTIME_RULES[runtime] }),
    ...(sharedPrefix === undefined ? {} : { sharedPrefix }),
    ...(adapted === undefined
      ? {}
      : { adapterParameters: Math.ceil(adapted.tensors.reduce((sum, one) => sum + elementsOf(one), 0)) }),
  };
}

/** Some attention exists only in the form that keeps its scores, whatever is asked for. */
function attentionOf(
  model: ModelShape,
  asked: AttentionImplementation | undefined,
  notes: string[],
): AttentionImplementation {
  if (model.keepsScores !== true || asked === "eager") return asked ?? "flash";
  notes.push(
    `The attention of ${model.family} has no form without stored scores: eager is counted, without what its positions add.`,
  );
  return "eager";
}

function dtypeNotes(model: ModelShape, dtype: WeightFormat): string[] {
  const plain = plainTypeNote(dtype);
  const other =
    model.checkpoint !== undefined || (model.scheme !== undefined && model.scheme.name !== dtype)
      ? [
          `--dtype ${dtype} is counted, not what the checkpoint has (${model.scheme?.name ?? model.checkpoint?.source ?? ""}).`,
        ]
      : [];
  return [...(plain === undefined ? [] : [plain]), ...other];
}

export type { Adapter, Targets } from "./adapter/config.js";
export { readAdapter } from "./adapter/config.js";
export type { AdapterFile } from "./adapter/file.js";
export { isAdapter, readAdapterFile } from "./adapter/file.js";
export { adapterTensors } from "./adapter/tensors.js";
export type { Logits } from "./activation-terms.js";
export { LOGITS, logitsTerm } from "./activation-terms.js";
export { reserve } from "./allocator.js";
export type { AttentionImplementation, AttentionSetting } from "./attention-terms.js";
export { ATTENTION_IMPLEMENTATIONS, EAGER_BYTES_PER_SCORE, scoresTerm } from "./attention-terms.js";
export {
  cachedElements,
  kvBytes,
  kvBytesPerToken,
  kvBytesPerTokenBeyondWindows,
  kvExpandedBytesPerToken,
  stateBytes,
} from "./cache.js";
export type { Card } from "./cards.js";
export { CARDS, CARD_NAMES, capacityNote, capacityOf, cardOf, parseCard } from "./cards.js";
export type { ComputeType, NumberType } from "./dtype.js";
export { NUMBER_TYPES, bytesOf, bytesPerNumber, numberType, parseNumberType } from "./dtype.js";
export type { Estimate, EstimateTerm } from "./estimate.js";
export { estimate } from "./estimate.js";
export { FAMILIES } from "./families/index.js";
export type { KnownModel } from "./known-models.js";
export { KNOWN_TITLES, knownModel } from "./known-models.js";
export type { PublishedComparison } from "./published.js";
export { comparePublished } from "./published.js";
export type { WeightFormat } from "./quantization/named.js";
export { WEIGHT_FORMATS, parseWeightFormat } from "./quantization/named.js";
export type { ReadOptions } from "./read.js";
export { modelOf, readModel } from "./read.js";
export type { Parallelism } from "./parallel.js";
export { rankOf } from "./parallel.js";
export type { Runtime, RuntimeRules } from "./runtime.js";
export { RUNTIMES, RUNTIME_RULES } from "./runtime.js";
export { readModelFile } from "./read-file.js";
export type { EstimateOptions } from "./setting.js";
export { CONTEXT_BYTES } from "./setting.js";
export type { Attention, FeedForward, Layer, ModelShape, Recurrence, Tensor, WeightScheme } from "./shape.js";
export { elementsOf, parameterCount } from "./shape.js";
export type { Phase, Term } from "./term.js";
export type { Lora, Optimizer, Precision, TrainingEstimate, TrainingOptions } from "./training.js";
export { OPTIMIZERS, PRECISIONS, estimateTraining } from "./training.js";

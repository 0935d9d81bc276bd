export type {
  AttentionKernel,
  AttentionOptions,
  AttentionResult,
  AttentionShape,
  Dtype,
  TensorData,
} from "./attention.js";
export {
  allocateAttention,
  attention,
  ATTENTION_KERNELS,
  BYTES_OF,
  DTYPES,
  inputOutputBytes,
  randomAttention,
  scoreBytes,
} from "./attention.js";
export type {
  CacheLayout,
  CacheType,
  DecodeMemory,
  DecodeOptions,
  DecodeResult,
  DecodeShape,
} from "./decode.js";
export { CACHE_TYPES, decode, fillCache, readBlock, scaleBytes, slabBytes, writeBlock } from "./decode.js";
export type { MemoryPoolOptions } from "./memory-pool.js";
export { MemoryPool, OutOfDeviceMemory } from "./memory-pool.js";
export type { DeviceBytes } from "./second-route.js";
export { deviceBytes, deviceChange } from "./second-route.js";
export type { AttentionRecord, AttentionRunOptions, KernelCheck } from "./attention-run.js";
export { checkKernels, runAttention } from "./attention-run.js";
export type { SelectedDevice } from "./select.js";
export { selectDevice } from "./select.js";

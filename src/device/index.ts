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
  BYTES_OF,
  inputOutputBytes,
  randomAttention,
  scoreBytes,
} from "./attention.js";
export type { MemoryPoolOptions } from "./memory-pool.js";
export { MemoryPool, OutOfDeviceMemory } from "./memory-pool.js";
export type { DeviceBytes } from "./second-route.js";
export { deviceBytes, deviceChange } from "./second-route.js";

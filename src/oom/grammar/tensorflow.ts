import { Draft, findIn } from "../draft.js";
import { anywhere, next } from "../pattern.js";
import { exact } from "../quantity.js";
import type { View } from "../view.js";
import type { Grammar } from "./grammar.js";
import { around } from "./grammar.js";

/**
 * Bytes of one element by TensorFlow's type names. Longer names come first, because the next word follows
 * without a blank.
 */
const ELEMENT_BYTES: Record<string, number> = {
  complex128: 16,
  complex64: 8,
  bfloat16: 2,
  float8_e4m3fn: 1,
  float8_e5m2: 1,
  float64: 8,
  float32: 4,
  float16: 2,
  double: 8,
  float: 4,
  half: 2,
  uint64: 8,
  uint32: 4,
  uint16: 2,
  uint8: 1,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  bool: 1,
};
const TYPES = new RegExp(`(?<tensorDtype>${Object.keys(ELEMENT_BYTES).join("|")})`, "dy");

const TENSOR = anywhere`OOM when allocating tensor (?:with|of) shape \[ (?<_shape>[\d,]*) \] (?:and type)?`;
const TENSOR_DEVICE = next`on /job:[\w/:]*?device: (?:GPU:(?<gpuIndex>\d+) | [A-Z_]+:\d+ )`;
const TENSOR_ALLOCATOR = next`by allocator (?: GPU_(?<gpuIndex>\d+)_bfc | \w+? (?= \[|\n|$ ) )`;
const NODE = next`\.? \[\[ (?:Node|\{\{node)`;
const NODE_DEVICE = anywhere`_device = \\?" [^"\\]{0,80} device:GPU: (?<gpuIndex>\d+)`;

/** The allocation of a tensor failed. The text gives its shape but no size. */
export const tensorflowTensor: Grammar = {
  name: "tensorflow",
  needles: [
    { text: "oom when alloc", then: ["atingtensor"] },
    { text: "allocating tensor", then: ["withshape", "ofshape"] },
    { text: "tensor with shape", then: ["["] },
    { text: "tensor of shape", then: ["["] },
    { text: "by allocator" },
  ],
  read(place) {
    const match = around(place, TENSOR);
    if (match === undefined) return undefined;
    const { view } = place;
    const draft = new Draft(view, "tensorflow", match);
    const shape = (match.groups?._shape ?? "").split(",").filter(Boolean).map(Number);
    draft.details.tensorShape = shape;
    draft.accept(TYPES);
    const element = ELEMENT_BYTES[draft.details.tensorDtype ?? ""];
    if (element !== undefined)
      draft.details.derivedRequestedBytes = shape.reduce((product, size) => product * size, element);
    draft.accept(TENSOR_DEVICE);
    draft.accept(TENSOR_ALLOCATOR);
    if (/device:CPU:\d/.test(view.text.slice(match.index, draft.end))) draft.details.onHost = true;
    // The node that made the request may name a device that the sentence does not name.
    const { end } = draft;
    const located = /device:/.test(view.text.slice(match.index, end));
    if (!located && draft.accept(NODE) !== undefined) draft.seek(NODE_DEVICE, 600);
    return draft;
  },
};

const BFC = anywhere`(?: Allocator \( (?: GPU_(?<gpuIndex>\d+)_bfc | [\w-]+ ) \) )? [Rr] an out of memory trying to allocate {size:requestedBytes} (?: \( rounded to {whole:roundedBytes} \) )?`;
const STATS = anywhere`Stats: Limit: (?<_limit>\d+) InUse: {whole:allocatedBytes} MaxInUse:`;
const RESERVED = next`\d+ NumAllocs:\d+ MaxAllocSize:\d+ Reserved: {whole:reservedBytes} (?=PeakReserved)`;
const NO_FAILURE = anywhere`caller indicates that this is not a failure`;

export const tensorflowBfc: Grammar = {
  name: "tensorflow",
  needles: [
    { text: "out of memory", then: ["tryingtoallocate$"] },
    { text: "memory trying", then: ["toallocate$"] },
    { text: "to allocate", then: ["$"] },
    { text: "freed_by_count", then: ["="] },
  ],
  read(place) {
    const match = around(place, BFC);
    if (match === undefined) return undefined;
    const { view } = place;
    const draft = new Draft(view, xlaOrTensorflow(view, match.index) ?? "tensorflow", match);
    const rounded = draft.figures.get("roundedBytes");
    if (rounded !== undefined) {
      // Rounded up to 256 bytes, which is more exact than the number before it.
      draft.set(
        "requestedBytes",
        { bytes: rounded.bytes, range: [rounded.bytes - 255, rounded.bytes] },
        rounded.place,
      );
      draft.figures.delete("roundedBytes");
      delete (draft.details as { roundedBytes?: number }).roundedBytes;
    }
    if (findIn(view, NO_FAILURE, draft.end, draft.end + 200) !== undefined) draft.details.warningOnly = true;
    takeStats(draft, 12_000);
    return draft;
  },
};

const DRIVER = anywhere`[Ff]ailed to alloc (?:ate)? (?: [\d.]+ [KMGTP]?i?B? \( {whole:requestedBytes} bytes \) | {whole:_alone} bytes )
  [\w ]{0,24} : (?:RESOURCE_EXHAUSTED:)? :? (?: CUDA_ERROR_OUT_OF_MEMORY | HIP_ERROR_OutOfMemory | hipErrorOutOfMemory | hipError_t\(1002\) ) (?: : out of memory )?`;
const PINNED = anywhere`could not allocate pinned (?:host|device) memory of (?:size|bytes) : (?<_size>\d+)`;
const PINNED_ALONE = anywhere`could not allocate pinned (?:host|device) memory of (?:size|bytes) : {whole:requestedBytes}`;
const ASYNC = anywhere`gpu_async_(?<gpuIndex>\d+) cuMemAllocAsync failed to allocate {whole:requestedBytes} bytes : [\w:(]{0,60}? CUDA_ERROR_OUT_OF_MEMORY \)? (?: : out of memory )?`;
/**
 * Reports without a figure: the driver or runtime found no memory at the start, or none for a constant or an
 * input.
 */
const START = anywhere`(?: (?: CUDA device ordinal (?<_ordinal>\d+) : (?:Internal:|INTERNAL:)? )? failed call to \w{1,40} : (?:INTERNAL:)? [\w:]{0,40}? CUDA_ERROR_OUT_OF_MEMORY (?: : out of memory )? (?: ; total memory reported : {whole:totalBytes} )? | initialization on GPU:(?<gpuIndex>\d+) failed \. Status : out of memory )`;
const CONSTANT = anywhere`Failed to allocate {whole:requestedBytes} bytes for new constant`;
const REPORTED = next`Reported by CUDA : Free memory/Total memory : {whole:freeBytes} / {whole:totalBytes}`;

/**
 * The driver refused; StreamExecutor logs it. TensorFlow tries again with less, and each refusal gives one
 * line.
 */
export const streamExecutor: Grammar = {
  name: "stream-executor",
  needles: [
    { text: "error_out_of", then: ["_memory"] },
    { text: "out_of_memory" },
    { text: "failed to alloc", then: ["$"] },
    { text: "to allocate", then: ["$"] },
    { text: "from device:", then: ["cuda", "hip", "resource"] },
    { text: "cumemalloc", then: ["asyncfailed"] },
    { text: "ate pinned", then: ["host", "device"] },
    { text: "memory/total memory" },
    { text: "status: out of", then: ["memory"] },
    { text: "bytes for new", then: ["constant"] },
  ],
  read(place) {
    const { view } = place;
    const async = around(place, ASYNC);
    if (async !== undefined) {
      const draft = new Draft(view, xlaOrTensorflow(view, async.index) ?? "jax", async);
      draft.accept(REPORTED);
      takeStats(draft, 600);
      return draft;
    }
    const driver = around(place, DRIVER);
    if (driver !== undefined) {
      const draft = new Draft(view, xlaOrTensorflow(view, driver.index) ?? "tensorflow", driver);
      const alone = driver.groups?._alone;
      const at = driver.indices?.groups?._alone;
      if (alone !== undefined && at !== undefined) draft.set("requestedBytes", exact(Number(alone)), at);
      if (/fromdevice|ondevice/.test(driver[0])) draft.details.arena = true;
      const pinned = findIn(view, PINNED, draft.end, draft.end + 300);
      if (Number(pinned?.groups?._size) === draft.bytes("requestedBytes") && pinned !== undefined)
        draft.take(pinned);
      return draft;
    }
    const other = around(place, PINNED_ALONE) ?? around(place, START) ?? around(place, CONSTANT);
    if (other === undefined) return undefined;
    const fallback =
      other.groups?.requestedBytes !== undefined && /constant$/.test(other[0]) ? "jax" : "tensorflow";
    const draft = new Draft(view, xlaOrTensorflow(view, other.index) ?? fallback, other);
    if (other.groups?._ordinal !== undefined) draft.gpuIndex ??= Number(other.groups._ordinal);
    // Not even a context could be made.
    if (/^(?:CUDAdevice|failedcallto|initialization)/.test(other[0])) draft.details.reason = "context";
    return draft;
  },
};

const NAMELESS = anywhere`(?: Resource ? exhausted | RESOURCE_EXHAUSTED | ResourceExhaustedError ) : (?:\{\{[^}]*\}\})? failed to allocate memory`;

export const tensorflowNameless: Grammar = {
  name: "tensorflow",
  needles: [{ text: "failed to allocate memory", near: ["exhaust"] }],
  read(place) {
    const match = around(place, NAMELESS);
    return match === undefined ? undefined : new Draft(place.view, "tensorflow", match);
  },
};

/** Reads the allocator's statistics, if they come before another report begins. */
function takeStats(draft: Draft, reach: number): void {
  const { view, end } = draft;
  const stats = findIn(view, STATS, end, end + reach);
  if (stats === undefined || /outofmemory|OOMwhen/i.test(view.text.slice(end, stats.index))) return;
  draft.take(stats);
  if (draft.accept(RESERVED) !== undefined) draft.reservedKind = "allocator_stat";
}

/** Longest prefix of a logger that contains the path of a source file. */
const PREFIX_BYTES = 300;
const JAX_PATH = /external\/(?:org_tensorflow|xla\/|tsl\/)|jaxlib|xla_extension/g;
const TENSORFLOW_PATH = /tensorflow[\\/](?:core|stream_executor|compiler)|local_(?:xla|tsl)/g;

/**
 * JAX and TensorFlow contain the same allocators. The path of the source file in the log line tells which of
 * them it is.
 */
export function xlaOrTensorflow(view: View, index: number): "jax" | "tensorflow" | undefined {
  const raw = builder(view.rawBefore(index, PREFIX_BYTES));
  // A path that was wrapped is complete only in the text of the view; a path that was not wrapped was removed
  // from it with the prefix.
  return raw === "jax" ? raw : (builder(view.text.slice(Math.max(0, index - 160), index)) ?? raw);
}

function builder(before: string): "jax" | "tensorflow" | undefined {
  const jax = [...before.matchAll(JAX_PATH)].at(-1)?.index ?? -1;
  const tensorflow = [...before.matchAll(TENSORFLOW_PATH)].at(-1)?.index ?? -1;
  if (jax === -1 && tensorflow === -1) return undefined;
  // JAX's paths contain TensorFlow's: external/org_tensorflow/tensorflow/core.
  return jax !== -1 && tensorflow - jax < 30 ? "jax" : "tensorflow";
}

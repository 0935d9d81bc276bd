import { Draft, findIn } from "../draft.js";
import { anywhere } from "../pattern.js";
import type { Grammar } from "./grammar.js";
import { around } from "./grammar.js";

/** "CUDA0", "ROCm1", "Vulkan0", "Metal", "CPU", "CUDA_Host"; the number is the device's. */
const BUFFER = anywhere`failed to allocate (?<_backend> [A-Za-z]+? ) (?<gpuIndex>\d+)? (?:_[A-Z]\w*?)? buffer of size (?<_size>\d+)`;
const MALLOC = anywhere`allocating {size:requestedBytes} on device (?<gpuIndex>\d+) : (?:cuda|hip|musa) Malloc failed : out of memory`;
const VULKAN = anywhere`ggml_vulkan : Device memory allocation of size {whole:requestedBytes} failed`;
const VULKAN_REASON = anywhere`ggml_vulkan : [\w: ]{0,60} ErrorOut ofDeviceMemory`;
const VULKAN_LIMIT = anywhere`Requested buffer size (?: \( {whole:requestedBytes} \) )? exceeds device (?:memory allocation|buffer size) limit`;
const METAL = anywhere`ggml_ (?:backend_)? metal_ \w+ : error : failed to allocate (?: '[\w ]+' )? buffer , size = {size:requestedBytes}`;
const METAL_LIMIT = anywhere`ggml_metal_\w+ : buffer '[\w ]+' size {whole:requestedBytes} is larger than buffer maximum of {whole:allowedBytes}`;
const ALIGNED = anywhere`ggml_aligned_malloc : insufficient memory \( attempted to allocate {size:requestedBytes} \)`;
const CPU = anywhere`ggml_backend_\w+ : failed to allocate buffer of size {whole:requestedBytes}`;
const SYCL = anywhere`can't allocate {size:requestedBytes} of memory on device`;
const CONTEXT = anywhere`ggml_new_\w+ : not enough space in the context's memory pool \( needed {whole:requestedBytes} , available {whole:availableBytes} \)`;
const CUDA_CALL = anywhere`CUDA error (?:\d+ at [^:]{0,200}ggml[\w.-]*:\d+)? : out of memory (?: current device : (?<gpuIndex>\d+) , in function ggml )?`;
const OLLAMA = anywhere`model requires more (?:system)? memory \( {size:requestedBytes} \) than is available \( {size:freeBytes} \)`;

const SUFFIXES: Record<string, string> = { Vulkan: "-vulkan", Metal: "-metal", MTL: "-metal", SYCL: "-sycl" };
const ALONE: [RegExp, framework: string][] = [
  [VULKAN_LIMIT, "llama.cpp-vulkan"],
  [METAL, "llama.cpp-metal"],
  [METAL_LIMIT, "llama.cpp-metal"],
  [ALIGNED, "llama.cpp"],
  [CPU, "llama.cpp"],
  [SYCL, "llama.cpp-sycl"],
  [CONTEXT, "llama.cpp"],
  [OLLAMA, "ollama"],
];

export const ggml: Grammar = {
  name: "llama.cpp",
  needles: [
    "malloc failed",
    "failed to alloc",
    "buffer of size",
    "buffer, size",
    "ggml_vulkan: d",
    "ocation of size",
    "outofdevice",
    "requested buffer size",
    "insufficient memory",
    "buffer maximum of",
    "memory on device",
    "memory pool (needed",
    "requires more",
    "out of memory",
  ],
  read(place) {
    const { view } = place;
    const malloc = around(place, MALLOC) ?? around(place, VULKAN);
    if (malloc !== undefined) {
      const framework = malloc[0].includes("ggml_vulkan") ? "llama.cpp-vulkan" : "llama.cpp";
      return withBuffer(new Draft(view, framework, malloc));
    }
    for (const [pattern, framework] of ALONE) {
      const match = around(place, pattern);
      if (match !== undefined) return withBuffer(new Draft(view, framework, match));
    }
    const buffer = around(place, BUFFER);
    if (buffer !== undefined) {
      const draft = new Draft(view, `llama.cpp${SUFFIXES[buffer.groups?._backend ?? ""] ?? ""}`, buffer);
      takeSize(draft, buffer);
      return draft;
    }
    const call = around(place, CUDA_CALL, 200);
    const isOurs = call !== undefined && /ggml/.test(call[0]);
    return isOurs ? new Draft(view, "llama.cpp", call) : undefined;
  },
};

/** The graph's allocator repeats a refused size in bytes, on the next line; both are one report. */
function withBuffer(draft: Draft): Draft {
  const { view } = draft;
  const reason = findIn(view, VULKAN_REASON, draft.end, draft.end + 120);
  if (reason !== undefined) draft.take(reason);
  const buffer = findIn(view, BUFFER, draft.end, draft.end + 160);
  const size = Number(buffer?.groups?._size);
  const [low, high] = draft.figures.get("requestedBytes")?.range ?? [size, size];
  if (buffer !== undefined && size >= low && size <= high) {
    draft.take(buffer);
    takeSize(draft, buffer);
  }
  return draft;
}

function takeSize(draft: Draft, buffer: RegExpExecArray): void {
  const bytes = Number(buffer.groups?._size);
  const place = buffer.indices?.groups?._size;
  if (place !== undefined) draft.set("requestedBytes", { bytes, range: [bytes, bytes] }, place);
}

import { Draft, findIn } from "../draft.js";
import { anywhere } from "../pattern.js";
import type { Grammar, Place } from "./grammar.js";
import { around } from "./grammar.js";

/** "CUDA0", "ROCm1", "Vulkan0", "Metal", "CPU", "CUDA_Host"; the number is the device's. */
const BUFFER = anywhere`failed to allocate (?<_backend> [A-Za-z]+? ) (?<gpuIndex>\d+)? (?:_[A-Z]\w*?)? (?: \[ [^\]\n]{1,60} \] )? buffer of size (?<_size>\d+)`;
const MALLOC = anywhere`allocating {size:requestedBytes} on device (?<gpuIndex>\d+) : (?:cuda|hip|musa|aclrt) Malloc (?:Managed|Async|Device)? failed (?: : out of memory )?`;
/** Backends that print no more than the size. */
const BACKEND = anywhere`ggml_ (?!cuda_host) \w{1,60} : (?: error : )? (?: failed to allocate | unable to allocate | could not allocate ) {size:requestedBytes} (?! of pinned )`;
const VULKAN = anywhere`ggml_vulkan : Device memory allocation of size {whole:requestedBytes} failed`;
const VULKAN_REASON = anywhere`ggml_vulkan : [\w: ]{0,60} ErrorOut ofDeviceMemory`;
const VULKAN_LIMIT = anywhere`Requested buffer size (?: \( {whole:requestedBytes} \) )? exceeds device (?:memory allocation|buffer size) limit`;
const METAL = anywhere`ggml_ (?:backend_)? metal_ \w+ : error : failed to allocate (?: '[\w ]+' )? buffer , size = {size:requestedBytes}`;
const METAL_LIMIT = anywhere`ggml_metal_\w+ : buffer '[\w ]+' size {whole:requestedBytes} is larger than buffer maximum of {whole:allowedBytes}`;
const ALIGNED = anywhere`ggml_aligned_malloc : insufficient memory \( attempted to allocate {size:requestedBytes} \)`;
const CPU = anywhere`ggml_backend_\w+ : failed to allocate buffer of size {whole:requestedBytes}`;
const SYCL = anywhere`[Cc]an't (?:malloc|allocate) {size:requestedBytes} (?:of)? memory on device`;
const CONTEXT = anywhere`ggml_new_\w+ : not enough space in the context's memory pool \( needed {whole:requestedBytes} , available {whole:availableBytes} \)`;
const CUDA_CALL = anywhere`CUDA error (?:\d+ at [^:]{0,200}ggml[\w.-]*:\d+)? : out of memory (?: current device : (?<gpuIndex>\d+) , in function \w{1,80}? at [^:\n]{0,200}?ggml )?`;
/** A warning only: memory that is not pinned works too, but slower. */
const PINNED = anywhere`failed to allocate {size:requestedBytes} of pinned memory : (?: out of memory )?`;
/** The last message of the runner, as Ollama repeats it. */
const RUNNER = anywhere`runner process has terminated : (?: cudaMalloc failed | CUDA error ) : out of memory`;
/** Metal's command queue reports this later than the failure. */
const METAL_QUEUE = anywhere`(?: Execution of the command buffer was aborted due to an error during execution \. )? Insufficient Memory \( 0{7}8 : kIOGPUCommandBufferCallbackErrorOutOfMemory \)`;
const OLLAMA = anywhere`model requires more (?:system)? memory \( {size:requestedBytes} \) than is available \( {size:freeBytes} \)`;

/** Ollama's service, its runner and its own log lines. */
const OLLAMA_NEAR =
  /ollama(?:\[\d+\]|serve|run|_|\/)|llamarunner|source=(?:sched|server|runner|llama)\w*\.go/;

const SUFFIXES: Record<string, string> = { Vulkan: "-vulkan", Metal: "-metal", MTL: "-metal", SYCL: "-sycl" };
const ON_HOST: readonly RegExp[] = [ALIGNED, CPU, CONTEXT];
const ALONE: [RegExp, framework: string][] = [
  [VULKAN_LIMIT, "llama.cpp-vulkan"],
  [METAL, "llama.cpp-metal"],
  [METAL_LIMIT, "llama.cpp-metal"],
  [ALIGNED, "llama.cpp"],
  [CPU, "llama.cpp"],
  [SYCL, "llama.cpp-sycl"],
  [CONTEXT, "llama.cpp"],
  [BACKEND, "llama.cpp"],
  [OLLAMA, "ollama"],
  [RUNNER, "ollama"],
];

export const ggml: Grammar = {
  name: "llama.cpp",
  needles: [
    { text: "malloc failed", then: [":outof"] },
    {
      text: "failed to allocate",
      then: ["cuda", "rocm", "vulkan", "metal", "mtl", "sycl", "cpu", "buffer", "rpc", "$", "'"],
    },
    { text: "buffer of size", then: ["#"] },
    { text: "buffer, size", then: ["="] },
    { text: "ggml_vulkan: d", then: ["evicememory"] },
    { text: "ocation of size", then: ["#"] },
    { text: "outofdevice", then: ["memory"] },
    { text: "requested buffer size", then: ["(", "exceeds"] },
    { text: "insufficient memory", then: ["(attempted", "(0"] },
    { text: "kiogpucommandbuffer" },
    { text: "pinned memory", then: [":"] },
    { text: "has terminated:", then: ["cuda"] },
    { text: "buffer maximum of", then: ["#"] },
    { text: "memory on device", near: ["can't"] },
    { text: "memory pool (needed", then: ["#"] },
    { text: "requires more", then: ["systemmemory(", "memory("] },
    { text: "out of memory", then: ["\n"], near: ["cuda"] },
  ],
  read(place) {
    const draft = read(place);
    if (draft !== undefined && !draft.framework.startsWith("pytorch") && OLLAMA_NEAR.test(textNear(draft)))
      draft.details.runner = "ollama";
    return draft;
  },
};

function textNear({ view, start, end }: Draft): string {
  return view.text.slice(Math.max(0, start - 1500), end + 1500);
}

function read(place: Place): Draft | undefined {
  const { view } = place;
  const malloc = around(place, MALLOC) ?? around(place, VULKAN);
  if (malloc !== undefined) {
    const framework = malloc[0].includes("ggml_vulkan") ? "llama.cpp-vulkan" : "llama.cpp";
    return withBuffer(new Draft(view, framework, malloc));
  }
  for (const [pattern, framework] of ALONE) {
    const match = around(place, pattern);
    if (match === undefined) continue;
    const draft = withBuffer(new Draft(view, framework, match));
    if (ON_HOST.includes(pattern) || /systemmemory/.test(match[0])) draft.details.onHost = true;
    return draft;
  }
  const buffer = around(place, BUFFER);
  if (buffer !== undefined) {
    const draft = new Draft(view, `llama.cpp${SUFFIXES[buffer.groups?._backend ?? ""] ?? ""}`, buffer);
    takeSize(draft, buffer);
    if (/^(?:CPU|BLAS)$/.test(buffer.groups?._backend ?? "") || /_Hostbuffer/.test(buffer[0]))
      draft.details.onHost = true;
    return draft;
  }
  const pinned = around(place, PINNED);
  if (pinned !== undefined) return warning(new Draft(view, "llama.cpp", pinned));
  const queue = around(place, METAL_QUEUE);
  if (queue !== undefined) {
    const isOurs = /ggml_metal/.test(view.text.slice(Math.max(0, queue.index - 400), queue.index));
    return new Draft(view, isOurs ? "llama.cpp-metal" : "pytorch-mps", queue);
  }
  const call = around(place, CUDA_CALL, 200);
  const isOurs = call !== undefined && /ggml/.test(call[0]);
  return isOurs ? new Draft(view, "llama.cpp", call) : undefined;
}

function warning(draft: Draft): Draft {
  draft.details.warningOnly = true;
  return draft;
}

/** The graph's allocator repeats the refused size in bytes on the next line. Both lines are one report. */
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

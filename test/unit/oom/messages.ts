import type { Figures } from "./support.js";
import { figures } from "./support.js";

/** A report as a framework would print it, with the record that a reader would write down. */
export interface Message {
  text: string;
  expected: Figures;
}

export type Random = () => number;

export function whole(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[whole(random, 0, from.length - 1)] as T;
}

interface Printed {
  text: string;
  bytes: number;
}

const POWERS: Record<string, number> = { KiB: 1, MiB: 2, GiB: 3, KB: 1, MB: 2, GB: 3 };

function printed(random: Random, places: number, units: readonly string[], gap: string): Printed {
  const unit = pick(random, units);
  const number = (random() * pick(random, [9, 99, 1023])).toFixed(places);
  return { text: `${number}${gap}${unit}`, bytes: Math.round(Number(number) * 1024 ** (POWERS[unit] ?? 0)) };
}

/** As PyTorch prints sizes; now and then nothing at all. */
function size(random: Random): Printed {
  return random() < 0.05 ? { text: "0 bytes", bytes: 0 } : printed(random, 2, ["KiB", "MiB", "GiB"], " ");
}

const bytes = (random: Random): number => whole(random, 1000, 9e11);

/** One generator for each grammar. */
export const MESSAGES: Record<string, (random: Random) => Message> = {
  "PyTorch 1.0": (random) => {
    const [asked, total, used, free, cached] = [size, size, size, size, size].map((make) => make(random)) as [
      Printed,
      Printed,
      Printed,
      Printed,
      Printed,
    ];
    const gpuIndex = whole(random, 0, 15);
    return {
      text: `RuntimeError: CUDA out of memory. Tried to allocate ${asked.text} (GPU ${gpuIndex}; ${total.text} total capacity; ${used.text} already allocated; ${free.text} free; ${cached.text} cached)`,
      expected: figures("pytorch", {
        requestedBytes: asked.bytes,
        gpuIndex,
        totalBytes: total.bytes,
        allocatedBytes: used.bytes,
        freeBytes: free.bytes,
        reservedBytes: cached.bytes,
        reservedKind: "cached_unused",
      }),
    };
  },
  "PyTorch 1.4": (random) => {
    const [asked, total, used, free, reserved] = Array.from({ length: 5 }, () => size(random)) as [
      Printed,
      Printed,
      Printed,
      Printed,
      Printed,
    ];
    const advice = pick(random, [
      "",
      " If reserved memory is >> allocated memory try setting max_split_size_mb to avoid fragmentation.  See documentation for Memory Management and PYTORCH_CUDA_ALLOC_CONF",
    ]);
    return {
      text: `torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate ${asked.text} (GPU 0; ${total.text} total capacity; ${used.text} already allocated; ${free.text} free; ${reserved.text} reserved in total by PyTorch)${advice}`,
      expected: figures("pytorch", {
        requestedBytes: asked.bytes,
        gpuIndex: 0,
        totalBytes: total.bytes,
        allocatedBytes: used.bytes,
        freeBytes: free.bytes,
        reservedBytes: reserved.bytes,
        reservedKind: "total",
      }),
    };
  },
  "PyTorch 2.1 and later": (random) => {
    const [asked, total, free, own, used, reserved] = Array.from({ length: 6 }, () => size(random)) as [
      Printed,
      Printed,
      Printed,
      Printed,
      Printed,
      Printed,
    ];
    const gpuIndex = whole(random, 0, 15);
    const [device, framework] = pick(random, [
      ["CUDA", "pytorch"],
      ["HIP", "pytorch-rocm"],
      ["XPU", "pytorch-xpu"],
    ] as const);
    const others = Array.from(
      { length: whole(random, 0, 2) },
      () => ` Process ${whole(random, 10, 99_999)} has ${size(random).text} memory in use.`,
    ).join("");
    const pools =
      random() < 0.5 ? ` with ${size(random).text} allocated in private pools (e.g., CUDA Graphs),` : "";
    return {
      text: `torch.OutOfMemoryError: ${device} out of memory. Tried to allocate ${asked.text}. GPU ${gpuIndex} has a total ${pick(random, ["capacty", "capacity"])} of ${total.text} of which ${free.text} is free.${others} Including non-PyTorch memory, this process has ${own.text} memory in use. Of the allocated memory ${used.text} is allocated by PyTorch,${pools} and ${reserved.text} is reserved by PyTorch but unallocated. If reserved but unallocated memory is large try setting PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True to avoid fragmentation.`,
      expected: figures(framework, {
        requestedBytes: asked.bytes,
        gpuIndex,
        totalBytes: total.bytes,
        freeBytes: free.bytes,
        processInUseBytes: own.bytes,
        processScope: "this",
        allocatedBytes: used.bytes,
        reservedBytes: reserved.bytes,
        reservedKind: "unallocated",
      }),
    };
  },
  cudaMallocAsync: (random) => {
    const [used, asked, total, free] = Array.from({ length: 4 }, () => size(random)) as [
      Printed,
      Printed,
      Printed,
      Printed,
    ];
    return {
      text: `torch.cuda.OutOfMemoryError: Allocation on device 3 would exceed allowed memory. (out of memory)\nCurrently allocated     : ${used.text}\nRequested               : ${asked.text}\nDevice limit            : ${total.text}\nFree (according to CUDA): ${free.text}\nPyTorch limit (set by user-supplied memory fraction)\n                        : 17179869184.00 GiB`,
      expected: figures("pytorch-cudaMallocAsync", {
        requestedBytes: asked.bytes,
        gpuIndex: 3,
        totalBytes: total.bytes,
        freeBytes: free.bytes,
        allocatedBytes: used.bytes,
      }),
    };
  },
  MPS: (random) => {
    const unit = pick(random, [
      ["MB", "GB"],
      ["MiB", "GiB"],
    ]);
    const [used, other, most, asked] = Array.from({ length: 4 }, () => printed(random, 2, unit, " ")) as [
      Printed,
      Printed,
      Printed,
      Printed,
    ];
    return {
      text: `RuntimeError: MPS backend out of memory (MPS allocated: ${used.text}, other allocations: ${other.text}, max allowed: ${most.text}). Tried to allocate ${asked.text} on private pool. Use PYTORCH_MPS_HIGH_WATERMARK_RATIO=0.0 to disable upper limit for memory allocations (may cause system failure).`,
      expected: figures("pytorch-mps", { requestedBytes: asked.bytes, allocatedBytes: used.bytes }),
    };
  },
  "PyTorch on the host": (random) => {
    const requestedBytes = bytes(random);
    return {
      text: `RuntimeError: [enforce fail at alloc_cpu.cpp:${whole(random, 60, 120)}] . DefaultCPUAllocator: can't allocate memory: you tried to allocate ${requestedBytes} bytes. Error code 12 (Cannot allocate memory)`,
      expected: figures("pytorch-cpu", { requestedBytes }),
    };
  },
  "TensorFlow's tensors": (random) => {
    const gpuIndex = whole(random, 0, 7);
    const shape = Array.from({ length: whole(random, 1, 5) }, () => whole(random, 1, 5000)).join(",");
    return {
      text: `ResourceExhaustedError: OOM when allocating tensor with shape[${shape}] and type ${pick(random, ["float", "half", "int64"])} on /job:localhost/replica:0/task:0/device:GPU:${gpuIndex} by allocator GPU_${gpuIndex}_bfc [Op:MatMul]`,
      expected: figures("tensorflow", { gpuIndex }),
    };
  },
  "TensorFlow's allocator": (random) => {
    const asked = printed(random, 2, ["KiB", "MiB", "GiB"], "");
    return {
      text: `2021-11-16 11:33:53.139338: W tensorflow/core/common_runtime/bfc_allocator.cc:272] Allocator (GPU_1_bfc) ran out of memory trying to allocate ${asked.text} with freed_by_count=0.`,
      expected: figures("tensorflow", { requestedBytes: asked.bytes, gpuIndex: 1 }),
    };
  },
  JAX: (random) => {
    const requestedBytes = bytes(random);
    return {
      text: `jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate ${requestedBytes} bytes.`,
      expected: figures("jax", { requestedBytes }),
    };
  },
  "llama.cpp": (random) => {
    const requestedBytes = bytes(random);
    const gpuIndex = whole(random, 0, 7);
    return {
      text: `ggml_backend_cuda_buffer_type_alloc_buffer: allocating ${(requestedBytes / 2 ** 20).toFixed(2)} MiB on device ${gpuIndex}: cudaMalloc failed: out of memory\nalloc_tensor_range: failed to allocate CUDA${gpuIndex} buffer of size ${requestedBytes}\nllama_model_load: error loading model: unable to allocate CUDA${gpuIndex} buffer`,
      expected: figures("llama.cpp", { requestedBytes, gpuIndex }),
    };
  },
  CuPy: (random) => {
    const [requestedBytes, allocatedBytes] = [bytes(random), bytes(random)];
    const text = (value: number): string => value.toLocaleString("en-US");
    return {
      text: `cupy.cuda.memory.OutOfMemoryError: Out of memory allocating ${text(requestedBytes)} bytes (allocated so far: ${text(allocatedBytes)} bytes).`,
      expected: figures("cupy", { requestedBytes, allocatedBytes }),
    };
  },
  "ONNX Runtime": (random) => {
    const [freeBytes, requestedBytes] = [bytes(random), bytes(random)];
    return {
      text: `2024-12-16 16:48:18.323840 [E:onnxruntime:, sequential_executor.cc:516 ExecuteKernel] Non-zero status code returned while running Conv node. Status Message: bfc_arena.cc:376 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool) Available memory of ${freeBytes} is smaller than requested bytes of ${requestedBytes}`,
      expected: figures("onnxruntime", { freeBytes, requestedBytes }),
    };
  },
  Paddle: (random) => {
    const [asked, used, free] = Array.from({ length: 3 }, () =>
      printed(random, 6, ["KB", "MB", "GB"], ""),
    ) as [Printed, Printed, Printed];
    return {
      text: `ResourceExhaustedError: \n\nOut of memory error on GPU 2. Cannot allocate ${asked.text} memory on GPU 2, ${used.text} memory has been allocated and available memory is only ${free.text}.\n\nPlease check whether there is any other process using GPU 2.`,
      expected: figures("paddle", {
        line: 3,
        requestedBytes: asked.bytes,
        gpuIndex: 2,
        freeBytes: free.bytes,
        allocatedBytes: used.bytes,
      }),
    };
  },
  Node: (random) => {
    const megabytes = (): string => (random() * 8000).toFixed(1);
    const [used, committed] = [megabytes(), megabytes()];
    const line = (before: string): string =>
      `[${whole(random, 10, 99_999)}:0x55707eb70720]   114119 ms: Mark-Compact ${megabytes()} (${megabytes()}) -> ${before} MB, 14.78 / 0.00 ms  (average mu = 0.600, current mu = 0.590) allocation failure; scavenge might not succeed`;
    return {
      text: `<--- Last few GCs --->\n\n${line(`${megabytes()} (${megabytes()})`)}\n${line(`${used} (${committed})`)}\n\n\n<--- JS stacktrace --->\n\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory`,
      expected: figures("nodejs", {
        allocatedBytes: Math.round(Number(used) * 2 ** 20),
        reservedBytes: Math.round(Number(committed) * 2 ** 20),
        reservedKind: "v8_committed",
      }),
    };
  },
  "the kernel": (random) => {
    const parts = Array.from({ length: 3 }, () => whole(random, 0, 9_999_999));
    const [anonymous = 0, file = 0, shared = 0] = parts;
    return {
      text: `Memory cgroup out of memory: Killed process ${whole(random, 2, 99_999)} (python3) total-vm:${whole(random, 1, 99_999_999)}kB, anon-rss:${anonymous}kB, file-rss:${file}kB, shmem-rss:${shared}kB, UID:0 pgtables:60kB oom_score_adj:0`,
      expected: figures("linux-kernel", {
        processInUseBytes: (anonymous + file + shared) * 1024,
        processScope: "killed_rss_sum",
      }),
    };
  },
  "the JVM": (random) => {
    const requestedBytes = bytes(random);
    return {
      text: `OpenJDK 64-Bit Server VM warning: INFO: os::commit_memory(0x00000000c5330000, ${requestedBytes}, 0) failed; error='Cannot allocate memory' (errno=12)`,
      expected: figures("jvm", { requestedBytes }),
    };
  },
  NumPy: (random) => {
    const number = pick(random, [
      random().toFixed(3),
      (1 + random() * 8).toFixed(2),
      (10 + random() * 80).toFixed(1),
    ]);
    return {
      text: `numpy.core._exceptions._ArrayMemoryError: Unable to allocate ${number} GiB for an array with shape (${whole(random, 1, 99_999)}, ${whole(random, 1, 99_999)}) and data type float64`,
      expected: figures("numpy", { requestedBytes: Math.round(Number(number) * 2 ** 30) }),
    };
  },
  vLLM: (random) => {
    const [asked, free] = [printed(random, 2, ["GiB"], " "), printed(random, 2, ["GiB"], " ")];
    return {
      text: `ValueError: To serve at least one request with the models's max seq len (${whole(random, 1000, 999_999)}), (${asked.text} KV cache is needed, which is larger than the available KV cache memory (${free.text}). Try increasing \`gpu_memory_utilization\` or decreasing \`max_model_len\` when initializing the engine.`,
      expected: figures("vllm", { requestedBytes: asked.bytes, freeBytes: free.bytes }),
    };
  },
};

import { describe, expect, test } from "vitest";
import { GIB, MIB, figures, figuresOf, recordOf, recordsOf } from "../support.js";

describe("TensorFlow", () => {
  test("a tensor's shape and type give its bytes, the text gives none", async () => {
    const record = await recordOf(
      "ResourceExhaustedError: OOM when allocating tensor with shape[10,20,30] and type half on /job:localhost/replica:0/task:0/device:GPU:2 by allocator GPU_2_bfc [Op:Conv2D]",
    );
    expect(figuresOf(record)).toEqual(figures("tensorflow", { gpuIndex: 2 }));
    expect(record.details).toEqual({
      tensorShape: [10, 20, 30],
      tensorDtype: "half",
      derivedRequestedBytes: 12_000,
    });
  });

  test("the device may stand in the node alone", async () => {
    const record = await recordOf(
      'ResourceExhaustedError: OOM when allocating tensor of shape [100,8] and type float\n\t [[Node: a/b = Const[dtype=DT_FLOAT, _device="/job:localhost/replica:0/task:0/device:GPU:3"]()]]',
    );
    expect(record).toMatchObject({ gpuIndex: 3, details: { derivedRequestedBytes: 3200 } });
  });

  test("a tensor on the CPU has no GPU", async () => {
    const record = await recordOf(
      "OOM when allocating tensor with shape[100,100] and type double on /job:localhost/replica:0/task:0/device:CPU:0 by allocator cpu",
    );
    expect(record).toMatchObject({ gpuIndex: null, details: { derivedRequestedBytes: 80_000 } });
  });

  const log = "2020-02-01 10:00:00.000000: W tensorflow/core/common_runtime/bfc_allocator.cc:419] ";

  test("the rounded size is closer than the printed one", async () => {
    const record = await recordOf(
      `${log}Allocator (GPU_1_bfc) ran out of memory trying to allocate 1.00KiB (rounded to 1280).  Current allocation summary follows.`,
    );
    expect(figuresOf(record)).toEqual(figures("tensorflow", { requestedBytes: 1280, gpuIndex: 1 }));
    expect(record.ranges.requestedBytes).toEqual([1025, 1280]);
  });

  test("the allocator's statistics tell what is in use", async () => {
    const record = await recordOf(
      `${log}Allocator (GPU_0_bfc) ran out of memory trying to allocate 3.00GiB (rounded to 3221225472)\n${log}Bin (256): Total Chunks: 1\n${log}Stats: \nLimit:   8000000000\nInUse:   6000000000\nMaxInUse: 6500000000\nNumAllocs: 50\n`,
    );
    expect(record.allocatedBytes).toBe(6_000_000_000);
  });

  test("a warning says that nothing failed", async () => {
    const record = await recordOf(
      `${log}Allocator (GPU_0_bfc) ran out of memory trying to allocate 2.50GiB with freed_by_count=0. The caller indicates that this is not a failure, but may mean that there could be performance gains if more memory were available.`,
    );
    expect(record).toMatchObject({ requestedBytes: 2.5 * GIB, details: { warningOnly: true } });
  });

  test("each refusal of the driver is a report", async () => {
    const line = (human: string, bytes: number): string =>
      `2019-07-21 23:26:35.082216: E tensorflow/stream_executor/cuda/cuda_driver.cc:828] failed to allocate ${human} (${bytes} bytes) from device: CUDA_ERROR_OUT_OF_MEMORY: out of memory`;
    const records = await recordsOf(`${line("200.00M", 209_715_200)}\n${line("180.00M", 188_743_680)}\n`);
    expect(records.map(({ line: at, requestedBytes }) => [at, requestedBytes])).toEqual([
      [1, 209_715_200],
      [2, 188_743_680],
    ]);
  });

  test("a refusal of pinned memory takes two lines and is one report", async () => {
    const record = await recordOf(
      "2022-06-19 16:51:08.394675: E external/org_tensorflow/tensorflow/stream_executor/cuda/cuda_driver.cc:802] failed to alloc 1048576 bytes on host: CUDA_ERROR_OUT_OF_MEMORY: out of memory\n2022-06-19 16:51:08.394712: W external/org_tensorflow/tensorflow/core/common_runtime/device/device_host_allocator.h:46] could not allocate pinned host memory of size: 1048576",
    );
    expect(figuresOf(record)).toEqual(figures("jax", { requestedBytes: MIB }));
  });
});

describe("JAX and XLA", () => {
  test.each([
    ["XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 5368709120 bytes.", {}],
    ["RuntimeError: Resource exhausted: Out \nof memory while trying to allocate 5.00GiB.", {}],
    ["RuntimeError: RESOURCE_EXHAUSTED: Out of memory allocating 5368709120 bytes.", {}],
    [
      "RESOURCE_EXHAUSTED: Failed to allocate request for 5.00GiB (5368709120B) on device ordinal 3",
      { gpuIndex: 3 },
    ],
    [
      "RESOURCE_EXHAUSTED: Attempting to allocate 5.00G. That was not possible. There are 4.00G free.",
      { freeBytes: 4 * GIB },
    ],
  ])("%s", async (text, more) => {
    expect(figuresOf(await recordOf(text))).toEqual(figures("jax", { requestedBytes: 5 * GIB, ...more }));
  });

  test("plans of buffers are no figures of the card", async () => {
    const record = await recordOf(
      "XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 1024 bytes.\nBufferAssignment OOM Debugging.\nBufferAssignment stats:\n             parameter allocation:  372.76MiB\n                 total allocation:   14.44GiB",
    );
    expect(figuresOf(record)).toEqual(figures("jax", { requestedBytes: 1024 }));
  });

  test("a program that is larger than a TPU's memory", async () => {
    const record = await recordOf(
      "RESOURCE_EXHAUSTED: XLA:TPU compile permanent error. Ran out of memory in memory space hbm. Used 24.00G of 16.00G hbm. Exceeded hbm capacity by 8.00G.",
    );
    expect(figuresOf(record)).toEqual(figures("jax", { totalBytes: 16 * GIB }));
    expect(record.details.programBytes).toBe(24 * GIB);
  });

  test("cuMemAllocAsync tells what is free and, in its statistics, what is in use", async () => {
    const record = await recordOf(
      "E1103 18:23:55.103160 77 gpu_cudamallocasync_allocator.cc:361] gpu_async_2 cuMemAllocAsync failed to allocate 9000000000 bytes: RESOURCE_EXHAUSTED: : CUDA_ERROR_OUT_OF_MEMORY: out of memory\n Reported by CUDA: Free memory/Total memory: 1000000000/16000000000\nE1103 18:23:55.103186 77 gpu_cudamallocasync_allocator.cc:366] Stats: Limit:         0\nInUse:    14000000000\nMaxInUse:   14500000000\nNumAllocs:      21\nMaxAllocSize:  3000\nReserved:     5\nPeakReserved:   6\nLargestFreeBlock:  0",
    );
    expect(figuresOf(record)).toEqual(
      figures("jax", {
        requestedBytes: 9_000_000_000,
        gpuIndex: 2,
        totalBytes: 16_000_000_000,
        freeBytes: 1_000_000_000,
        allocatedBytes: 14_000_000_000,
        reservedBytes: 5,
        reservedKind: "allocator_stat",
      }),
    );
  });
});

describe("llama.cpp", () => {
  test("three lines of one refusal are one report with the exact size", async () => {
    const record = await recordOf(
      "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 1000.00 MiB on device 1: cudaMalloc failed: out of memory\nggml_gallocr_reserve_n: failed to allocate CUDA1 buffer of size 1048576123\nllama_new_context_with_model: failed to allocate compute buffers",
    );
    expect(figuresOf(record)).toEqual(figures("llama.cpp", { requestedBytes: 1_048_576_123, gpuIndex: 1 }));
    expect(record.ranges.requestedBytes).toEqual([1_048_576_123, 1_048_576_123]);
  });

  test("refusals of different sizes are reports of their own", async () => {
    const records = await recordsOf(
      "alloc_tensor_range: failed to allocate CUDA0 buffer of size 111111111\nalloc_tensor_range: failed to allocate CUDA1 buffer of size 222222222\n",
    );
    expect(records.map(({ gpuIndex }) => gpuIndex)).toEqual([0, 1]);
  });

  test.each([
    [
      "ggml_vulkan: Device memory allocation of size 118497280 failed.\nggml_vulkan: vk::Device::allocateMemory: ErrorOutOfDeviceMemory",
      figures("llama.cpp-vulkan", { requestedBytes: 118_497_280 }),
    ],
    [
      "ggml_vulkan: Requested buffer size exceeds device buffer size limit: ErrorOutOfDeviceMemory\nggml_gallocr_reserve_n_impl: failed to allocate Vulkan0 buffer of size 8753520640",
      figures("llama.cpp-vulkan", { requestedBytes: 8_753_520_640, gpuIndex: 0 }),
    ],
    [
      "ggml_gallocr_reserve_n: failed to allocate Metal buffer of size 8891928576",
      figures("llama.cpp-metal", { requestedBytes: 8_891_928_576 }),
    ],
    [
      "ggml_backend_metal_buffer_type_alloc_buffer: error: failed to allocate buffer, size =  6000.00 MiB",
      figures("llama.cpp-metal", { requestedBytes: 6000 * MIB }),
    ],
    [
      "CUDA error: out of memory\n  current device: 2, in function ggml_cuda_device_malloc at ggml-cuda.cu:110",
      figures("llama.cpp", { gpuIndex: 2 }),
    ],
  ])("%s", async (text, expected) => {
    expect(figuresOf(await recordOf(text))).toEqual(expected);
  });
});

describe("CuPy", () => {
  test("before 7 the total is no memory of the card", async () => {
    const record = await recordOf(
      "cupy.cuda.memory.OutOfMemoryError: out of memory to allocate 2000 bytes (total 5000 bytes)",
    );
    expect(figuresOf(record)).toEqual(figures("cupy", { requestedBytes: 2000 }));
    expect(record.details).toEqual({ poolTotalBytes: 5000 });
  });

  test("from 7 it tells what is allocated and the limit", async () => {
    const record = await recordOf(
      "cupy.cuda.memory.OutOfMemoryError: Out of memory allocating 805,306,368 bytes (allocated so far: 536,870,912 bytes, limit set to: 1,073,741,824 bytes).",
    );
    expect(figuresOf(record)).toEqual(
      figures("cupy", { requestedBytes: 768 * MIB, allocatedBytes: 512 * MIB }),
    );
    expect(record.details).toEqual({ limitBytes: GIB });
  });
});

test.each([
  ["Failed to allocate memory for requested buffer of size 285081600", { requestedBytes: 285_081_600 }],
  [
    "Available memory of 512 is smaller than requested bytes of 2048",
    { requestedBytes: 2048, freeBytes: 512 },
  ],
])("ONNX Runtime: %s", async (words, expected) => {
  const text = `2024-12-16 16:48:18.323840 [E:onnxruntime:, sequential_executor.cc:516 ExecuteKernel] Non-zero status code returned while running Conv node. Name:'c' Status Message: /x/bfc_arena.cc:376 onnxruntime::BFCArena::AllocateRawInternal ${words}`;
  expect(figuresOf(await recordOf(text))).toEqual(figures("onnxruntime", expected));
});

test.each([
  [
    "Out of memory error on GPU 1. Cannot allocate 1.500000GB memory on GPU 1, available memory is only 128.000000MB.",
    { requestedBytes: 1.5 * GIB, gpuIndex: 1, freeBytes: 128 * MIB },
  ],
  [
    "Out of memory error on GPU 0. Cannot allocate 64.000000MB GPU memory, available memory is 32.000000MB.",
    { requestedBytes: 64 * MIB, gpuIndex: 0, freeBytes: 32 * MIB },
  ],
  [
    "Out of memory error on GPU 0. Cannot allocate 64.000000MB memory on GPU 0, 6.000000GB memory has been allocated and available memory is only 0.000000B.",
    { requestedBytes: 64 * MIB, gpuIndex: 0, freeBytes: 0, allocatedBytes: 6 * GIB },
  ],
])("Paddle: %s", async (text, expected) => {
  expect(figuresOf(await recordOf(text))).toEqual(figures("paddle", expected));
});

describe("vLLM", () => {
  test("a cache that one request does not fit into", async () => {
    const record = await recordOf(
      "(EngineCore_DP0 pid=1) ValueError: To serve at least one request with the models's max seq len (65536), (6.00 GiB KV cache is needed, which is larger than the available KV cache memory (2.50 GiB). Based on the available memory, the estimated maximum model length is 27306. Try increasing `gpu_memory_utilization` or decreasing `max_model_len` when initializing the engine.",
    );
    expect(figuresOf(record)).toEqual(figures("vllm", { requestedBytes: 6 * GIB, freeBytes: 2.5 * GIB }));
    expect(record.details).toEqual({ neededTokens: 65_536, estimatedMaxTokens: 27_306 });
  });

  test("a cache in tokens states no bytes", async () => {
    const record = await recordOf(
      "ValueError: The model's max seq len (32768) is larger than the maximum number of tokens that can be stored in KV cache (7344). Try increasing `gpu_memory_utilization`",
    );
    expect(figuresOf(record)).toEqual(figures("vllm", {}));
    expect(record.details).toEqual({ neededTokens: 32_768, cacheTokens: 7344 });
  });

  test("a card that is in use", async () => {
    const record = await recordOf(
      "ValueError: Free memory on device (10.50/24.00 GiB) on startup is less than desired GPU memory utilization (0.9, 21.60 GiB).",
    );
    expect(figuresOf(record)).toEqual(
      figures("vllm", { requestedBytes: 23_192_823_398, totalBytes: 24 * GIB, freeBytes: 10.5 * GIB }),
    );
  });

  test("no room for any cache", async () => {
    const text =
      "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`";
    expect(figuresOf(await recordOf(text))).toEqual(figures("vllm", {}));
  });
});

describe("Python", () => {
  test("NumPy's shape gives what its three digits hide", async () => {
    const record = await recordOf(
      "numpy.core._exceptions._ArrayMemoryError: Unable to allocate 14.9 GiB for an array with shape (200000, 10000) and data type float64",
    );
    expect(figuresOf(record)).toEqual(figures("numpy", { requestedBytes: 15_998_753_178 }));
    expect(record.details.derivedRequestedBytes).toBe(16_000_000_000);
  });

  test("a line of its own ends a traceback", async () => {
    const record = await recordOf(
      'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nMemoryError\n',
    );
    expect(figuresOf(record)).toEqual(figures("python", { line: 3 }));
  });

  test("a class in code is no report", async () => {
    expect(await recordsOf("try:\n    run()\nexcept MemoryError:\n    raise\n")).toEqual([]);
  });
});

import { describe, expect, test } from "vitest";
import type { Figures } from "../support.js";
import { GIB, KIB, MIB, figures, figuresOf, recordOf } from "../support.js";

/** Forms that frameworks print besides the usual ones, with the record that a reader would write down. */
const FORMS: Record<string, [text: string, framework: string, figures: Partial<Figures>][]> = {
  PyTorch: [
    [
      "torch.OutOfMemoryError: XPU out of memory. Tried to allocate 6.00 GiB. GPU 1 has a total capacity of 12.00 GiB. Of the allocated memory 8.50 GiB is allocated by PyTorch, and 128.00 MiB is reserved by PyTorch but unallocated. Please use `empty_cache` to release all unoccupied cached memory.",
      "pytorch-xpu",
      {
        requestedBytes: 6 * GIB,
        gpuIndex: 1,
        totalBytes: 12 * GIB,
        allocatedBytes: 8.5 * GIB,
        reservedBytes: 128 * MIB,
        reservedKind: "unallocated",
      },
    ],
    [
      "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB (GPU 0; 4.00 GiB total capacity; 2.50 GiB already allocated; 0 bytes free; 2.75 GiB reserved in total by PyTorch)",
      "pytorch",
      {
        requestedBytes: 20 * MIB,
        gpuIndex: 0,
        totalBytes: 4 * GIB,
        allocatedBytes: 2.5 * GIB,
        freeBytes: 0,
        reservedBytes: 2.75 * GIB,
        reservedKind: "total",
      },
    ],
    [
      "RuntimeError: MPS backend out of memory (MPS allocated: 6.25 GiB, other allocations: 384.00 KiB, max allowed: 9.07 GiB). Tried to allocate 4.00 GiB on shared pool. Use PYTORCH_MPS_HIGH_WATERMARK_RATIO=0.0 to disable upper limit for memory allocations (may cause system failure).",
      "pytorch-mps",
      { requestedBytes: 4 * GIB, allocatedBytes: 6.25 * GIB },
    ],
    [
      "[rank1]: RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
      "pytorch",
      {},
    ],
    ["RuntimeError: cuDNN error: CUDNN_STATUS_ALLOC_FAILED", "pytorch", {}],
    [
      "RuntimeError: level_zero backend failed with error: 39 (UR_RESULT_ERROR_OUT_OF_DEVICE_MEMORY)",
      "pytorch-xpu",
      {},
    ],
    [
      "Error: command buffer exited with error status.\n\tInsufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)",
      "pytorch-mps",
      { line: 2 },
    ],
  ],
  vLLM: [
    [
      "ValueError: To serve at least one request with the model's max seq len (40960), (4.50 GiB KV cache is needed, which is larger than the available KV cache memory (0.75 GiB). Based on the available memory, the estimated maximum model length is 6816.",
      "vllm",
      { requestedBytes: 4.5 * GIB, freeBytes: 0.75 * GIB },
    ],
    [
      "RuntimeError: CUDA out of memory occurred when warming up sampler with 256 dummy requests. Please try lowering `max_num_seqs` or `gpu_memory_utilization` when initializing the engine.",
      "vllm",
      {},
    ],
    [
      "ValueError: Free memory on device cuda:2 (3.25/16.00 GiB) on startup is less than desired GPU memory utilization (0.5, 8.00 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.",
      "vllm",
      { gpuIndex: 2, requestedBytes: 8 * GIB, freeBytes: 3.25 * GIB, totalBytes: 16 * GIB },
    ],
  ],
  TensorFlow: [
    [
      "2023-05-05 10:00:00.000000: W tensorflow/core/framework/op_kernel.cc:1818] OP_REQUIRES failed at conv_ops.cc:698 : RESOURCE_EXHAUSTED: OOM when allocating tensor with shape[8,256,64,64] and type float on /job:localhost/replica:0/task:0/device:GPU:1 by allocator GPU_1_bfc",
      "tensorflow",
      { gpuIndex: 1 },
    ],
    [
      "2024-02-02 10:00:00.000000: E external/local_xla/xla/stream_executor/cuda/cuda_driver.cc:1580] failed to allocate 2.00GiB (2147483648 bytes) from device: RESOURCE_EXHAUSTED: : CUDA_ERROR_OUT_OF_MEMORY: out of memory",
      "tensorflow",
      { requestedBytes: 2 * GIB },
    ],
    [
      "2022-02-02 10:00:00.000000: E tensorflow/core/common_runtime/gpu/gpu_cudamallocasync_allocator.cc:288] gpu_async_3 cuMemAllocAsync failed to allocate 1048576 bytes: CUDA error: out of memory (CUDA_ERROR_OUT_OF_MEMORY)\n Reported by CUDA: Free memory/Total memory: 524288/8589934592",
      "tensorflow",
      { gpuIndex: 3, requestedBytes: MIB, freeBytes: 512 * KIB, totalBytes: 8 * GIB },
    ],
    [
      "2021-02-02 10:00:00.000000: E tensorflow/stream_executor/cuda/cuda_driver.cc:328] failed call to cuInit: CUDA_ERROR_OUT_OF_MEMORY: out of memory",
      "tensorflow",
      {},
    ],
    [
      "tensorflow.python.framework.errors_impl.InternalError: CUDA runtime implicit initialization on GPU:2 failed. Status: out of memory",
      "tensorflow",
      { gpuIndex: 2 },
    ],
    [
      "tensorflow.python.framework.errors_impl.ResourceExhaustedError: {{function_node __wrapped__AddV2_device_/job:localhost/replica:0/task:0/device:GPU:0}} failed to allocate memory [Op:AddV2]",
      "tensorflow",
      {},
    ],
  ],
  JAX: [
    [
      "jax.errors.JaxRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 4294967296 bytes.",
      "jax",
      { requestedBytes: 4 * GIB },
    ],
    [
      "2025-02-02 10:00:00.000000: W external/xla/xla/tsl/framework/bfc_allocator.cc:501] Allocator (GPU_0_bfc) ran out of memory trying to allocate 20.00GiB (rounded to 21474836480)requested by op ",
      "jax",
      { requestedBytes: 20 * GIB, gpuIndex: 0 },
    ],
    [
      "RESOURCE_EXHAUSTED: Error allocating device buffer: Attempting to allocate 32.00M. That was not possible. There are 24.50M free.; (0x0x0_HBM0)",
      "jax",
      { requestedBytes: 32 * MIB, freeBytes: 24.5 * MIB },
    ],
    [
      "RESOURCE_EXHAUSTED: Error loading program: Attempting to reserve 3.50G at the bottom of memory. That was not possible. There are 3.25G free, 0B reserved, and 3.25G reservable.",
      "jax",
      { requestedBytes: 3.5 * GIB, freeBytes: 3.25 * GIB },
    ],
    [
      "RESOURCE_EXHAUSTED: Allocation (size=34359738368) would exceed memory (size=17179869184) :: #allocation3",
      "jax",
      { requestedBytes: 32 * GIB, totalBytes: 16 * GIB },
    ],
  ],
  "llama.cpp": [
    [
      "CUDA error: out of memory\n  current device: 1, in function alloc at /src/ggml/src/ggml-cuda/ggml-cuda.cu:424\n  cuMemCreate(&handle, reserve_size, &prop, 0)",
      "llama.cpp",
      { gpuIndex: 1 },
    ],
    ["CUDA error 2 at ggml-cuda.cu:4856: out of memory", "llama.cpp", {}],
    [
      "alloc_tensor_range: failed to allocate ROCm1 buffer of size 3221225472",
      "llama.cpp",
      { requestedBytes: 3 * GIB, gpuIndex: 1 },
    ],
    [
      "alloc_tensor_range: failed to allocate CUDA_Host buffer of size 524288000",
      "llama.cpp",
      { requestedBytes: 500 * MIB },
    ],
    [
      "alloc_tensor_range: failed to allocate RPC[10.0.0.4:50052] buffer of size 524288000",
      "llama.cpp",
      { requestedBytes: 500 * MIB },
    ],
    [
      "ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 20401094656\nalloc_tensor_range: failed to allocate CPU buffer of size 20401094656",
      "llama.cpp",
      { requestedBytes: 20_401_094_656 },
    ],
    [
      "ggml_aligned_malloc: insufficient memory (attempted to allocate 1536.00 MB)",
      "llama.cpp",
      { requestedBytes: 1536 * MIB },
    ],
    [
      "ggml_backend_sycl_buffer_type_alloc_buffer: can't allocate 4294967296 Bytes of memory on device",
      "llama.cpp-sycl",
      { requestedBytes: 4 * GIB },
    ],
    [
      "ggml_metal_graph_compute: command buffer 0 failed with status 5\nerror: Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)",
      "llama.cpp-metal",
      { line: 2 },
    ],
    ["Error: llama runner process has terminated: cudaMalloc failed: out of memory", "ollama", {}],
    [
      "Error: model requires more system memory (6.50 GiB) than is available (3.25 GiB)",
      "ollama",
      { requestedBytes: 6.5 * GIB, freeBytes: 3.25 * GIB },
    ],
  ],
  CuPy: [
    ["cupy_backends.cuda.api.runtime.CUDARuntimeError: cudaErrorMemoryAllocation: out of memory", "cupy", {}],
  ],
  "ONNX Runtime": [
    [
      "2025-01-01 10:00:00.000000000 [E:onnxruntime:Default, cuda_call.cc:118 CudaCall] CUDA failure 2: out of memory ; GPU=1 ; hostname=box ; file=/x/cuda_allocator.cc ; line=44 ; expr=cudaMalloc((void**)&p, size);",
      "onnxruntime",
      { gpuIndex: 1 },
    ],
    [
      "2025-01-01 10:00:00.000000000 [E:onnxruntime:Default, tensorrt_execution_provider.h:84 log] [2025-01-01 10:00:00 ERROR] [virtualMemoryBuffer.cpp::resizePhysical::140] Error Code 2: OutOfMemory (Requested amount of GPU memory (1073741824 bytes) could not be allocated. There may not be enough free memory for allocation to succeed.)",
      "onnxruntime",
      { requestedBytes: GIB },
    ],
    [
      "onnxruntime.capi.onnxruntime_pybind11_state.RuntimeException: [ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Exception during initialization: bad allocation",
      "onnxruntime",
      {},
    ],
    ["[ONNXRuntimeError] : 1 : FAIL : std::bad_alloc", "onnxruntime", {}],
  ],
  Paddle: [
    [
      "Out of memory error on XPU 3. Cannot allocate 2.000000GB memory on XPU 3, available memory is only 512.000000MB.",
      "paddle",
      { gpuIndex: 3, requestedBytes: 2 * GIB, freeBytes: 512 * MIB },
    ],
    [
      "ResourceExhaustedError: Fail to alloc memory of 8589934592 size, error code is 12.",
      "paddle",
      { requestedBytes: 8 * GIB },
    ],
  ],
  Node: [
    [
      "<--- Last few GCs --->\n\n[9:0x7a00]    60000 ms: Scavenge (interleaved) 2000.5 (2050.0) -> 1999.0 (2060.0) MB, pooled: 0.0 MB, 3.1 / 0.0 ms  (average mu = 0.200, current mu = 0.100) allocation failure;\n\n\nFATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory\n----- Native stack trace -----\n",
      "nodejs",
      { allocatedBytes: 1999 * MIB, reservedBytes: 2060 * MIB, reservedKind: "v8_committed" },
    ],
    ["#\n# Fatal JavaScript out of memory: Reached heap limit\n#", "nodejs", { line: 2 }],
    [
      "Error [ERR_WORKER_OUT_OF_MEMORY]: Worker terminated due to reaching memory limit: JS heap out of memory",
      "nodejs",
      {},
    ],
    ["RangeError: Array buffer allocation failed\n    at new ArrayBuffer (<anonymous>)", "nodejs", {}],
  ],
  "the JVM": [
    ["java.lang.OutOfMemoryError: Required array length too large\n\tat a.B.c(B.java:1)", "jvm", {}],
    [
      "java.lang.OutOfMemoryError: Java heap space: failed reallocation of scalar replaced objects",
      "jvm",
      {},
    ],
    [
      "java.lang.OutOfMemoryError: the cache of pages is full\n\tat app.Cache.grow(Cache.java:77)\n\tat app.Main.main(Main.java:5)",
      "jvm",
      {},
    ],
    [
      "io.netty.util.internal.OutOfDirectMemoryError: failed to allocate 16777216 byte(s) of direct memory (used: 1056964615, max: 1073741824)",
      "jvm",
      { requestedBytes: 16 * MIB, allocatedBytes: 1_056_964_615 },
    ],
    [
      "java.lang.OutOfMemoryError: Failed to allocate a 104857612 byte allocation with 25165824 free bytes and 87MB until OOM, target footprint 201326592, growth limit 201326592",
      "jvm",
      { requestedBytes: 104_857_612, freeBytes: 24 * MIB },
    ],
    [
      "Error occurred during initialization of VM\nCould not reserve enough space for 2097152KB object heap",
      "jvm",
      { line: 2, requestedBytes: 2 * GIB },
    ],
  ],
  "Python and NumPy": [
    ["OSError: [Errno 12] Cannot allocate memory", "python", {}],
    ["MemoryError: std::bad_alloc: CUDA error at: /x/cuda_memory_resource.hpp", "rmm", {}],
    [
      "numpy.core._exceptions.MemoryError: Unable to allocate array with shape (50000, 50000) and data type float64",
      "numpy",
      {},
    ],
    [
      "MemoryError: Unable to allocate 1.00 GiB for an array with shape (134217728,) and data type datetime64[ns]",
      "numpy",
      { requestedBytes: GIB },
    ],
  ],
};

describe.each(Object.entries(FORMS))("%s", (_, forms) => {
  test.each(forms)("%s", async (text, framework, some) => {
    expect(figuresOf(await recordOf(text))).toEqual(figures(framework, some));
  });
});

test.each([
  ["float32", 4000],
  ["complex128", 16_000],
  ["bool", 1000],
  ["<U8", 32_000],
  ["|S8", 8000],
  ["object", undefined],
])("an array of 1000 %s has %s bytes by its shape", async (type, bytes) => {
  const { details } = await recordOf(
    `numpy.core._exceptions._ArrayMemoryError: Unable to allocate 3.91 KiB for an array with shape (1000,) and data type ${type}`,
  );
  expect(details.derivedRequestedBytes).toBe(bytes);
});

test("memory that could not be pinned is a warning", async () => {
  const record = await recordOf(
    "ggml_cuda_host_malloc: failed to allocate 512.00 MiB of pinned memory: out of memory",
  );
  expect(record).toMatchObject({
    framework: "llama.cpp",
    requestedBytes: 512 * MIB,
    details: { warningOnly: true },
  });
});

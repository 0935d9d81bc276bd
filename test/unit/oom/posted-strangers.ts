import type { Expected } from "./further-strangers.js";

/**
 * Reports as people posted them, some with the Markdown of their issue around them, shortened, with what an
 * expert expects of them.
 */
export const POSTED: [source: string, text: string, expected: Expected][] = [
  [
    "erfanzar/EasyDeL#78",
    '**To Reproduce**\nUse a TPU v2_8 with vm architecture\n\n```\nAction : Sharding Passed Parameters\nModel Contain  1.100048384  Billion Parameters\n  File "trainer.py", line 708, in train\n    sharded_state, loss, accuracy = self.sharded_train_step_fn(\njaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: XLA:TPU compile permanent error. Ran out of memory in memory space hbm. Used 21.90G of 7.48G hbm. Exceeded hbm capacity by 14.42G.\n```\n',
    { diagnosis: "card-full|never-fits", not: "host-memory", change: "batch|shard|remat" },
  ],
  [
    "tensorflow/tpu#385",
    "Status code: Resource exhausted [9x]\n  Compilation failure: Ran out of memory in memory space hbm. Used 8.38G of 8.00G hbm. Exceeded hbm capacity by 385.25M.\n",
    { diagnosis: "card-full|never-fits", not: "host-memory", change: "batch" },
  ],
  [
    "continuedev/continue#11478",
    '**Error Details**\n\nModel: Llama 3.1 8B\nProvider: ollama\nStatus Code: 500\n\n**Error Output**\n```\n"model requires more system memory (2.7 GiB) than is available (2.3 GiB)"\n```\n\n**Additional Context**\nPlease add any additional context about the error here\n',
    { framework: "ollama", diagnosis: "host-memory|never-fits", not: "card-full" },
  ],
  [
    "ggml-org/llama.cpp#29270",
    "At execution with gemma-4 E2B,  I get error:\n```\nggml_vulkan: Device memory allocation of size 369827840 failed.\nggml_vulkan: vk::Device::allocateMemory: ErrorOutOfDeviceMemory\n```\nThe system uses 6 GB total, and there are 10 GB free memory for the GPU.\n",
    { frameworks: "llama|ggml", figures: { requestedBytes: 369_827_840 }, diagnosis: "card-full" },
  ],
  [
    "Comfy-Org/ComfyUI#3967",
    '### Your question\n\nEvery time I click on Queue Prompt I get an error:\n\n### Logs\n\n```powershell\nError occurred when executing KSampler:\n\nCould not allocate tensor with 52428800 bytes. There is not enough GPU video memory available!\n\nFile "C:\\app\\execution.py", line 151, in recursive_execute\noutput_data, output_ui = get_output_data(obj, input_data_all)\n```\n',
    {
      figures: { requestedBytes: 52_428_800 },
      diagnosis: "card-full",
      not: "host-memory",
      change: "lowvram|smaller|tile|resolution|batch",
    },
  ],
  [
    "elastic/elasticsearch#48842",
    '`{"error":{"root_cause":[{"type":"circuit_breaking_exception","reason":"[parent] Data too large, data for [<http_request>] would be [14145003552/13.1gb], which is larger than the limit of [13915717632/12.9gb], real usage: [14145003552/13.1gb], new bytes reserved: [0/0b]","bytes_wanted":14145003552,"bytes_limit":13915717632,"durability":"PERMANENT"}]},"status":429}`\n',
    {
      framework: "elasticsearch",
      figures: { requestedBytes: null },
      details: { limitBytes: 13_915_717_632 },
      // More than the heap has: 1.5 times the limit of 12.96 GiB.
      first: "-Xmx20g",
    },
  ],
  [
    "elastic/elasticsearch#9290",
    "org.elasticsearch.ElasticsearchException: org.elasticsearch.common.breaker.CircuitBreakingException: Data too large, data for field [parent/child id cache] would be larger than limit of [10266083328/9.5gb]\n        at org.elasticsearch.index.fielddata.AbstractIndexFieldData.load(AbstractIndexFieldData.java:79)\n",
    { framework: "elasticsearch", details: { limitBytes: 10_266_083_328 } },
  ],
  [
    "denoland/deno#23698",
    "I can't use Deno, when I try to do it I receive:\n\n```\n$ deno\n\n\n#\n# Fatal process out of memory: Oilpan: CagedHeap reservation.\n#\n==== C stack trace ===============================\n\n    0x6a36669bfa3 <???> at /usr/local/bin/deno\n```\n",
    { diagnosis: "own-limit", change: "ulimit|virtual|address" },
  ],
  [
    "denoland/deno#26435",
    "I have the same issue running `deno task build`.\n\n```\n<--- Last few GCs --->\n\n[46963:0x150038000]    25002 ms: Mark-Compact 1379.7 (1406.0) -> 1376.2 (1408.0) MB, pooled: 0 MB, 142.46 / 0.00 ms  (average mu = 0.885, current mu = 0.665) allocation failure; scavenge might not succeed\n[46963:0x150038000]    25285 ms: Mark-Compact 1380.2 (1408.0) -> 1378.3 (1418.5) MB, pooled: 0 MB, 149.67 / 0.00 ms  (average mu = 0.766, current mu = 0.471) allocation failure; scavenge might not succeed\n\n\n<--- JS stacktrace --->\n\n\n\n#\n# Fatal JavaScript out of memory: Reached heap limit\n#\n==== C stack trace ===============================\n\n    0   deno      0x0000000101abfe78 v8::base::debug::StackTrace::StackTrace() + 24\n```\n",
    { framework: "nodejs", change: "max-old-space-size" },
  ],
  [
    "denoland/deno#11263",
    "#\n# Fatal javascript OOM in CALL_AND_RETRY_LAST\n#\n\n==== C stack trace ===============================\n",
    { framework: "nodejs", change: "max-old-space-size" },
  ],
  [
    "ml-explore/mlx#479",
    "On an 8GB machine produces this:\n\n```\nlibc++abi: terminating due to uncaught exception of type std::runtime_error: [METAL] Command buffer execution failed: Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)\n```\n",
    { diagnosis: "card-full|no-figures", change: "smaller|wired|batch|context|quanti" },
  ],
  [
    "safx/waifu2x-metal#3",
    '128\nFatal error: MetalExecutionError: Error Domain=MTLCommandBufferErrorDomain Code=8 "Insufficient Memory (IOAF code 8)" UserInfo={NSLocalizedDescription=Insufficient Memory (IOAF code 8)}: file waifu2x-metal/main.swift, line 261\nIllegal instruction: 4\n',
    { diagnosis: "card-full|no-figures" },
  ],
  [
    "oven-sh/bun#14309",
    "Bun v1.1.29 (6d43b366) Windows x64\nElapsed: 865561ms | User: 120265ms | Sys: 9921ms\nRSS: 1.24GB | Peak: 1.43GB | Commit: 19.48GB | Faults: 800852\n\npanic(main thread): attempt to unwrap error: OutOfMemory\nCrashed while parsing C:\\Users\\n\\next.js\noh no: Bun has crashed. This indicates a bug in Bun, not your code.\n",
    { diagnosis: "host-memory|no-figures" },
  ],
  [
    "oven-sh/bun#14100",
    "Bun v1.1.26 on windows x86_64 [RunAsNodeCommand]\n\nBun ran out of memory\n\n- `event_loop.zig:1595`: `enqueueTaskConcurrent`\n",
    { diagnosis: "host-memory|no-figures" },
  ],
  [
    "oven-sh/bun#18235",
    'Done in 918ms.\nStarted development server: http://localhost:3000\nerror: script "app" was terminated by signal SIGKILL (Forced quit)\n',
    { certainty: "likely", diagnosis: "killed", change: "dmesg|journalctl" },
  ],
  [
    "electron/electron#45201",
    '- 2024-12-23T07:47:54.519+05:30, application killed? : false\n- 2024-12-23T07:47:54.523+05:30,Renderer process oom - see https://www.electronjs.org/docs/tutorial/application-debugging for potential debugging information.\n- 2024-12-23T07:47:54.524+05:30,event details : "{\\"reason\\":\\"oom\\",\\"exitCode\\":-536870904}"\n',
    { frameworks: "chrom|electron|nodejs", change: "snapshot|max-old-space-size" },
  ],
  [
    "signalapp/Signal-Desktop#7189",
    "Render process is gone\n\nError: Reason: oom, Exit Code: -536870904\n    at App.<anonymous> ([REDACTED]\\app\\global_errors.js:94:7)\n    at App.emit (node:events:518:28)\n",
    { frameworks: "chrom|electron|nodejs" },
  ],
  [
    "keras-team/keras#13889",
    "2023-11-01 16:19:17.812101: E tensorflow/compiler/xla/stream_executor/rocm/rocm_driver.cc:606] failed to allocate 127.99TiB (140729850295296 bytes) from device: HIP_ERROR_OutOfMemory\n2023-11-01 16:19:17.812133: E tensorflow/compiler/xla/stream_executor/rocm/rocm_driver.cc:606] failed to allocate 115.19TiB (126656857505792 bytes) from device: HIP_ERROR_OutOfMemory\n2023-11-01 16:19:17.812140: E tensorflow/compiler/xla/stream_executor/rocm/rocm_driver.cc:606] failed to allocate 103.67TiB (113991166722048 bytes) from device: HIP_ERROR_OutOfMemory\n",
    { framework: "tensorflow", not: "absurd-request" },
  ],
  [
    "ROCm/TheRock#1054",
    "torch.OutOfMemoryError: HIP out of memory. Tried to allocate 16.00 GiB. GPU 0 has a total capacity of 15.24 GiB of which 15.09 GiB is free. Of the allocated memory 0 bytes is allocated by PyTorch, and 0 bytes is reserved by PyTorch but unallocated. If reserved but unallocated memory is large try setting PYTORCH_HIP_ALLOC_CONF=expandable_segments:True to avoid fragmentation.\n",
    { framework: "pytorch-rocm", diagnosis: "never-fits", not: "fragmentation", notFirst: "expandable" },
  ],
  [
    "JuliaGPU/AMDGPU.jl#591",
    "ERROR: HIPError(code hipErrorOutOfMemory, out of memory)\nStacktrace:\n [1] check\n",
    { not: "host-memory", change: "rocm-smi|AMDGPU|HIP|batch|smaller" },
  ],
  [
    "coiled/benchmarks#1488",
    "duckdb.duckdb.OutOfMemoryException: Out of Memory Error: Failed to allocate block of 2048 bytes (bad allocation)\n",
    { framework: "duckdb", figures: { requestedBytes: 2048 }, change: "memory_limit|threads" },
  ],
  [
    "pola-rs/polars#19194",
    "   Compiling polars-parquet v0.40.0\nrustc-LLVM ERROR: out of memory\nAllocation failed\nerror: could not compile `polars-core` (lib)\n",
    { diagnosis: "host-memory", change: "jobs|-j" },
  ],
  [
    "influxdata/influxdb#7791",
    "[tsm1] 2017/01/05 10:42:13 beginning full compaction of group 0, 9 TSM files\nfatal error: runtime: cannot allocate memory\n\nruntime stack:\nruntime.throw(0x1a2b3c, 0x1f)\n",
    { framework: "go", diagnosis: "host-memory|no-figures" },
  ],
  [
    "prometheus/prometheus#4392",
    'Jul 17 07:13:40 prom1 prometheus: level=error ts=2018-07-17T07:13:40.303624619Z caller=main.go:597 err="Opening storage failed open block /var/prometheus/data/01CJ8SPHD9FF28VHG7J5XQ2NVH: mmap files: mmap: cannot allocate memory"\n',
    { diagnosis: "host-memory", change: "max_map_count|ulimit|memory" },
  ],
  [
    "android/nowinandroid#741",
    "The Daemon will expire after the build after running out of JVM Metaspace.\nThe project memory settings are likely not configured or are configured to an insufficient value.\nThese settings can be adjusted by setting 'org.gradle.jvmargs' in 'gradle.properties'.\nThe currently configured max heap space is '4 GiB' and the configured max metaspace is '1 GiB'.\n",
    { change: "MaxMetaspaceSize|org.gradle.jvmargs" },
  ],
  [
    "actions/runner#2503",
    "* What went wrong:\nGradle build daemon disappeared unexpectedly (it may have been killed or may have crashed)\n",
    { certainty: "likely", change: "org.gradle.jvmargs|dmesg|Xmx" },
  ],
  [
    "ROCm/rocprofiler-systems#104",
    "HIP driver error 'hipErrorOutOfMemory' (2): out of memory; creating stream-ordered allocation\n",
    { framework: "hip", diagnosis: "card-full", change: "rocm-smi" },
  ],
  [
    "intel/compute-runtime#984",
    "zeMemAllocDevice returned ZE_RESULT_ERROR_OUT_OF_DEVICE_MEMORY\n",
    { framework: "level-zero", diagnosis: "card-full" },
  ],
  [
    "form of llama.cpp with SYCL",
    "level_zero backend failed with error: 39 (UR_RESULT_ERROR_OUT_OF_DEVICE_MEMORY)\nException caught at file:ggml-sycl.cpp, line:3164\n",
    { diagnosis: "card-full", not: "host-memory", change: "batch|context" },
  ],
  [
    "openvinotoolkit/openvino_notebooks#2763",
    "onednn_verbose,v1,primitive,error,ocl,errcode -6,CL_OUT_OF_HOST_MEMORY,src/gpu/intel/ocl/ocl_gpu_engine.cpp:261\n",
    { framework: "opencl", diagnosis: "host-memory", not: "card-full" },
  ],
  [
    "ddalcu/mlx-serve#321",
    "IOGPUMetalError\nExecution of the command buffer was aborted due to an error during execution. Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)\n",
    { diagnosis: "card-full|no-figures" },
  ],
  [
    "electron/electron#40426",
    "gone { reason: 'oom', exitCode: 5 }\n",
    { framework: "chromium", diagnosis: "heap-limit" },
  ],
  [
    "openvinotoolkit/openvino#28919",
    "onednn_verbose,v1,primitive,error,ocl,errcode -5,CL_OUT_OF_RESOURCES,src/gpu/intel/ocl/ocl_gpu_kernel.cpp:250\nRuntimeError: Exception from src/inference/src/cpp/infer_request.cpp:223:\n[GPU] CL_OUT_OF_RESOURCES exception.\n\tDue to a driver bug any subsequent OpenCL API call will cause application hang, so GPU plugin can't finish correctly.\n\tPlease try to update the driver or reduce memory consumption (use smaller batch size, less streams, lower precision, etc)to avoid CL_OUT_OF_RESOURCES exception\n",
    { certainty: "likely", not: "host-memory", change: "batch|precision|smaller" },
  ],
];

import { expect, test } from "vitest";
import type { ExplainedReport } from "../../../src/oom/explain.js";
import { explain } from "../../../src/oom/explain.js";
import type { Expected } from "./further-strangers.js";
import { FRESH } from "./fresh-strangers.js";
import { POSTED } from "./posted-strangers.js";
import { FURTHER } from "./further-strangers.js";
import { scanText } from "./support.js";

/** Reports that people posted, shortened and with other numbers, with what an expert expects of them. */
const REPORTS: [source: string, text: string, expected: Expected][] = [
  [
    "duckdb/duckdb#15687",
    "Out of Memory Error: failed to allocate data of size 128.0 MiB (402.5 MiB/476.8 MiB used)\n",
    {
      framework: "duckdb",
      figures: { requestedBytes: 134217728 },
      change: "memory_limit|threads|temp_directory",
    },
  ],
  [
    "dmlc/xgboost#8484",
    "xgboost.core.XGBoostError: [11:22:33] /workspace/src/common/device_helpers.cuh:414: Memory allocation error on worker 0: std::bad_alloc: cudaErrorMemoryAllocation: out of memory\n- Free memory: 7126464\n- Requested memory: 33554432\n\nStack trace:\n  [bt] (0) libxgboost.so(+0x30b2d9)\n",
    {
      framework: "xgboost",
      figures: { requestedBytes: 33554432, freeBytes: 7126464 },
      change: "max_bin|QuantileDMatrix|external memory|subsample",
    },
  ],
  [
    "benoitc/gunicorn#2419",
    "[2024-09-12 05:37:52 +0000] [18] [ERROR] Worker (pid:421) was sent SIGKILL! Perhaps out of memory?\n",
    { framework: "gunicorn", certainty: "likely", details: { pid: 421 }, change: "dmesg|workers" },
  ],
  [
    "NVIDIA/cudf#9232",
    "MemoryError: std::bad_alloc: RMM failure at:/opt/include/rmm/mr/device/pool_memory_resource.hpp:193: Maximum pool size exceeded\n",
    { framework: "rmm", not: "host-memory", change: "pool" },
  ],
  [
    "NVIDIA/cudf#6773",
    "MemoryError: std::bad_alloc: CUDA error at: ../include/rmm/mr/device/cuda_memory_resource.hpp:68: cudaErrorMemoryAllocation out of memory\n",
    { framework: "rmm", not: "host-memory" },
  ],
  [
    "hcengineering/platform#1445",
    "[circuit_breaking_exception] Reason: [parent] Data too large, data for [<http_request>] would be [1984585910/1.8gb], which is larger than the limit of [1960417689/1.8gb], real usage: [1984440720/1.8gb], new bytes reserved: [145190/141.7kb]\n",
    { framework: "elasticsearch", details: { limitBytes: 1960417689 }, change: "Xmx|heap|breaker" },
  ],
  [
    "kubernetes/kubernetes#112927",
    "Message:        The node was low on resource: memory. Container citadel was using 43536Ki, which exceeds its request of 0.\n",
    { framework: "kubernetes", figures: { processInUseBytes: 44580864 }, change: "requests" },
  ],
  [
    "marbl/canu#530",
    "=>> PBS: job killed: mem 38427376kb exceeded limit 33554432kb\n",
    {
      framework: "pbs",
      figures: { processInUseBytes: 39349633024 },
      details: { limitBytes: 34359738368 },
      diagnosis: "group-limit",
      change: "mem=",
    },
  ],
  [
    "wheaton5/souporcell#20",
    "TERM_MEMLIMIT: job killed after reaching LSF memory usage limit.\nExited with exit code 143.\n",
    { framework: "lsf", diagnosis: "group-limit", change: "-M" },
  ],
  [
    "denho/faved#4",
    "PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 81513688 bytes) in /var/www/html/a.php on line 46\n",
    {
      framework: "php",
      figures: { requestedBytes: 81513688 },
      details: { limitBytes: 134217728 },
      change: "memory_limit",
    },
  ],
  [
    "ynshung/blender-colab#5",
    "System is out of GPU and shared host memory\n",
    { framework: "blender", change: "texture|tile|simplify" },
  ],
  [
    "prophesier/diff-svc#24",
    'OSError: [WinError 1455] The paging file is too small for this operation to complete. Error loading "C:\\\\x\\\\cudnn64_8.dll" or one of its dependencies.\n',
    { diagnosis: "host-memory|commit", change: "page file|paging file" },
  ],
  [
    "VectorSpaceLab/OmniGen#181",
    "OSError: The paging file is too small for this operation to complete. (os error 1455)\n",
    { change: "page file|paging file" },
  ],
  [
    "isaac-sim/IsaacGymEnvs#256",
    "PxgCudaDeviceMemoryAllocator fail to allocate memory 100663296 bytes!! Result = 2\n",
    { framework: "physx", figures: { requestedBytes: 100663296 }, change: "num_envs|environments" },
  ],
  [
    "facebookresearch/faiss#2020",
    "RuntimeError: Error in virtual void* faiss::gpu::StandardGpuResourcesImpl::allocMemory(const faiss::gpu::AllocRequest&) at /x/faiss/gpu/StandardGpuResources.cpp:443: Error: 'err == cudaSuccess' failed: Failed to cudaMalloc 536870912 bytes on device 1 (error 2 out of memory\nOutstanding allocations:\n",
    {
      framework: "faiss",
      figures: { requestedBytes: 536870912, gpuIndex: 1 },
      change: "setTempMemory|IVF|shard|float16",
    },
  ],
  [
    "trinodb/trino#25465",
    "io.trino.ExceededMemoryLimitException: Query exceeded per-node memory limit of 25.80GB [Allocated: 25.79GB, Delta: 14.39MB, Top Consumers: {ScanFilterAndProjectOperator=25.78GB}]\n",
    {
      framework: "trino",
      figures: { requestedBytes: 15089009, allocatedBytes: 27691801641 },
      change: "max-memory-per-node",
    },
  ],
  [
    "joblib/joblib#812",
    "joblib.externals.loky.process_executor.TerminatedWorkerError: A worker process managed by the executor was unexpectedly terminated. This could be caused by a segmentation fault while calling the function or by an excessive memory usage causing the Operating System to kill the worker.\n\nThe exit codes of the workers are {SIGKILL(-9)}\n",
    { certainty: "likely", change: "n_jobs" },
  ],
  [
    "nitrogen/nitrogen#35",
    'eheap_alloc: Cannot allocate 2280657000 bytes of memory (of type "heap").\n',
    { framework: "erlang", figures: { requestedBytes: 2280657000 } },
  ],
  [
    "opencv/opencv#23392",
    "cv2.error: OpenCV(4.7.0) /io/opencv/modules/core/src/cuda/gpu_mat.cu:116: error: (-217:Gpu API call) out of memory in function 'allocate'\n",
    { framework: "opencv", not: "host-memory" },
  ],
  [
    "lhoyer/DAFormer#89",
    "cv2.error: OpenCV(4.4.0) C:\\x\\alloc.cpp:73: error: (-4:Insufficient memory) Failed to allocate 6291456 bytes in function 'cv::OutOfMemoryError'\n",
    { framework: "opencv", figures: { requestedBytes: 6291456 }, diagnosis: "host-memory" },
  ],
  [
    "rfjakob/earlyoom#309",
    'Feb 16 13:58:29 host earlyoom[1233]: sending SIGTERM to process 29410 uid 1000 "cluster": badness 1264, VmRSS 23964 MiB\n',
    {
      framework: "earlyoom",
      figures: { processInUseBytes: 25128075264 },
      details: { pid: 29410, processName: "cluster" },
    },
  ],
  [
    "apache/mxnet#675",
    "mxnet.base.MXNetError: [11:18:15] src/storage/./pooled_storage_manager.h:157: cudaMalloc failed: out of memory\nStack trace:\n",
    { framework: "mxnet", change: "batch" },
  ],
  [
    "llvm/llvm-project#65276",
    "collect2: fatal error: ld terminated with signal 9 [Killed]\ncompilation terminated.\n",
    { certainty: "likely", change: "-j" },
  ],
  [
    "llvm/llvm-project#59194",
    "LLVM ERROR: out of memory\nAllocation failed\nPLEASE submit a bug report to https://bugs.llvm.org/\n",
    { framework: "llvm" },
  ],
  [
    "aws-solutions-library-samples/cloud-intelligence-dashboards-data-collection#201",
    "REPORT RequestId: d88fc138\tDuration: 19266.38 ms\tBilled Duration: 19267 ms\tMemory Size: 2688 MB\tMax Memory Used: 2688 MB\t\nRequestId: d88fc138 Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n",
    { framework: "aws-lambda", details: { limitBytes: 2818572288 }, change: "memory-size|MemorySize" },
  ],
  [
    "rapidsai/dask-cuda#225",
    "numba.cuda.cudadrv.driver.CudaAPIError: [2] Call to cuMemAlloc results in CUDA_ERROR_OUT_OF_MEMORY\n",
    { framework: "numba" },
  ],
  [
    "mindspore-lab/mindone#465",
    "[WARNING] PRE_ACT(70996,7f8c,python):2024-04-26-00:50:19.865.072 [mindspore/ccsrc/backend/common/mem_reuse/mem_dynamic_allocator.cc:303] CalMemBlockAllocSize] Memory not enough: current free memory size[0] is smaller than required size[29491200].\n",
    { framework: "mindspore", figures: { requestedBytes: 29491200, freeBytes: 0 } },
  ],
  [
    "mfem/mfem#3424",
    "mpirun noticed that process rank 10 with PID 4123 on node n7 exited on signal 9 (Killed).\n",
    { certainty: "likely", details: { pid: 4123 } },
  ],
  [
    "hashcat/hashcat#1640",
    "clEnqueueNDRangeKernel(): CL_MEM_OBJECT_ALLOCATION_FAILURE\n",
    { framework: "opencl" },
  ],
  [
    "Automattic/mongoose#10177",
    "MongoError: Executor error during find command :: caused by :: Sort exceeded memory limit of 104857600 bytes, but did not opt in to external sorting.\n",
    { framework: "mongodb", details: { limitBytes: 104857600 }, change: "allowDiskUse" },
  ],
  [
    "dotnet/coreclr#25767",
    "System.OutOfMemoryException: Exception of type 'System.OutOfMemoryException' was thrown.\n   at System.Data.SqlClient.SqlCommand.Execute(Task result)\n",
    { framework: "dotnet", change: "GCHeapHardLimit|DOTNET_" },
  ],
  [
    "NVIDIA/TensorRT#4254",
    "[E] [virtualMemoryBuffer.cpp::resizePhysical::140] Error Code 2: OutOfMemory (Requested size was 22942842880 bytes.)\n",
    {
      framework: "tensorrt",
      figures: { requestedBytes: 22942842880 },
      change: "workspace|batch|precision|fp16",
    },
  ],
  [
    "OWASP-BLT/BLT#3190",
    "2025-01-02T00:51:32.759454+00:00 heroku[web.1]: Process running mem=807M(157.7%)\n2025-01-02T00:51:32.761835+00:00 heroku[web.1]: Error R14 (Memory quota exceeded)\n",
    { framework: "heroku", figures: { processInUseBytes: 846200832 }, diagnosis: "group-limit" },
  ],
  [
    "gradle/gradle#9371",
    "* What went wrong:\nGradle build daemon disappeared unexpectedly (it may have been killed or may have crashed)\n",
    { certainty: "likely", change: "org.gradle.jvmargs|workers.max" },
  ],
  // Forms that grammars have beside the one that was met first.
  [
    "form of Spark",
    "24/02/01 10:00:00 ERROR TaskSchedulerImpl: Lost executor 3 on 10.1.2.3: The executor with id 3 exited with exit code 137(SIGKILL, possible container OOM).\n",
    { framework: "yarn", certainty: "likely" },
  ],
  [
    "form of torchrun",
    "E0101 10:00:00.000000 140 torch/distributed/elastic/multiprocessing/api.py:826] failed (exitcode: -9) local_rank: 3 (pid: 8841) of binary: /usr/bin/python3\n",
    { certainty: "likely", details: { pid: 8841 } },
  ],
  [
    "form of the kubelet",
    "  Warning  SystemOOM  3m  kubelet  System OOM encountered, victim process: java, pid: 20731\n",
    { framework: "kubernetes", diagnosis: "host-memory", details: { pid: 20731, processName: "java" } },
  ],
  [
    "form of seff",
    "State: OUT_OF_MEMORY (exit code 0)\nCores: 4\n",
    { framework: "slurm", diagnosis: "group-limit" },
  ],
  [
    "form of the kernel before 4.19",
    "Task in /docker/3f9a killed as a result of limit of /docker/3f9a\nmemory: usage 524288kB, limit 524288kB, failcnt 31\nMemory cgroup out of memory: Kill process 8123 (python) score 990 or sacrifice child\nKilled process 8123 (python) total-vm:900000kB, anon-rss:510000kB, file-rss:200kB, shmem-rss:0kB\n",
    {
      framework: "linux-kernel",
      diagnosis: "group-limit",
      details: { pid: 8123, processName: "python", limitBytes: 536_870_912 },
    },
  ],
  [
    "form of MATLAB",
    'Error using zeros\nOut of memory. Type "help memory" for your options.\n',
    { framework: "matlab" },
  ],
  ["form of OCaml", "Fatal error: exception Out_of_memory\n", { framework: "ocaml" }],
  [
    "form of slurmstepd",
    "slurmstepd: error: Detected 1 oom_kill event in StepId=71300.0. Some of the step tasks have been OOM Killed.\n",
    { framework: "slurm", diagnosis: "group-limit", details: { step: "71300.0", count: 1 } },
  ],
];

/** Words of programs that no grammar names, which only hint at memory. */
const HINTS: typeof REPORTS = [
  [
    "PostgreSQL without its DETAIL",
    "postgres: ERROR:  out of memory\n",
    { certainty: "likely", diagnosis: "host-memory" },
  ],
  [
    "an unknown program",
    "solver: failed to allocate work array of size 3145728 bytes\n",
    { framework: "program", certainty: "likely", figures: { requestedBytes: 3_145_728 } },
  ],
  [
    "an unknown program on a card",
    "[render] fatal: could not allocate 2.00 GiB of device memory\n",
    { framework: "program", diagnosis: "card-full", figures: { requestedBytes: 2_147_483_648 } },
  ],
];

test.each([...REPORTS, ...FURTHER, ...FRESH, ...POSTED, ...HINTS])(
  "%s: %s",
  async (_, text, { frameworks, framework, certainty, figures = {}, details = {}, ...expected }) => {
    const { diagnosis, not, change, first, notFirst } = expected;
    const { reports } = explain(await scanText(text));
    expect(new Set(reports.map(({ group }) => group)).size, "one cause").toBe(1);
    const report = (reports.find((each) => each.certainty === "certain") ?? reports[0]) as ExplainedReport;
    expect(report).toMatchObject({ ...figures, details });
    if (framework !== undefined) expect(report.framework).toBe(framework);
    if (certainty !== undefined) expect(report.certainty).toBe(certainty);
    const names = report.diagnosis.map(({ name }) => name).join(" ");
    if (diagnosis !== undefined) expect(names).toMatch(new RegExp(diagnosis));
    if (not !== undefined) expect(names).not.toMatch(new RegExp(not));
    if (frameworks !== undefined) expect(report.framework).toMatch(new RegExp(frameworks));
    const [firstChange = ""] = report.changes.map((each) => each.change);
    if (first !== undefined) expect(firstChange).toMatch(new RegExp(first, "i"));
    if (notFirst !== undefined) expect(firstChange).not.toMatch(new RegExp(notFirst));
    const changes = report.changes.map((each) => each.change).join("\n");
    if (change !== undefined) expect(changes).toMatch(new RegExp(change));
  },
);

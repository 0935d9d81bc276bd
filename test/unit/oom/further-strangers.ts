import type { ExplainedReport } from "../../../src/oom/explain.js";

export interface Expected {
  framework?: string;
  /** One of several names that are right. */
  frameworks?: string;
  certainty?: string;
  figures?: Partial<ExplainedReport>;
  details?: ExplainedReport["details"];
  /** The name of a diagnosis, and one that it must not have. */
  diagnosis?: string;
  not?: string;
  /** What one of the changes names. */
  change?: string;
  /** What the first change names, and what it must not. */
  first?: string;
  notFirst?: string;
}

/** Reports of further programs that people posted, shortened, with what an expert expects of them. */
export const FURTHER: [source: string, text: string, expected: Expected][] = [
  [
    "mlc-ai/mlc-llm#3024",
    'TVMError: Check failed: (output_res.IsOk()) is false: Insufficient GPU memory error: The available single GPU memory is 20584.716 MB, which is less than the sum of model weight size (5977.188 MB) and temporary buffer size (15013.765 MB).\n1. You can set a larger "gpu_memory_utilization" value.\n2. If the model weight size is too large, please enable tensor parallelism by passing `--tensor-parallel-shards $NGPU` to `mlc_llm gen_config` or use quantization.\n3. If the temporary buffer size is too large, please use a smaller `--prefill-chunk-size` in `mlc_llm gen_config`.\n',
    {
      diagnosis: "card-full|never-fits|cache-too-small",
      change: "prefill-chunk-size|gpu_memory_utilization|tensor-parallel-shards",
    },
  ],
  [
    "InternVL#538 (lmdeploy)",
    "RuntimeError: [TM][ERROR] CUDA runtime error: out of memory /lmdeploy/src/turbomind/utils/memory_utils.cu:32\n",
    { diagnosis: "card-full|no-figures", change: "cache_max_entry_count|cache-max-entry-count" },
  ],
  [
    "huggingface/candle#2046",
    'Error: DriverError(CUDA_ERROR_OUT_OF_MEMORY, "out of memory")\n',
    { diagnosis: "card-full|no-figures", change: "smaller|batch|nvidia-smi|quanti" },
  ],
  [
    "libreswan/libreswan#2938",
    "swap_pager: out of swap space\nswp_pager_getswapspace(22): failed\nJul 21 22:30:41 freebsd kernel: pid 878 (pkg), jid 0, uid 0, was killed: failed to reclaim memory\n",
    { diagnosis: "host-memory", details: { pid: 878, processName: "pkg" }, change: "swap|memory" },
  ],
  [
    "pscedu/slash2#200",
    "Jan 24 01:46:15 sense4 kernel: pid 41663 (sliod), uid 0, was killed: out of swap space\n",
    { diagnosis: "host-memory", details: { pid: 41663, processName: "sliod" }, change: "swap|memory" },
  ],
  [
    "hashicorp/nomad#12735",
    'Recent Events:\nTime                  Type        Description\n2022-04-21T15:32:50Z  Not Restarting  Policy allows no restarts\n2022-04-21T15:32:50Z  Terminated  Exit Code: 137, Exit Message: "OOM Killed (137)"\n2022-04-21T15:32:08Z  Started     Task started by client\n',
    { diagnosis: "group-limit", change: "memory" },
  ],
  [
    "joaotavora/snooze#8",
    "Heap exhausted during garbage collection: 32 bytes available, 80 requested.\n Gen StaPg UbSta LaSta LUbSt Boxed Unboxed LB   LUB  !move  Alloc  Waste   Trig    WP  GCs Mem-age\n   0:     0     0     0     0     0     0     0     0     0        0     0 10737418    0   0  0,0000\n   2: 27373 27366     0     0 14426  1312     0     0     0 515026272 676512  2000000    0   0  1,1068\n   Total bytes allocated    = 1072429888\n   Dynamic-space-size bytes = 1073741824\nGC control variables:\n   *GC-INHIBIT* = true\nfatal error encountered in SBCL pid 5286(tid 140737295906560):\nHeap exhausted, game over.\n",
    {
      diagnosis: "heap-limit|own-limit",
      figures: { requestedBytes: 80 },
      details: { limitBytes: 1073741824 },
      change: "dynamic-space-size",
    },
  ],
  [
    "composewell/streamly#2239",
    "Data.Stream.ConcurrentEager: Heap exhausted;\nData.Stream.ConcurrentEager: Current maximum heap size is 1073741824 bytes (1024 MB).\nData.Stream.ConcurrentEager: Use `+RTS -M<size>' to increase it.\nError: Benchmark execution failed.\n",
    { diagnosis: "heap-limit|own-limit", details: { limitBytes: 1073741824 }, change: "-M" },
  ],
  [
    "patrickt/fastsum#11",
    "[2 of 2] Compiling Data.Sum         ( src/Data/Sum.hs, dist/build/Data/Sum.o )\nghc: internal error: Unable to commit 1048576 bytes of memory\n    (GHC version 8.6.4 for x86_64_unknown_linux)\n    Please report this as a GHC bug:  http://www.haskell.org/ghc/reportabug\n",
    { diagnosis: "host-memory", figures: { requestedBytes: 1048576 }, change: "memory|swap|-j" },
  ],
  [
    "UoA-eResearch/DICOM_viewer#10",
    "DynamicHeapAllocator allocation probe 4 failed - Could not get memory for large allocation 67108864.\nDynamicHeapAllocator out of memory - Could not get memory for large allocation 67108864!\nCould not allocate memory: System out of memory!\nTrying to allocate: 67108864B with 16 alignment. MemoryLabel: DynamicArray\nAllocation happend at: Line:559 in C:\\buildslave\\unity\\build\\Runtime/Utilities/dynamic_array.h\nMemory overview\n\n[ ALLOC_DEFAULT ] used: 26685748B | peak: 0B | reserved: 38797312B \n",
    { diagnosis: "host-memory", figures: { requestedBytes: 67108864 } },
  ],
  [
    "jashking/UnrealPakViewer#33",
    "Fatal error: [File:Unknown] [Line: 241] \nRan out of memory allocating 1623124170 bytes with alignment 2. Last error msg: The paging file is too small for this operation to complete..\n0x00007ff709ebdb34 UnrealPakViewer-Win64-Shipping.exe!UnknownFunction []\n",
    { diagnosis: "host-memory", figures: { requestedBytes: 1623124170 }, change: "page ?file|paging file" },
  ],
  [
    "vllm#12443 (Neuron)",
    '2025-Feb-11 14:20:32.318807   202:202   ERROR  TDRV:dmem_alloc_internal                     Failed to alloc DEVICE memory: 4194304\n2025-Feb-11 14:20:32.320000   202:202   ERROR   NRT:nrt_tensor_allocate                     Failed to allocate 4194304 bytes on device 0 for tensor UNKNOWN.\nRuntimeError: nrt_tensor_allocate status=4 message="Allocation Failure"\n',
    {
      diagnosis: "card-full|no-figures",
      figures: { requestedBytes: 4194304 },
      change: "tp_degree|tensor.parallel|batch|smaller|cores",
    },
  ],
  [
    "kubernetes/minikube#3634",
    "(qemu) qemu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory\n",
    { diagnosis: "host-memory", change: "-m |guest|RAM" },
  ],
  [
    "mbleron pljson#165",
    "ORA-04030: out of process memory when trying to allocate 16328 bytes (koh-kghu call ,pl/sql vc2)\n",
    { diagnosis: "own-limit|host-memory", figures: { requestedBytes: 16328 }, change: "PGA" },
  ],
  [
    "oracle/docker-images#188",
    'ORA-04031: unable to allocate 1015832 bytes of shared memory ("shared pool","unknown object","PDB Dynamic He","Alloc/Free SWRF Metric CHBs")\n',
    { diagnosis: "own-limit|shared-memory", figures: { requestedBytes: 1015832 }, change: "SGA|shared_pool" },
  ],
  [
    "microsoft/mssql-docker#168",
    "Msg 701, Level 17, State 123, Line 1\nThere is insufficient system memory in resource pool 'internal' to run this query.\n",
    { diagnosis: "own-limit|host-memory", change: "max server memory|memory" },
  ],
  [
    "StarRocks/starrocks#32058",
    "2023-10-05 11:16:56,157 WARN (thrift-server-pool-1813661|1817786) [Coordinator.updateFragmentExecStatus():1571] exec state report failed status=errorCode MEM_LIMIT_EXCEEDED Memory of process exceed limit. try consume:25769803776 Used: 213109019256, Limit: 221993342115. Mem usage has exceed the limit of BE, query_id=0dda3354-633e-11ee-85a1-005056816cfa\n",
    {
      diagnosis: "own-limit",
      figures: { requestedBytes: 25769803776 },
      details: { limitBytes: 221993342115 },
      change: "mem_limit|spill",
    },
  ],
  [
    "apache/doris#35263",
    "ERROR 1105 (HY000): errCode = 2, detailMessage = (10.16.10.8)[MEM_LIMIT_EXCEEDED] try exec_plan_fragment failed, queryId 261a942cbaf94e88-a14fb23aa77fb675, process memory used 9.85 GB exceed limit 3.01 GB or sys available memory 155.71 GB less than low water mark 1.60 GB\n",
    { diagnosis: "own-limit", change: "mem_limit" },
  ],
  [
    "archivesunleashed/auk#150",
    "2018-08-03 00:53:20,678 [dag-scheduler-event-loop] INFO  DAGScheduler - ResultStage 10 (collect at WriteGraphML.scala:53) failed in 74.894 s due to Job aborted due to stage failure: Total size of serialized results of 2572 tasks (1062.8 MB) is bigger than spark.driver.maxResultSize (1024.0 MB)\n",
    { diagnosis: "own-limit", details: { limitBytes: 1073741824 }, change: "maxResultSize" },
  ],
  [
    "neo4j/neo4j#13008",
    "Neo.TransientError.General.MemoryPoolOutOfMemoryError\nThe allocation of an extra 2.0 MiB would use more than the limit 4.2 GiB. Currently using 4.1 GiB. dbms.memory.transaction.total.max threshold reached\n",
    { diagnosis: "own-limit", figures: { requestedBytes: 2097152 }, change: "transaction" },
  ],
  [
    "openvino.genai#2406",
    "Check '!exceed_allocatable_mem_size' failed at src\\plugins\\intel_gpu\\src\\runtime\\ocl\\ocl_engine.cpp:115:\n[GPU] Exceeded max size of memory object allocation: requested 5368709120 bytes, but max alloc size supported by device is 4294959104 bytes.Please try to reduce batch size or use lower precision.\n",
    {
      diagnosis: "never-fits|own-limit|allocator-cap|card-full",
      figures: { requestedBytes: 5368709120 },
      details: { limitBytes: 4294959104 },
      change: "batch|precision",
    },
  ],
  [
    "lmstudio-bug-tracker#1202",
    "Error: Model loading was stopped due to insufficient system resources. Under the current settings, this model requires approximately 27.25 GB of memory, and continuing to load it would likely overload your system and cause it to freeze. If you think this is incorrect, you can adjust the model loading guardrails in settings.\n",
    { diagnosis: "never-fits|own-limit|card-full|host-memory", change: "context|guardrail|quanti" },
  ],
  [
    "oven-sh/bun#14309",
    "RSS: 1.24GB | Peak: 1.43GB | Commit: 19.48GB | Faults: 800852\n\npanic(main thread): attempt to unwrap error: OutOfMemory\nCrashed while parsing C:\\Users\\n\\auth-2\\.next\\server\\vendor-chunks\\next.js\noh no: Bun has crashed. This indicates a bug in Bun, not your code.\n",
    { diagnosis: "host-memory", change: "page ?file|memory" },
  ],
  [
    "flutter/flutter#54420",
    "Running Gradle task 'assembleDebug'...\nExhausted heap space, trying to allocate 8589934608 bytes.\n",
    {
      diagnosis: "heap-limit|host-memory|absurd-request",
      figures: { requestedBytes: 8589934608 },
      change: "old_gen_heap_size|DART_VM_OPTIONS",
    },
  ],
  [
    "lammps/lammps#3526",
    "LAMMPS (23 Jun 2022 - Update 2)\nERROR on proc 617: Failed to reallocate 1650272 bytes for array comm:buf_send (src/memory.cpp:105)\nLast command: run             100000   # equil for 100 ps\n",
    {
      diagnosis: "host-memory",
      figures: { requestedBytes: 1650272 },
      change: "atoms|rank|process|node|memory",
    },
  ],
  [
    "emscripten (huningxin/opencv#391)",
    'Uncaught abort("Cannot enlarge memory arrays to size 2013265920 bytes (OOM). Either (1) compile with  -s INITIAL_MEMORY=X  with X higher than the current value 1895825408, (2) compile with  -s ALLOW_MEMORY_GROWTH=1  which allows increasing the size at runtime, or (3) if you want malloc to return NULL (0) instead of this abort, compile with  -s ABORTING_MALLOC=0")\n',
    { diagnosis: "heap-limit|own-limit", change: "ALLOW_MEMORY_GROWTH|INITIAL_MEMORY" },
  ],
  [
    "riscv-collab/v8#238",
    "RangeError: WebAssembly.Memory(): could not allocate memory\n    at AllocMemory (/home/x/regress-1010272.js:11:10)\n",
    { diagnosis: "host-memory|heap-limit|own-limit", change: "maximum|tab|memory" },
  ],
  [
    "rabbitmq-server#2003",
    "=WARNING REPORT==== 6-May-2019::03:56:36 ===\nmemory resource limit alarm set on node rabbit@ctl001.\n**********************************************************\n*** Publishers will be blocked until this alarm clears ***\n**********************************************************\n",
    { diagnosis: "own-limit|warning-only", change: "vm_memory_high_watermark" },
  ],
  [
    "grafana/mimir#2235",
    'level=debug ts=2022-06-23T10:28:27.220696365Z caller=memcached_client.go:406 name=frontend-cache msg="failed to store item to memcached" key=1@b2ae91c4319dafc4 sizeBytes=86848 server=10.70.1.208:11211 err="memcache: unexpected response line from \\"set\\": \\"SERVER_ERROR out of memory storing object\\\\r\\\\n\\""\n',
    { diagnosis: "own-limit", change: "-m|slab" },
  ],
  [
    "openzim/sotoki#147",
    "mogrify-im6.q16: cache resources exhausted `BES4j.jpg' @ error/cache.c/OpenPixelCache/4083.\n",
    { diagnosis: "own-limit", change: "policy.xml|-limit" },
  ],
  [
    "phoenixframework/flame#63",
    "2024-10-07T11:37:18Z app[2865134a394268] cdg [info] INFO Main child exited with signal (with signal 'SIGKILL', core dumped? false)\n2024-10-07T11:37:18Z app[2865134a394268] cdg [info] INFO Process appears to have been OOM killed!\n2024-10-07T11:37:18Z app[2865134a394268] cdg [info] INFO Starting clean up.\n",
    { diagnosis: "group-limit|host-memory|killed", change: "fly scale memory|swap" },
  ],
  [
    "aws/amazon-ecs-agent#1187",
    "Status reason\tOutOfMemoryError: Container killed due to memory usage\nExit Code\t137\n",
    { diagnosis: "group-limit", details: { exitCode: 137 }, change: "memory" },
  ],
  [
    "aws/amazon-ecs-agent#3021",
    "CannotStartContainerError: Error response from daemon: OCI runtime create failed: container_linux.go:380: starting container process caused: container init was OOM-killed (memory limit too low?): unknown\n",
    { diagnosis: "group-limit", change: "memory" },
  ],
  [
    "crdroid#809",
    "10-24 14:24:26.342   710   710 I lowmemorykiller: Kill 'com.google.android.gms.unstable' (17933), uid 10446, oom_score_adj 0 to free 140528kB rss, 37404kB swap; reason: device is not responding\n",
    { diagnosis: "host-memory", figures: { processInUseBytes: 143900672 }, details: { pid: 17933 } },
  ],
  [
    "tinygrad#11442",
    '    if e.errno == errno.ENOMEM: raise MemoryError(f"Cannot allocate {size} bytes: no memory is available.") from e\nMemoryError: Cannot allocate 122341986304 bytes: no memory is available.\n',
    { diagnosis: "card-full|never-fits|host-memory", figures: { requestedBytes: 122341986304 } },
  ],
  [
    "rurban/perl-compiler#8",
    'Out of memory during "large" request for 268439552 bytes, total sbrk() is 314472448 bytes at cccode19 line 1.\n',
    { diagnosis: "host-memory", figures: { requestedBytes: 268439552, allocatedBytes: 314472448 } },
  ],
  [
    "mattshma/docs#14",
    "-bash: fork: Cannot allocate memory\n",
    { diagnosis: "host-memory|too-many", change: "swap|free|overcommit|process" },
  ],
  [
    "ruffle-rs/ruffle#17132",
    "Error message: panicked at wgpu-0.20.1/src/backend/wgpu_core.rs:2996:5:\nwgpu error: Validation Error\n\nCaused by:\n    In Device::create_buffer\n    Not enough memory left.\n",
    { diagnosis: "card-full|no-figures", change: "smaller|texture|close" },
  ],
  [
    "godotengine/godot#22410",
    "ERROR: _gl_debug_print: GL ERROR: Source: OpenGL Type: Error ID: 1285 Severity: High\nMessage: GL_OUT_OF_MEMORY error generated. Failed to map memory for buffer.\n",
    { diagnosis: "card-full|no-figures", change: "texture|smaller|close" },
  ],
  [
    "NOAA-EMC/UPP#238",
    "forrtl: severe (41): insufficient virtual memory\nImage              PC                Routine            Line        Source\nncep_post          0000000000CD83BC  Unknown               Unknown  Unknown\n",
    { diagnosis: "host-memory", change: "ulimit|memory|stack" },
  ],
  [
    "NCAR/ccpp-scm#484",
    "In file '/x/rrtmgp_sw_gas_optics.F90', around line 226: Error allocating 12519926383860640000 bytes: Cannot allocate memory\n",
    { diagnosis: "absurd-request|host-memory", change: "shape|size|ulimit|memory" },
  ],
  [
    "Comfy-Org/ComfyUI#5886",
    "CheckpointLoaderSimple\nAllocation on device 0 would exceed allowed memory. (out of memory)\nCurrently allocated : 5.96 GiB\nRequested : 12.50 MiB\nDevice limit : 12.00 GiB\nFree (according to CUDA): 5.00 GiB\nPyTorch limit (set by user-supplied memory fraction)\n: 17179869184.00 GiB\n",
    {
      framework: "pytorch-cudaMallocAsync",
      diagnosis: "refused-although-free",
      figures: { requestedBytes: 13107200, totalBytes: 12884901888, freeBytes: 5368709120 },
    },
  ],
  [
    "ROCm/tensorflow-upstream#82",
    "2019-01-08 19:06:11.303639: E tensorflow/stream_executor/rocm/rocm_driver.cc:601] failed to allocate 7.35G (7889485824 bytes) from device: hipError_t(1002)\n",
    {
      framework: "tensorflow",
      figures: { requestedBytes: 7889485824 },
      change: "ALLOW_GROWTH|memory_growth",
    },
  ],
  [
    "cockroachdb/cockroach#66836",
    "ERROR: windower-limited: memory budget exceeded: 10240 bytes requested, 67102720 currently allocated, 67108864 bytes in budget\nSQLSTATE: 53200\n",
    {
      diagnosis: "own-limit",
      figures: { requestedBytes: 10240, allocatedBytes: 67102720 },
      details: { limitBytes: 67108864 },
      change: "max-sql-memory",
    },
  ],
  [
    "apache/airflow#27741",
    "[2022-11-17, 07:41:55 UTC] {local_task_job.py:164} INFO - Task exited with return code Negsignal.SIGKILL\n",
    { diagnosis: "killed", change: "dmesg|memory" },
  ],
  [
    "apache/airflow#55599",
    'CRITICAL - Process terminated by signal. For more information, see https://airflow.apache.org/docs/apache-airflow/stable/troubleshooting.html#TaskRunner-killed: signal=-9: signal_name="SIGKILL": source="task"\n',
    { diagnosis: "killed" },
  ],
  [
    "iZettle#91 (Cassandra)",
    "INFO  [ReadStage-2] 2020-08-27 08:08:18,043 NoSpamLogger.java:91 - Maximum memory usage reached (536870912), cannot allocate chunk of 1048576\n",
    { diagnosis: "own-limit|warning-only", change: "file_cache_size" },
  ],
  [
    "pingcap/tidb#57051",
    '[2024/10/31 17:51:27.206 +08:00] [ERROR] [ch.go:320] ["end query"] [qno=q21] [error="Error 8175 (HY000): Your query has been cancelled due to exceeding the allowed memory limit for a single SQL query. Please try narrowing your query scope or increase the tidb_mem_quota_query limit and try again.[conn=104862650]"]\n',
    { diagnosis: "own-limit", change: "tidb_mem_quota_query" },
  ],
  [
    "pingcap/tidb#17360",
    "ERROR 1105 (HY000): Out Of Memory Quota!\n",
    { diagnosis: "own-limit", change: "tidb_mem_quota_query|mem-quota" },
  ],
  [
    "manaflow-ai/cmux#7490",
    "2026-07-06 16:50:28.836789-1000 kernel: low swap: triggering no paging space action\n",
    { diagnosis: "host-memory" },
  ],
  [
    "nodejs/node#41688",
    "(node:812) UnhandledPromiseRejectionWarning: RangeError: Array buffer allocation failed\n    at new ArrayBuffer (<anonymous>)\n    at new Uint8Array (<anonymous>)\n",
    { diagnosis: "host-memory", change: "stream|chunk|memory" },
  ],
  [
    "alexdobin/STAR#1014",
    "EXITING because of FATAL PARAMETER ERROR: limitGenomeGenerateRAM=31000000000is too small for your genome\nSOLUTION: please specify --limitGenomeGenerateRAM not less than 168632691637 and make that much RAM available \n\nAug 27 10:46:57 ...... FATAL ERROR, exiting\n",
    { diagnosis: "own-limit", change: "limitGenomeGenerateRAM" },
  ],
  [
    "epi2me-labs/wf-pore-c#55",
    "ERROR ~ Error executing process > 'POREC:createBed (1)'\nCaused by:\n  Process `POREC:createBed (1)` terminated with an error exit status (137)\nCommand executed:\n  bedtools bamtobed -i monomers.mm2.ns.bam > tmp.out.bed\nCommand exit status:\n  137\nCommand output:\n  (empty)\n",
    { diagnosis: "killed", change: "memory" },
  ],
  [
    "hoytech/strfry#68",
    "Sep 08 18:30:00 host kernel: strfry: page allocation failure: order:7, mode:0x40dc0(GFP_KERNEL|__GFP_COMP|__GFP_ZERO), nodemask=(null),cpuset=docker-515518ae.scope,mems_allowed=0\nSep 08 18:30:00 host kernel: CPU: 0 PID: 2898704 Comm: strfry Tainted: P           O       6.2.0-1009-oracle #9-Ubuntu\nSep 08 18:30:00 host kernel: Call trace:\n",
    { diagnosis: "host-memory|fragmentation" },
  ],
  [
    "Cloudflare docs",
    "✘ [ERROR] Uncaught Error: Worker exceeded memory limit.\n",
    { diagnosis: "own-limit|group-limit|heap-limit", change: "128|stream" },
  ],
  [
    "OSGeo/gdal#4141",
    "0...10...20..ERROR 2: overview.cpp, 4145: cannot allocate 29949646468 bytes\n",
    { diagnosis: "host-memory", figures: { requestedBytes: 29949646468 } },
  ],
  [
    "MapServer#5402",
    "agg2CreateImage(): Memory allocation error. ..\\mapagg.cpp: 824: Out of memory allocating 10240256000 bytes.\n",
    { diagnosis: "host-memory", figures: { requestedBytes: 10240256000 } },
  ],
  [
    "bwa-mem2#237",
    "[bwa_index] Pack FASTA... 15.66 sec\n* Entering FMI_search\nref seq len = 5461743548\nAllocation of 40.69 GB for suffix_array failed.\nCurrent Allocation = 45.78 GB\n",
    { diagnosis: "host-memory" },
  ],
  [
    "bxlab/metaWRAP#524",
    "[bwt_bwtgen] Failed to allocate 18446744072147513444 bytes at is.c line 211: Cannot allocate memory\n",
    { diagnosis: "absurd-request|host-memory" },
  ],
  [
    "optimism#2191",
    "failed to solve: rpc error: code = Unknown desc = executor failed running [/bin/sh -c yarn build]: exit code: 137\n",
    { diagnosis: "killed", change: "memory|dmesg" },
  ],
  [
    "form of buildkit",
    'ERROR: failed to solve: process "/bin/sh -c npm run build" did not complete successfully: exit code: 137\n',
    { diagnosis: "killed" },
  ],
  [
    "openresty/lua-nginx-module#230",
    "nginx: lua atpanic: Lua VM crashed, reason: not enough memory\nnginx: lua atpanic: Lua VM crashed, reason: not enough memory\n",
    { diagnosis: "heap-limit|host-memory", change: "GC64|2 G" },
  ],
  [
    "tarantool#1349",
    "PANIC: unprotected error in call to Lua API (not enough memory)\n",
    { diagnosis: "heap-limit|host-memory" },
  ],
  [
    "libAtoms/QUIP#137",
    "Operating system error: Cannot allocate memory\nAllocation would exceed memory limit\n\nError termination. Backtrace:\n#0  0x2b467a29b8da\n",
    { diagnosis: "host-memory" },
  ],
  [
    "prometheus/prometheus#8661",
    "panic: mmap, size 134217728: cannot allocate memory\n\ngoroutine 1086 [running]:\n",
    { diagnosis: "host-memory", figures: { requestedBytes: 134217728 } },
  ],
  [
    "prometheus/prometheus#4392",
    'Jul 17 07:13:40 prom1 prometheus: level=error ts=2018-07-17T07:13:40.303624619Z caller=main.go:597 err="Opening storage failed open block /var/prometheus/data/01CJ8SPHD9FF28VHG7J5XQ2NVH: mmap files: mmap: cannot allocate memory"\n',
    { diagnosis: "host-memory", change: "max_map_count|address" },
  ],
  [
    "QuantumPackage/qp2#353",
    " Not enough memory: aborting in run_stochastic_cipsi\n   3.40837863087654       GB required\n",
    { diagnosis: "own-limit|host-memory" },
  ],
  [
    "tyabus/xash3d#36",
    "[22:56:35] Error: NET_StringToSockaddr: failed to create thread!\nFailed to allocate 8 megabytes of memory. Closing down.\nSys_Crash: signal 6, err 0 with code -6 at 00000001 00000000\n",
    { diagnosis: "host-memory", figures: { requestedBytes: 8388608 } },
  ],
  ["xash3d title", "Mem_Alloc: out of memory\n", { diagnosis: "host-memory" }],
  [
    "wowsims/cata#819",
    "runtime: VirtualAlloc of 8192 bytes failed with errno=1455\nfatal error: out of memory\n",
    { framework: "go", figures: { requestedBytes: 8192 } },
  ],
  [
    "switch-model/switch#131",
    '    model.optimize()\n  File "model.pxi", line 833, in gurobipy.Model.optimize\n    gurobipy.GurobiError: Out of memory\n',
    { diagnosis: "host-memory" },
  ],
  ["jump-dev/CPLEX.jl#361", "CPLEX Error  1001: Out of memory.\n", { diagnosis: "host-memory" }],
  [
    "BYU-PRISM/GEKKO#133",
    "Error: At line 463 of file custom.f90: Memory allocation failed\n",
    { diagnosis: "host-memory" },
  ],
  [
    "firemodels/fds#1266",
    "ERROR: Memory allocation failed for OME_E in the routine INIT\n",
    { diagnosis: "host-memory" },
  ],
  [
    "Genoil#120",
    "CUDA error in func 'ethash_cuda_miner::init' at line 243 : out of memory.\n",
    { diagnosis: "card-full|no-figures" },
  ],
  [
    "trexminer/T-Rex#861",
    "20211120 10:10:12 TREX: Can't find nonce with device [ID=0, GPU #0], Device does not have enough free memory to hold the DAG for epoch 270. Required: 3.11 GB, free: 3.10 GB.\n",
    { diagnosis: "card-full|never-fits" },
  ],
  [
    "ethminer#1955",
    "cl 02:40:39 cl-0     Creating DAG buffer, size: 3.43 GB, free: 4.50 GB\n X 02:40:39 cl-0     Creating DAG buffer failed: clCreateBuffer: CL_MEM_OBJECT_ALLOCATION_FAILURE (-4)\n",
    { diagnosis: "card-full|own-limit|no-figures" },
  ],
  [
    "lolMiner#77",
    "GPU 0: insufficient memory for DAG epoch 385. GPU 0 will be paused.\n",
    { diagnosis: "card-full|no-figures" },
  ],
  [
    "OSGeo/grass#6412",
    "Current region rows: 220000, cols: 240000\nERROR: G_realloc: unable to allocate 18446744065119617024 bytes of memory      at raster/r.clump/clump.c:633\n",
    { diagnosis: "absurd-request|host-memory" },
  ],
  [
    "grimme-lab/xtb#670",
    "xtb(35213,0x10c7075c0) malloc: can't allocate region\n*** mach_vm_map(size=18446744069414588416) failed (error code=3)\nxtb(35213,0x10c7075c0) malloc: *** set a breakpoint in malloc_error_break to debug\n",
    { diagnosis: "absurd-request|host-memory" },
  ],
  [
    "Bismark#349",
    "Can't open pipe to bowtie: Cannot allocate memory at /usr/local/bin/bismark line 6331, <__ANONIO__> line 643.\n",
    { diagnosis: "host-memory" },
  ],
  [
    "lh3/bwa#430",
    "Failed to allocate 18446744025547218160 bytes at bwase.c line 66: Cannot allocate memory\n",
    { diagnosis: "absurd-request|host-memory" },
  ],
  [
    "docker/for-linux#1443",
    "docker: Error response from daemon: failed to create endpoint recursing_aryabhata on network bridge: failed to add the host (veth6ad97f8) <=> sandbox (veth23b66ce) pair interfaces: cannot allocate memory.\n",
    { diagnosis: "host-memory" },
  ],
  [
    "bitnami/charts#17754",
    "[2023-07-17 16:09:21,326: ERROR/MainProcess] Process 'ForkPoolWorker-410' pid:600 exited with 'signal 9 (SIGKILL)'\n",
    { diagnosis: "killed" },
  ],
  ["apache/airflow#9655", "INFO - Command exited with return code -9\n", { diagnosis: "killed" }],
  [
    "hashicorp/packer#5983",
    "Check passed.\n/usr/local/go/pkg/tool/linux_amd64/link: signal: killed\nFAIL    github.com/hashicorp/packer [build failed]\n",
    { framework: "compiler", certainty: "likely", diagnosis: "killed" },
  ],
  [
    "kitex#736",
    "go build github.com/chenzhuoyu/iasm/x86_64: /usr/local/go/pkg/tool/linux_amd64/compile: signal: killed\n",
    { framework: "compiler", certainty: "likely", diagnosis: "killed" },
  ],
  [
    "beego/wetalk#32",
    "go build github.com/astaxie/beego: signal: killed\n",
    { certainty: "likely", diagnosis: "killed" },
  ],
  [
    "home-assistant/core#125856",
    "ERROR (MainThread) [homeassistant.components.ollama.conversation] Unexpected error talking to Ollama server: llama runner process has terminated: signal: killed\n",
    { certainty: "likely", diagnosis: "killed" },
  ],
  [
    "codimd#1254",
    "96% [0] chunk asset optimization TerserPlugin\nnpm ERR! code ELIFECYCLE\nnpm ERR! errno 137\n",
    { certainty: "likely", diagnosis: "killed" },
  ],
  [
    "tpv-shared-database#30",
    "012 (1.000.000) 07/14 11:35:09 Job was held.\n        Error from slot1_8@worker: Job has gone over memory limit of 16384 megabytes. Peak usage: 16328 megabytes.\n        Code 34 Subcode 0\n",
    {
      framework: "htcondor",
      diagnosis: "group-limit",
      figures: { processInUseBytes: 16328 * 2 ** 20 },
      details: { limitBytes: 16384 * 2 ** 20 },
    },
  ],
  [
    "img2dataset#443",
    '  File "/usr/lib/python3.7/multiprocessing/pool.py", line 748, in next\n    raise value\npyarrow.lib.ArrowMemoryError: realloc of size 2172846080 failed\n',
    { framework: "arrow", diagnosis: "host-memory", figures: { requestedBytes: 2172846080 } },
  ],
  [
    "scenicplus#230",
    "ArrowMemoryError: malloc of size 2417947094267967360 failed\n",
    { framework: "arrow", diagnosis: "absurd-request" },
  ],
  [
    "candle-org/MindAct#1761",
    "[ERROR] PRE_ACT(54175,fffdbcff91e0,python):2024-10-22-11:24:55.301.443 [mindspore/ccsrc/backend/common/mem_reuse/mem_dynamic_allocator.cc:392] AddMemBlockAndMemBufByEagerFree] TotalUsedMemStatistics : 29356337664 plus TotalUsedByEventMemStatistics : 0 and plus alloc size : 301990400 is more than total mem size : 29464985600.\n",
    {
      framework: "mindspore",
      diagnosis: "card-full|own-limit",
      figures: { requestedBytes: 301990400, allocatedBytes: 29356337664 },
      details: { limitBytes: 29464985600 },
    },
  ],
  [
    "webpack's Terser plugin",
    "[webpack-cli] Error: Terser Plugin: Worker terminated due to reaching memory limit: JS heap out of memory\n",
    { framework: "nodejs", diagnosis: "heap-limit" },
  ],
  [
    "MongoDB's errors",
    "PlanExecutor error during aggregation :: caused by :: Used too much memory for a single array. Memory limit: 104857600. Current set has 8 elements and is 104857601 bytes.\n",
    { framework: "mongodb", diagnosis: "own-limit", details: { limitBytes: 104857600 } },
  ],
  [
    "NCCL's last error",
    "ncclUnhandledCudaError: Call to CUDA function failed.\nLast error:\nFailed to CUDA calloc async 608 bytes\n",
    { framework: "nccl", diagnosis: "card-full", figures: { requestedBytes: 608 } },
  ],
];

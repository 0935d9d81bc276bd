import type { Expected } from "./further-strangers.js";

/**
 * Reports that were unknown when the grammars were tried on them, shortened and with other numbers, with the one
 * verdict and the first action that an expert expects.
 */
export const FRESH: [source: string, text: string, expected: Expected][] = [
  [
    "lanl/PyBNF#118",
    "> slurmstepd: error: Detected 2 oom-kill event(s) in step 3756241.batch cgroup.\n",
    { frameworks: "slurm", diagnosis: "group-limit", first: "--mem" },
  ],
  [
    "hafs-community/HAFS#101",
    "1.\nslurmstepd: error: Detected 1 oom-kill event(s) in step 3495065.0 cgroup. Some of your processes may have been killed by the cgroup out-of-memory handler.\nsrun: error: Orion-01-02: task 4: Out Of Memory\nsrun: Terminating job step 3495065.0\nslurmstepd: error: *** STEP 3495065.0 ON orion-01-04 CANCELLED AT 2021-10-27T19:35:36 ***\n\n2.\nsrun: error: Orion-18-69: task 289: Bus error\nsrun: Terminating job step 3495450.0\n",
    { frameworks: "slurm", diagnosis: "group-limit", first: "--mem" },
  ],
  [
    "chrisknewman/tusas#149",
    "slurmstepd: error: Detected 1 oom_kill event in StepId=440576.0. Some of the step tasks have been OOM Killed.\nsrun: error: nid001278: tasks 1-3: Out Of Memory\nsrun: Terminating StepId=440576.0\nslurmstepd: error: *** STEP 440576.0 ON nid001278 CANCELLED AT 2023-12-05T07:16:01 ***\n",
    { frameworks: "slurm", diagnosis: "group-limit", first: "--mem" },
  ],
  [
    "ArjunaCluster/ArjunaUsers#52",
    'StdErr: "/var/spool/slurmd/job00192/slurm_script: line 28:  8157 Killed                  python3 main.py --prop hform --epochs 400\nslurmstepd: error: Detected 1 oom-kill event(s) in StepId=192.batch cgroup. Some of your processes may have been killed by the cgroup out-of-memory handler."\n',
    { frameworks: "slurm", diagnosis: "group-limit", first: "--mem" },
  ],
  [
    "ray-project/ray#30312",
    "E                       ray.exceptions.OutOfMemoryError: Task was killed due to the node running low on memory.\nE                       Memory on the node (IP: 172.17.0.3, ID: 8c5a1410013588601db2a6344fa1e07476f4378155083682818ebb94) where the task (task ID: 41617bc740ae9ca27726b37f8578c02f4cf1698d01000000, name=allocate_memory, pid=549, memory used=12.20GB) was running was 21.90GB / 33.30GB (0.657658), which exceeds the memory usage threshold of 0.65. Ray killed this worker (ID: 0f7695fad1848c8703eb36240efa3a80cb82ea43206919f4) because it was the most recently scheduled task\n",
    {
      frameworks: "ray",
      diagnosis: "host-memory|own-limit|killed",
      first: "num_cpus|memory=|RAY_memory",
      details: { pid: 549 },
    },
  ],
  [
    "WM-PO/WMPO#3",
    "(raylet) [2025-12-07 09:57:19,207 E 393464 393464] (raylet) node_manager.cc:3277: 2 Workers (tasks / actors) killed due to memory pressure (OOM), 0 Workers crashed due to other reasons at \nnode (ID: 8289f87b78d161ae21bf723c7c57838345a56248dd48a2c3f0d5ac73, IP: 172.24.0.227) over the last time period. To see more information about the Workers killed on this node, use `ray log\ns raylet.out -ip 172.24.0.227`\n(raylet)\n(raylet) Refer to the documentation on how to address the out of memory issue: https://docs.ray.io/en/latest/ray-core/scheduling/ray-oom-prevention.html. Consider provisioning more memory \non this node or reducing task parallelism by requesting more CPUs per task.\n",
    { frameworks: "ray", diagnosis: "host-memory|own-limit|killed", first: "num_cpus|memory=|RAY_memory" },
  ],
  [
    "ray-project/ray#3323",
    "    self.error_threshold))\nray.memory_monitor.RayOutOfMemoryError: More than 95% of the memory on node\neric-ThinkPad is used (11.9 / 12.3 GB). The top 5 memory consumers are:\n\nPID\tMEM\tCOMMAND\n28443\t5.0GB\tray_X:alloc()\n",
    { frameworks: "ray", diagnosis: "host-memory|own-limit|killed" },
  ],
  [
    "sgl-project/sglang#322",
    "    raise RuntimeError(\nRuntimeError: Not enough memory. Please try to increase --mem-fraction-static.\n",
    { frameworks: "sglang", diagnosis: "cache|own-limit|never", first: "mem-fraction-static" },
  ],
  [
    "NVIDIA/TensorRT-LLM#5872",
    "[07/08/2025-19:47:15] [TRT-LLM] [RANK 1] [E] Failed to initialize executor on rank 1: Executor creation failed due to insufficient GPU memory.\n\nThe following component could not be created: KV cache\nTotal GPU memory (GiB): 140.06\nFree GPU memory before component creation attempt (GiB): 108.86\n",
    {
      frameworks: "tensorrt-llm",
      diagnosis: "card-full|cache|own",
      first: "free_gpu_memory_fraction|max_num_tokens|max_seq_len|max_batch|kv_cache",
    },
  ],
  [
    "ollama/ollama#9782",
    'mar 15 11:39:07 acq4 ollama[87551]: ggml_backend_cuda_buffer_type_alloc_buffer: allocating 17330.00 MiB on device 2: cudaMalloc failed: out of memory\nmar 15 11:39:07 acq4 ollama[87551]: time=2025-03-15T11:39:07.123Z level=ERROR source=sched.go:456 msg="error loading llama server" error="llama runner process has terminated: CUDA error: out of memory"\n',
    {
      frameworks: "llama|ollama",
      diagnosis: "card-full",
      first: "num_gpu|num_ctx|OLLAMA",
      figures: { requestedBytes: 18171822080 },
    },
  ],
  [
    "erfanzar/EasyDeL#166",
    "    ) = self.sharded_train_step_function(sharded_state, batch)\njaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: XLA:TPU compile permanent error. Ran out of memory in memory space hbm. Used 63.80G of 30.75G hbm. Exceeded hbm capacity by 33.05G.\n\nTotal hbm usage >= 65.05G:\n    reserved          1.25G\n    program          63.80G\n    arguments            0B\n",
    { frameworks: "jax", diagnosis: "never|card-full", first: "batch|shard|remat|checkpoint" },
  ],
  [
    "pytorch/xla#1735",
    "RuntimeError: Resource exhausted: From /job:tpu_worker/replica:0/task:0:\nAttempting to reserve 3.95G at the bottom of memory. That was not possible. There are 1.92G free, 0B reserved, and 1.92G reservable.; \nHBM capacity 8.00G:\n       Top-of-Memory reserved:  529.00M (     554,696,704 bytes)\n          Currently allocated:    6.08G (   6,532,939,776 bytes)\n",
    { frameworks: "jax|xla|tpu|tensorflow", diagnosis: "card-full", first: "batch|shard|remat" },
  ],
  [
    "huggingface/text-generation-inference#710",
    "2023-07-27T10:00:00.123456Z ERROR warmup{max_input_length=3072 max_prefill_tokens=4096}:warmup: text_generation_client: router/client/src/lib.rs:33: Server error: Not enough memory to handle 16000 total tokens with 4096 prefill tokens. You need to decrease `--max-batch-total-tokens` or `--max-batch-prefill-tokens`\n",
    {
      frameworks: "tgi",
      diagnosis: "card-full|own|cache|never",
      first: "max-batch-(?:prefill|total)-tokens",
    },
  ],
  [
    "lmstudio-ai/lmstudio-bug-tracker#2240",
    "    mx.eval([c.state for c in self.prompt_cache])\nRuntimeError: [metal::malloc] Attempting to allocate 48736917632 bytes which is greater than the maximum allowed buffer size of 30150672384 bytes.\n\nAt:\n",
    {
      frameworks: "mlx",
      diagnosis: "never|own|limit|one-buffer",
      first: "prefill|shorter|chunk|step|context",
      figures: { requestedBytes: 48736917632 },
    },
  ],
  [
    "ml-explore/mlx#3327",
    "RuntimeError: [metal::malloc] Attempting to allocate 18446744069414600704 bytes which is greater than the maximum allowed buffer size of 86586540032 bytes.\n",
    { frameworks: "mlx", diagnosis: "never|own|limit|overflow|wrong|size" },
  ],
  [
    "systemd/systemd#42321",
    "    [   77.740597] systemd-oomd[659]: Memory pressure for /system.slice is 85.03% > 80.00% for > 2s with reclaim activity\n    [   77.749670] systemd-oomd[659]: Marked /system.slice/systemd-journald.service for killing due to memory pressure for /system.slice being 85.03% > 80.00% for > 2s with reclaim activity\n    [   77.752252] systemd[1]: systemd-journald.service: systemd-oomd killed 1 process(es) in this unit.\n",
    { frameworks: "systemd", diagnosis: "pressure|host-memory|killed|group" },
  ],
  [
    "redis/redis#5610",
    "348:M 26 Nov 15:26:17.047 # Can't save in background: fork: Cannot allocate memory\n348:M 26 Nov 15:26:46.734 * 1 changes in 900 seconds. Saving...\n348:M 26 Nov 15:26:46.734 # Can't save in background: fork: Cannot allocate memory\n",
    { frameworks: "redis", diagnosis: "host-memory", first: "overcommit_memory" },
  ],
  [
    "tporadowski/redis#64",
    "[13480] 03 Jul 04:30:03.983 # zmalloc: Out of memory trying to allocate 8388624 bytes\n",
    { frameworks: "redis", diagnosis: "host-memory", figures: { requestedBytes: 8388624 } },
  ],
  [
    "dotnet/runtime#77961",
    "> analyzeoom\nManaged OOM occurred after GC #2420 (Requested to allocate 4194360 bytes)\nReason: Didn't have enough memory to allocate an LOH segment\n",
    {
      frameworks: "dotnet",
      diagnosis: "heap-limit|own|host",
      first: "GCHeap|limit|memory",
      figures: { requestedBytes: 4194360 },
    },
  ],
  [
    "yahoo/TensorFlowOnSpark#134",
    "17/11/25 18:23:24 ERROR YarnClusterScheduler: Lost executor 9 on harrisburg.cs.example.edu: Container killed by YARN for exceeding memory limits. 7.2 GB of 4.2 GB virtual memory used. Consider boosting spark.yarn.executor.memoryOverhead.\n17/11/25 18:23:24 WARN TaskSetManager: Lost task 3.0 in stage 1.0 (TID 10, harrisburg, executor 9): ExecutorLostFailure (executor 9 exited caused by one of the running tasks) Reason: Container killed by YARN for exceeding memory limits. 7.2 GB of 4.2 GB virtual memory used. Consider boosting spark.yarn.executor.memoryOverhead.\n",
    { frameworks: "yarn|spark", diagnosis: "group-limit|own-limit", first: "vmem-check-enabled" },
  ],
  [
    "twosigma/beakerx#7282",
    "$ webpack --config webpack.prod.config.js\nThe command '/bin/sh -c /home/beakerx/setup.sh' returned a non-zero code: 137\n",
    { frameworks: "process|docker|build", diagnosis: "killed|group" },
  ],
  [
    "daveagp/java_jail#7",
    "Error occurred during initialization of VM\nCould not allocate metaspace: 1073741824 bytes\n",
    {
      frameworks: "jvm",
      diagnosis: "host|own|limit|class",
      first: "CompressedClassSpaceSize|ulimit|MaxMetaspace",
      figures: { requestedBytes: 1073741824 },
    },
  ],
  [
    "4thline/cling#240",
    'Exception in thread "cling-2" java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory or process/resource limits reached\n\tat java.base/java.lang.Thread.start0(Native Method)\n',
    { frameworks: "jvm", diagnosis: "thread|own|host", first: "ulimit|pids|thread", notFirst: "Xmx\\d" },
  ],
  [
    "davpin/cf-SpringBootTrader#27",
    '2015-10-18T10:28:45.12+0100 [App/0]      OUT # java.lang.OutOfMemoryError: Metaspace\n2015-10-18T10:28:45.12+0100 [App/0]      OUT # -XX:OnOutOfMemoryError="/home/vcap/app/.java-buildpack/open_jdk_jre/bin/killjava.sh"\n',
    { frameworks: "jvm", diagnosis: "heap|own|limit|class|meta", first: "MaxMetaspaceSize" },
  ],
  [
    "google-gemini/gemini-cli#14445",
    "<--- Last few GCs --->\n\n[6904:0000029E16A50000]  1889696 ms: Scavenge (during sweeping) 2043.3 (2047.8) -> 2042.0 (2048.3) MB, pooled: 0.0 MB, 3.93 / 0.00 ms (average mu = 0.274, current mu = 0.258) allocation failure;\n[6904:0000029E16A50000]  1891233 ms: Mark-Compact (reduce) 2045.8 (2050.3) -> 2042.3 (2046.8) MB, pooled: 0.0 MB, 795.53 / 0.00 ms (+ 363.9 ms in 61 steps since start of marking, biggest step 20.4 ms, walltime since start of marking 1176 ms) (average mu =\nFATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory\n----- Native stack trace -----\n",
    { frameworks: "nodejs", diagnosis: "heap-limit", first: "max-old-space-size" },
  ],
  [
    "mittagessen/kraken#699",
    "DataLoader worker (pid 270072) is killed by signal: \nBus error. It is possible that dataloader's workers are out of shared memory. \nPlease try to raise your shared memory limit. \n",
    { frameworks: "dataloader|pytorch", diagnosis: "shm|shared", first: "shm", details: { pid: 270072 } },
  ],
  [
    "brianc/node-postgres#383",
    "{ [Error: out of memory] severity: 'ERROR', code: '53200', detail: 'Failed on request of size 16.', file: 'aset.c', line: '767', routine: 'AllocSetAlloc' }\n",
    { frameworks: "postgres", diagnosis: "host-memory", figures: { requestedBytes: 16 } },
  ],
  [
    "agilord/postgres_pool#6",
    'Unhandled exception:\nPostgreSQLSeverity.unknown 53200: out of memory Detail: Failed on request of size 360 in memory context "CacheMemoryContext".\n',
    { frameworks: "postgres", diagnosis: "host-memory", figures: { requestedBytes: 360 } },
  ],
  [
    "docker-library/postgres#809",
    "postgres_1  | 2021-01-18 21:19:30.017 UTC [1] LOG:  server process (PID 316) was terminated by signal 9: Killed\npostgres_1  | 2021-01-18 21:19:30.017 UTC [1] DETAIL:  Failed process was running: SET default_transaction_isolation TO DEFAULT\npostgres_1  | 2021-01-18 21:19:30.017 UTC [1] LOG:  terminating any other active server processes\n",
    { frameworks: "postgres", diagnosis: "killed", first: "dmesg|work_mem", details: { pid: 316 } },
  ],
  [
    "powa-team/powa-web#177",
    "ERROR:  XX000: invalid memory alloc request size 1107200064\n",
    {
      frameworks: "postgres",
      diagnosis: "never|own|limit",
      first: "1 GB|1 GiB|corrupt|row|field",
      figures: { requestedBytes: 1107200064 },
    },
  ],
  [
    "ROCm/TheRock#1054",
    "torch.OutOfMemoryError: HIP out of memory. Tried to allocate 16.00 GiB. GPU 0 has a total capacity of 15.24 GiB of which 15.09 GiB is free. Of the allocated memory 0 bytes is allocated by PyTorch, and 0 bytes is reserved by PyTorch but unallocated. If reserved but unallocated memory is large try setting PYTORCH_HIP_ALLOC_CONF=expandable_segments:True to avoid fragmentation.\n",
    { frameworks: "pytorch", diagnosis: "never", notFirst: "expandable" },
  ],
  [
    "JuliaGPU/AMDGPU.jl#591",
    "*ERROR: HIPError(code hipErrorOutOfMemory, out of memory)*\n\nStacktrace:\n  [1] check\n",
    { frameworks: "julia|hip|amdgpu", diagnosis: "card-full|no-figures" },
  ],
  [
    "pytorch/pytorch#175431",
    "torch.OutOfMemoryError: HIP out of memory. Tried to allocate 2.00 MiB. GPU 7 has a total capacity of 287.98 GiB of which 203.49 GiB is free. Of the allocated memory 68.63 GiB is allocated by PyTorch, and 14.93 GiB is reserved by PyTorch but unallocated.\n",
    { frameworks: "pytorch", diagnosis: "free|else|limit|commit|not-full|elsewhere", notFirst: "expandable" },
  ],
  [
    "sunduanchen/Scissor#46",
    "<p>Error: cannot allocate vector of size 24.6 Gb</p>\n",
    {
      frameworks: "^r$",
      diagnosis: "host-memory",
      first: "sparse|chunk|ulimit|gc\\(|rm\\(|machine|less|R_MAX",
    },
  ],
  [
    "ramnathv/rMaps#68",
    'Error : cannot allocate vector of size 3.8 Gb\nIn addition: Warning messages:\n1: In get(".packageName", where) :\n  Reached total allocation of 3969Mb: see help(memory.size)\n2: In get(".packageName", where) :\n  Reached total allocation of 3969Mb: see help(memory.size)\n',
    { frameworks: "^r$", diagnosis: "host-memory|own-limit" },
  ],
  [
    "algbio/ggcat#65",
    "Started phase: eulertigs building [step1]\nmemory allocation of 309237645312 bytes failed\nAborted (core dumped)\n",
    { frameworks: "rust", diagnosis: "host-memory", figures: { requestedBytes: 309237645312 } },
  ],
  [
    "dotnet/runtime#61076",
    'Nov 01 22:29:11 aks-agentpool-20086390-vmss000008 containerd[2607]: time="2021-11-01T22:29:11.077222482Z" level=info msg="TaskOOM event &TaskOOM{ContainerID:593be5300ee37dfc83ddc02a4d575fb91c0e17ae1e7bfbc4074b2ac15baf229a,XXX_unrecognized:[],}"\nNov 01 22:29:11 aks-agentpool-20086390-vmss000008 kernel: oom_reaper: reaped process 2025 (stress), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB\n',
    { frameworks: "kubernetes|container", diagnosis: "group-limit", first: "limits|memory|docker" },
  ],
  [
    "kubernetes/kubernetes#3044",
    '                "termination": {\n                    "exitCode": 137,\n                    "reason": "OOM Killed",\n                    "startedAt": "2014-12-18T23:22:25Z",\n                    "finishedAt": "2014-12-18T23:22:26Z"\n',
    { frameworks: "kubernetes", diagnosis: "group-limit", first: "limits|memory" },
  ],
  [
    "deepspeedai/DeepSpeed#3869",
    ">                  ^^^^^^^^^^^^^^^^^^^\n> torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 978.00 MiB (GPU 0; 4.00 GiB total capacity; 1.68 GiB already allocated; 0 bytes free; 2.72 GiB reserved in total by PyTorch) If reserved memory is >> allocated memory try setting max_split_size_mb to avoid fragmentation.\n> [2023-07-04 17:31:27,755] [INFO] [launch.py:315:sigkill_handler] Killing subprocess 953850\n> [2023-07-04 17:31:27,755] [ERROR] [launch.py:321:sigkill_handler] ['/usr/bin/python3.11', '-u', 'a.py', '--local_rank=0'] exits with return code = 1\n",
    {
      frameworks: "pytorch",
      diagnosis: "fragmentation|card-full",
      figures: { requestedBytes: 1025507328, freeBytes: 0 },
    },
  ],
  [
    "deepspeedai/DeepSpeed#2852",
    "[2023-02-18 10:00:01,001] [INFO] [launch.py:286:sigkill_handler] Killing subprocess 4711\n[2023-02-18 10:00:01,065] [ERROR] [launch.py:292:sigkill_handler] ['/opt/conda/bin/python', '-u', 'pretrain.py', '--local_rank=3'] exits with return code = -9\n",
    { frameworks: "process|deepspeed", diagnosis: "killed", first: "dmesg|offload|memory" },
  ],
  [
    "datajuicer/data-juicer#39",
    "[2023-10-20 12:49:31,065] [INFO] [launch.py:315:sigkill_handler] Killing subprocess 179743\n[2023-10-20 12:49:31,067] [ERROR] [launch.py:321:sigkill_handler] ['/home/u/bin/python', '-u', 'train.py', '--local_rank=0'] exits with return code = -9\n",
    { frameworks: "process|deepspeed", diagnosis: "killed", first: "dmesg|offload|memory" },
  ],
  [
    "FactomProject/factomd#65",
    "fatal error: runtime: out of memory\n\nruntime stack:\nruntime.throw(0xa9c2e9, 0x16)\n\t/usr/local/go/src/runtime/panic.go:566 +0x95\nruntime.sysMap(0xc49d7c0000, 0x11ee0000, 0xc485f9c000, 0xefb058)\n",
    { frameworks: "^go$", diagnosis: "host-memory", first: "GOMEMLIMIT|memory|ulimit" },
  ],
  [
    "MetaCubeX/mihomo#1636",
    "fatal error: runtime: cannot allocate memory\n\nruntime stack:\nruntime.throw({0xf97e0a, 0x1f})\n\truntime/panic.go:1067 +0x34 fp=0xbe8e3a24\n",
    { frameworks: "^go$", diagnosis: "host-memory" },
  ],
  [
    "withastro/compiler#761",
    "fatal error: out of memory allocating heap arena metadata\n\nruntime stack:\nruntime.throw({0x46a34, 0x2c})\n",
    { frameworks: "^go$", diagnosis: "host-memory" },
  ],
  [
    "golang/go#11789",
    "runtime: out of memory: cannot allocate -8410442019078995968-byte block (1638400 in use)\nfatal error: out of memory\n",
    { frameworks: "^go$" },
  ],
  [
    "mozilla/jetstream#336",
    "distributed.nanny - WARNING - Restarting worker\ndistributed.nanny - WARNING - Worker exceeded 95% memory budget. Restarting\ndistributed.nanny - WARNING - Restarting worker\nERROR:2020-11-20 04:09:51,165:jetstream.cli:('counts-6ec2db25', <Work\ner 'tcp://127.0.0.1:34589', name: 2, memory: 0, processing: 3>)\n",
    { frameworks: "dask", diagnosis: "own-limit|group|killed", first: "repartition|memory.limit|nthreads" },
  ],
  [
    "vllm-project/vllm#10439",
    'vllm-1  | ERROR 11-18 18:07:28 engine.py:366]     raise ValueError("No available memory for the cache blocks. "\nvllm-1  | ERROR 11-18 18:07:28 engine.py:366] ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine.\n',
    { frameworks: "vllm", diagnosis: "cache-too-small", first: "utilization|util" },
  ],
  [
    "ml-explore/mlx#63",
    "libc++abi: terminating due to uncaught exception of type std::runtime_error: [malloc_or_wait] Unable to allocate 134217728 bytes.\n",
    { frameworks: "mlx", diagnosis: "card-full|host-memory|own", figures: { requestedBytes: 134217728 } },
  ],
  [
    "gpustack/gpustack#3831",
    "2025-12-11T10:34:03.939481Z stderr F RuntimeError: Not enough memory. Please try to increase --mem-fraction-static. Current value: self.server_args.mem_fraction_static=0.2\n",
    { frameworks: "sglang", first: "mem-fraction-static" },
  ],
  [
    "microsoftarchive/redis#310",
    "[2984] 18 Sep 09:25:23.528 # Out Of Memory allocating 1073741839 bytes!\n",
    { frameworks: "redis", figures: { requestedBytes: 1073741839 } },
  ],
  [
    "form of Docker's JSON log",
    '{"log":"java.lang.OutOfMemoryError: Java heap space\\n","stream":"stderr","time":"2024-03-05T10:11:12.123456789Z"}\n{"log":"\\tat java.base/java.util.Arrays.copyOf(Arrays.java:3537)\\n","stream":"stderr","time":"2024-03-05T10:11:12.123460000Z"}\n',
    { frameworks: "jvm", diagnosis: "heap-limit", first: "-Xmx" },
  ],
  [
    "ankaboot-source/leadminer#476",
    "\u001b[31mError [ERR_WORKER_OUT_OF_MEMORY]: \u001b[1mWorker terminated due to reaching memory limit: JS heap out of memory\u001b[0m\n    at new NodeError (node:internal/errors:393:5)\n",
    { frameworks: "nodejs", diagnosis: "heap-limit", first: "resourceLimits" },
  ],
  [
    "hkchengrex/STCN#132",
    "[rank1]: RuntimeError: DataLoader worker (pid 46795) is killed by signal: Bus error. It is possible that dataloader&#39;s workers are out of shared memory. Please try to raise your shared memory limit.\n",
    { frameworks: "dataloader", diagnosis: "shared", first: "shm", details: { pid: 46795 } },
  ],
  [
    "zalando/spilo#42",
    "LOG:  could not fork autovacuum worker process: Cannot allocate memory\n",
    { frameworks: "postgres", diagnosis: "host-memory" },
  ],
  [
    "PeerDB-io/peerdb#3220",
    "```\nPostgres WAL error: received error response, message: &{Severity:ERROR SeverityUnlocalized:ERROR Code:XX000 Message:invalid memory alloc request size 1225135281 Detail: Hint: Position:0}\n```\n",
    { frameworks: "postgres", figures: { requestedBytes: 1225135281 } },
  ],
  [
    "JetBrains/Exposed#594",
    'org.postgresql.util.PSQLException: FATAL: out of memory\nПодробности: Failed on request of size 12288 in memory context "TopMemoryContext".\n',
    { frameworks: "postgres", diagnosis: "host-memory", figures: { requestedBytes: 12288 } },
  ],
  [
    "wireapp/wire-server#562",
    "The command '/bin/sh -c apk add --no-cache git ncurses &&     mkdir -p /src && cd /src &&     stack build' returned a non-zero code: 137\n",
    { diagnosis: "killed" },
  ],
  [
    "form of two ranks in one log",
    "rank0: step 12 loss 2.11\nrank1: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.00 GiB. GPU 1 has a total capacity of 23.69 GiB of which 512.00 MiB is free. Process 77 has 23.18 GiB memory in use. Of the allocated memory 22.40 GiB is allocated by PyTorch, and 300.00 MiB is reserved by PyTorch but unallocated.\nrank0: step 13 loss 2.09\nrank3: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.00 GiB. GPU 3 has a total capacity of 23.69 GiB of which 500.00 MiB is free. Process 79 has 23.19 GiB memory in use. Of the allocated memory 22.40 GiB is allocated by PyTorch, and 310.00 MiB is reserved by PyTorch but unallocated.\n",
    { frameworks: "pytorch", diagnosis: "card-full", notFirst: "expandable" },
  ],
  [
    "deepspeedai/DeepSpeed#4239",
    "[2023-08-30 03:00:01,065] [ERROR] [launch.py:321:sigkill_handler] ['/usr/bin/python', '-u', 'train.py', '--local_rank=7'] exits with return code = -9\n",
    { diagnosis: "killed", certainty: "likely" },
  ],
  [
    "raycast/extensions#17587",
    "Error: Worker terminated due to reaching memory limit: JS heap out of memory\n\n[kOnExit]:worker:313:26\n",
    { framework: "nodejs", diagnosis: "heap-limit", first: "resourceLimits" },
  ],
  [
    "LargeWorldModel/LWM#60",
    "jaxlib.xla_extension.XlaRuntimeError: RESOURCE_EXHAUSTED: XLA:TPU compile permanent error. Ran out of memory in memory space hbm. Used 21.95G of 15.48G hbm.\n Exceeded hbm capacity by 6.47G.\n",
    { framework: "jax", diagnosis: "never-fits" },
  ],
  [
    "systemd/systemd#20690",
    "Sep 10 14:59:49 image systemd-oomd[34]: Killed /testsuite.slice/testsuite-55-testbloat.service due to memory pressure for /testsuite.slice being 64.15% > 1.00% for > 30s with reclaim activity\nSep 10 14:59:49 image systemd[1]: testsuite-55-testbloat.service: systemd-oomd killed 2 process(es) in this unit.\nSep 10 14:59:49 image systemd[1]: testsuite-55-testbloat.service: Main process exited, code=killed, status=9/KILL\n",
    { frameworks: "systemd" },
  ],
];

import { bytesWithBinaryUnit as size } from "../../base/format.js";
import type { Advice } from "../advice.js";
import { asSetting, enoughBytes } from "../fill.js";
import { shortBytes } from "../situation.js";
import type { Framework } from "./framework.js";
import { ABSURD, NVIDIA_SMI, TOO_LARGE } from "./pytorch-advice.js";

const LESS_ON_CARD: Advice = {
  do: (situation) => {
    const short = shortBytes(situation);
    return `Make the batch or the input smaller${short === undefined ? "" : `; it is short by ${size(short)}`}`;
  },
};
const CARD: Advice[] = [ABSURD, TOO_LARGE];

const HOST_ARRAY: Advice[] = [
  ABSURD,
  {
    do: "Use less main memory at once: a smaller dtype, the work in chunks, a memory-mapped file",
    paste: 'numpy.memmap("data.bin", dtype="float32", mode="r", shape=shape)',
  },
  { do: "Look whether the shape is meant: a broadcast, an outer product or a join multiplies sizes" },
  { do: "Add memory or swap, or raise the limit of the job or container" },
];

const JAX_POOL: Advice[] = [
  {
    for: ["arena-refused", "other-process", "card-full", "no-figures"],
    // A TPU has no such pool.
    when: ({ record }) => record.framework === "jax" && record.details.reason !== "hbm",
    do: "Let JAX take memory as it needs it, not three quarters of the card at once",
    paste: "XLA_PYTHON_CLIENT_PREALLOCATE=false   (or XLA_PYTHON_CLIENT_MEM_FRACTION=.50)",
  },
];

export const readFrameworks: readonly Framework[] = [
  {
    name: "tensorflow",
    title: "TensorFlow",
    memory: "device",
    advice: [
      ...CARD,
      {
        for: ["arena-refused", "other-process"],
        do: "End what else uses the card (another process, a notebook's kernel that still runs), or let TensorFlow take memory as it needs it",
        paste:
          "TF_FORCE_GPU_ALLOW_GROWTH=true   (tf.config.experimental.set_memory_growth(gpu, True); allow_growth=True in TF 1)",
        why: "By default TensorFlow asks for nearly the whole card at the start, and tries again with nine tenths each time it is refused.",
      },
      {
        for: ["arena-refused", "other-process"],
        do: "Or give this process a fixed part of the card",
        paste:
          "tf.config.set_logical_device_configuration(gpu, [tf.config.LogicalDeviceConfiguration(memory_limit=4096)])",
      },
      { for: ["arena-refused", "other-process"], do: "See who holds the card", paste: "nvidia-smi" },
      { for: ["card-full", "no-figures", "never-fits"], ...LESS_ON_CARD },
      {
        for: ["card-full", "no-figures"],
        do: "Compute in 16 bits",
        paste: 'tf.keras.mixed_precision.set_global_policy("mixed_float16")',
      },
      {
        for: ["host-memory"],
        do: "Use less main memory at once: a smaller shuffle buffer, no cache() in memory, smaller batches",
        paste: "dataset.shuffle(1000).batch(32).prefetch(1)",
      },
    ],
  },
  {
    name: "jax",
    title: "JAX",
    memory: "device",
    advice: [
      ...CARD.map((advice) => ({
        ...advice,
        when: ({ record }: Parameters<NonNullable<Advice["when"]>>[0]) =>
          record.details.programBytes === undefined,
      })),
      {
        for: ["on-chip-memory"],
        do: "Make the kernel's blocks (tiles) smaller: vmem is the scratch memory of one core, and the size of the batch does not matter to it",
        paste:
          "pl.BlockSpec((256, 128), ...)   (or --xla_tpu_scoped_vmem_limit_kib=32768 in LIBTPU_INIT_ARGS)",
      },
      {
        for: ["never-fits"],
        when: ({ record }) => record.details.programBytes !== undefined,
        do: "Give each chip less: a smaller batch per chip, or the model sharded over more chips",
      },
      {
        for: ["never-fits"],
        when: ({ record }) => record.details.programBytes !== undefined,
        do: "Recompute activations in the backward pass",
        paste: "jax.checkpoint(layer, policy=jax.checkpoint_policies.nothing_saveable)",
      },
      ...JAX_POOL,
      { for: ["card-full", "no-figures"], ...LESS_ON_CARD },
      {
        for: ["card-full", "no-figures", "never-fits"],
        when: ({ record }) => record.details.programBytes === undefined,
        do: "Recompute activations, and let inputs be overwritten",
        paste: "jax.checkpoint(f); jax.jit(step, donate_argnums=(0,))",
      },
    ],
  },
  {
    name: "llama.cpp",
    title: "llama.cpp",
    memory: "device",
    advice: [
      ...CARD,
      {
        for: ["host-memory"],
        do: "Take a smaller or more quantised model, or a smaller context, and let the file be memory-mapped",
        paste: "-c 4096   (and no --no-mmap, no --mlock)",
      },
      {
        do: (situation) => {
          const short = shortBytes(situation);
          return `Put fewer layers on the card${short === undefined ? "" : `; it is short by ${size(short)}`}`;
        },
        paste: "-ngl 20",
        why: "The layers that are left out run on the CPU.",
      },
      {
        do: "Or take a smaller context, batch or cache type",
        paste: "-c 4096 -ub 256 -fa on -ctk q8_0 -ctv q8_0",
      },
    ],
  },
  {
    name: "ollama",
    title: "Ollama",
    memory: "device",
    advice: [
      {
        do: "Take a smaller model or a smaller quantisation, or a shorter context (num_ctx)",
        paste: "OLLAMA_CONTEXT_LENGTH=4096 ollama serve   (PARAMETER num_ctx 4096 in a Modelfile)",
      },
      { do: "Unload other models", paste: "ollama ps; ollama stop MODEL" },
      {
        do: "Let fewer requests run at once, with a smaller cache",
        paste:
          "OLLAMA_NUM_PARALLEL=1 OLLAMA_MAX_LOADED_MODELS=1 OLLAMA_FLASH_ATTENTION=1 OLLAMA_KV_CACHE_TYPE=q8_0",
      },
    ],
  },
  {
    name: "nodejs",
    title: "Node.js",
    memory: "host",
    advice: [
      {
        when: ({ record }) => record.details.reason === "worker",
        do: "Raise the limit of the worker thread: new Worker(file, { resourceLimits })",
        paste: "resourceLimits: { maxOldGenerationSizeMb: 4096 }",
        why: "A worker has a heap of its own; --max-old-space-size of the process does not reach it. Pools of test runners and bundlers have their own option for it (execArgv, workerIdleMemoryLimit).",
      },
      {
        when: ({ record }) => record.details.reason === "worker",
        do: "Or give it less at once: more workers with smaller tasks, messages in pieces",
      },
      {
        for: ["heap-limit"],
        when: ({ record }) => record.details.reason !== "worker",
        do: "Raise the heap limit (--max-old-space-size, in MiB), if the machine has the memory",
        paste: ({ record }) => {
          const held = Math.max(record.reservedBytes ?? 0, record.allocatedBytes ?? 0);
          const mib = held === 0 ? 4096 : Math.ceil((1.5 * held) / 2 ** 30) * 1024;
          return `NODE_OPTIONS=--max-old-space-size=${Math.max(4096, mib)}`;
        },
      },
      {
        for: ["heap-limit"],
        when: ({ record }) => record.details.reason !== "worker",
        do: "If the heap only ever grows, take a heap snapshot and find what keeps it",
        paste: "node --heapsnapshot-near-heap-limit=2 app.js",
      },
      { for: ["host-memory"], do: "Allocate the buffer in pieces, or give the process more memory" },
    ],
  },
  {
    name: "jvm",
    title: "The JVM",
    memory: "host",
    advice: [
      {
        for: ["too-many-threads"],
        do: "Find how many threads there are, and why: a pool for each request is the usual cause",
        paste: "ps -o nlwp= -p PID; jstack PID | grep -c 'java.lang.Thread'",
      },
      {
        for: ["too-many-threads"],
        do: "Raise the limit on processes: ulimit -u, TasksMax of the systemd unit, or pids.max of the container",
        paste: "docker run --pids-limit 4096 ...   (systemctl set-property UNIT TasksMax=8192)",
        why: "Each Java thread is a task of the kernel, and the limit counts tasks, not bytes.",
      },
      { for: ["too-many-threads"], do: "Let a thread's stack be smaller", paste: "-Xss512k" },
      {
        for: ["heap-limit"],
        when: ({ record }) => /metaspace|permgen|class space/i.test(record.details.reason ?? ""),
        do: "Raise the limit for classes, or find the class loader that is loaded again and again and never let go",
        paste: "-XX:MaxMetaspaceSize=512m   (-XX:MaxPermSize before Java 8; jcmd PID VM.metaspace)",
      },
      {
        for: ["heap-limit"],
        when: ({ record }) =>
          /direct/i.test(record.details.reason ?? "") || record.details.limitBytes !== undefined,
        do: "Raise the limit for direct buffers, or find those that are never released",
        paste: "-XX:MaxDirectMemorySize=1g",
      },
      {
        for: ["heap-limit"],
        when: ({ record }) => /array|length/i.test(record.details.reason ?? ""),
        do: "Cut the data: one array was to have more elements than the JVM allows (2^31 - 1)",
      },
      {
        for: ["heap-limit"],
        when: ({ record }) =>
          !/metaspace|permgen|class space|direct|array|length/i.test(record.details.reason ?? ""),
        do: "Raise the heap",
        paste: "-Xmx4g   (or -XX:MaxRAMPercentage=75 in a container)",
      },
      {
        for: ["heap-limit"],
        do: "If it is met again, take a heap dump and find what keeps it",
        paste: "-XX:+HeapDumpOnOutOfMemoryError -XX:HeapDumpPath=/tmp",
      },
      {
        for: ["host-memory"],
        when: ({ record }) => record.details.reason === "class space",
        do: "Reserve less address space for classes, or raise the limit on virtual memory (ulimit -v, h_vmem)",
        paste: "-XX:CompressedClassSpaceSize=256m",
        why: "The JVM reserves 1 GiB of address space for classes when it starts, whatever -Xmx is.",
      },
      {
        for: ["host-memory"],
        do: "Make the heap smaller or the machine's memory larger: heap, metaspace, stacks and direct buffers must fit into it together",
        paste: "-XX:MaxRAMPercentage=60",
      },
      {
        for: ["host-memory"],
        do: "Check the limits of the process and the container",
        paste: "ulimit -v; cat /sys/fs/cgroup/memory.max; free -g",
      },
    ],
  },
  {
    name: "linux-kernel",
    title: "The kernel",
    memory: "host",
    advice: [
      {
        for: ["group-limit"],
        do: "Raise the memory limit of the container or job",
        paste: ({ record }) => {
          const enough = enoughBytes(record);
          const limit = enough === undefined ? undefined : asSetting(enough, "Gi", "Mi");
          if (limit === undefined)
            return "limits: { memory: 8Gi }   (docker run --memory 8g, #SBATCH --mem=8G)";
          return `limits: { memory: ${limit} }   (docker run --memory ${asSetting(enough ?? 0, "g", "m")}, #SBATCH --mem=${asSetting(enough ?? 0)})`;
        },
      },
      {
        for: ["group-limit"],
        do: "Or cap the program below the limit, so that it fails with a message of its own (a heap limit, fewer workers)",
      },
      {
        for: ["host-memory"],
        do: "Use less main memory at once (fewer workers, smaller batches), or add memory or swap",
      },
      { for: ["host-memory"], do: "See who else holds the memory", paste: "ps aux --sort=-rss | head" },
      {
        for: ["killed"],
        do: "Read the rest of the kernel's report: whom it killed, and whether a group's limit was met",
        paste: "dmesg -T | grep -iE 'oom-kill|killed process|memory: usage'",
      },
    ],
  },
  { name: "numpy", title: "NumPy", memory: "host", advice: HOST_ARRAY },
  { name: "python", title: "Python", memory: "host", advice: HOST_ARRAY },
  {
    name: "cupy",
    title: "CuPy",
    memory: "device",
    advice: [
      ...CARD,
      {
        for: ["allocator-cap"],
        do: "Raise or remove the limit of the pool",
        paste: "cupy.get_default_memory_pool().set_limit(size=0)",
        frees: ({ balance: { total, cap = 0 } }) => (total === undefined ? null : total - cap),
      },
      {
        do: "Free what the pool keeps, and work on smaller arrays at once",
        paste: "cupy.get_default_memory_pool().free_all_blocks()",
      },
      NVIDIA_SMI,
    ],
  },
  {
    name: "onnxruntime",
    title: "ONNX Runtime",
    memory: "device",
    advice: [
      ...CARD,
      {
        for: ["host-memory"],
        do: "Use less main memory: a smaller batch, no memory arena",
        paste: "session_options.enable_cpu_mem_arena = False",
      },
      {
        for: ["card-full", "no-figures", "allocator-cap", "other-process"],
        do: "Give it less at once: a smaller batch, image or sequence, or a model in fp16",
      },
      {
        for: ["card-full", "no-figures", "allocator-cap", "other-process"],
        do: "Let the arena of the CUDA provider grow by what is asked, and raise its limit if one is set",
        paste:
          'providers=[("CUDAExecutionProvider", {"arena_extend_strategy": "kSameAsRequested", "gpu_mem_limit": 8 * 1024**3})]',
      },
      { do: "Close other programs that use the card, or run on the CPU provider" },
    ],
  },
  {
    name: "paddle",
    title: "PaddlePaddle",
    memory: "device",
    advice: [
      ...CARD,
      NVIDIA_SMI,
      { for: ["host-memory"], do: "Use less main memory at once: fewer workers, smaller batches" },
      LESS_ON_CARD,
      {
        do: "Let it take memory as it needs it",
        paste: "FLAGS_allocator_strategy=auto_growth FLAGS_fraction_of_gpu_memory_to_use=0",
      },
    ],
  },
];

import type { Advice } from "../advice.js";
import type { Message, SpokenFramework } from "./framework.js";

const SEE_THE_CARD: Advice = {
  do: "See what else is on the card",
  paste: "nvidia-smi --query-compute-apps=pid,process_name,used_memory --format=csv",
};
const NO_FIGURE = "got no more memory of the card; the text states no figure.";
const ASKED = "asked the card for {requested}, and they were not free.";

export const pycuda: SpokenFramework = {
  name: "pycuda",
  title: "PyCUDA",
  memory: "device",
  messages: [
    {
      text: "MemoryError: cuMem{word:call} failed: <<out of memory||memory allocation>>",
      means: ["card-full", `PyCUDA ${NO_FIGURE}`],
      stands: "end",
    },
    ...[
      "cuMemAlloc",
      "cuMemAllocPitch",
      "cuMemAllocManaged",
      "cuCtxCreate",
      "cuArrayCreate",
      "cuMemHostAlloc",
    ].map((call): Message => ({
      text: `${call} failed: out of memory`,
      means: ["card-full", `PyCUDA ${NO_FIGURE}`],
      stands: "end",
      when: (view, { index }) => /pycuda|MemoryError:$/.test(view.rawBefore(index, 1500)),
    })),
  ],
  advice: [
    { do: "Work on smaller arrays at once, and free those that are done", paste: "array.gpudata.free()" },
    { do: "Reuse memory in a pool", paste: "pycuda.tools.DeviceMemoryPool()" },
    SEE_THE_CARD,
  ],
};

export const numba: SpokenFramework = {
  name: "numba",
  title: "Numba",
  memory: "device",
  messages: [
    {
      text: "Call to {word:call} results in CUDA_ERROR_OUT_OF_MEMORY",
      means: ["card-full", `Numba (in {call}) ${NO_FIGURE}`],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Work on smaller arrays at once, and drop references to those that are done",
      paste: "del array; cuda.current_context().deallocations.clear()",
    },
    SEE_THE_CARD,
  ],
};

export const rmm: SpokenFramework = {
  name: "rmm",
  title: "RAPIDS (RMM)",
  memory: "device",
  messages: [
    {
      text: "RMM failure at:{any:200}: Maximum pool size exceeded",
      means: [
        "allocator-cap",
        "The memory pool of RMM has met its largest size; the card itself may have more.",
      ],
      stands: "free",
    },
    {
      text: "std::bad_alloc: out_of_memory: CUDA error <<at: >>{any:240}",
      means: ["card-full", `RAPIDS ${NO_FIGURE}`],
      stands: "free",
    },
    {
      text: "std::bad_alloc: CUDA error at: {any:240}<<cudaErrorMemoryAllocation out of memory||memory_resource.hpp>>",
      means: ["card-full", `RAPIDS ${NO_FIGURE}`],
      stands: "free",
      when: (_, match) => /rmm|memory_resource/.test(match[0]),
    },
    {
      text: "RMM_ERROR_OUT_OF_MEMORY",
      means: ["card-full", `RAPIDS ${NO_FIGURE}`],
      stands: "end",
    },
  ],
  advice: [
    {
      for: ["allocator-cap"],
      do: "Give the pool a larger maximum, or start without one",
      paste: "rmm.reinitialize(pool_allocator=True, maximum_pool_size=None)",
    },
    {
      do: "Let memory spill to the host",
      paste: "rmm.reinitialize(managed_memory=True)   (cudf: CUDF_SPILL=on)",
    },
    { do: "Read the data in pieces, or spread it over more cards with dask-cudf" },
    SEE_THE_CARD,
  ],
};

export const xgboost: SpokenFramework = {
  name: "xgboost",
  title: "XGBoost",
  memory: "device",
  messages: [
    {
      text: "Memory allocation error on worker {whole:_rank}: {any:80}out of memory - Free memory: {size:freeBytes} - Requested memory: {size:requestedBytes}",
      means: [
        "card-full",
        "XGBoost asked the card for {requested}, and {free} were free[[: {short} short]].",
      ],
    },
    {
      text: "Memory allocation error on worker {whole:_rank}: {any:80}out of memory<<\\\\n>>- Free memory: {whole:freeBytes}<<\\\\n>>- Requested memory: {whole:requestedBytes}",
      means: [
        "card-full",
        "XGBoost asked the card for {requested}, and {free} were free[[: {short} short]].",
      ],
    },
    {
      text: "Memory allocation error on worker {whole:_rank}: std::bad_alloc",
      means: ["card-full", `XGBoost ${NO_FIGURE}`],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Feed the data in batches, so that it is held quantised only",
      paste: "xgb.QuantileDMatrix(iterator, max_bin=128)   (or external memory: xgb.ExtMemQuantileDMatrix)",
      why: "A DMatrix holds the data in floats beside the quantised copy.",
    },
    {
      do: "Lower max_bin or max_depth, or sample rows",
      paste: 'max_bin=64, max_depth=6, subsample=0.3, sampling_method="gradient_based"',
    },
    SEE_THE_CARD,
  ],
};

export const lightgbm: SpokenFramework = {
  name: "lightgbm",
  title: "LightGBM",
  memory: "device",
  messages: [
    {
      text: "[LightGBM] [Fatal] Memory object allocation failure",
      means: ["card-full", "LightGBM got no more memory of the card; the text states no figure."],
      stands: "free",
    },
    {
      text: "Memory object allocation failure",
      means: [
        "card-full",
        "A program with OpenCL got no more memory of the card; the text states no figure.",
      ],
    },
  ],
  advice: [
    {
      do: "Lower max_bin and num_leaves, or train on the CPU",
      paste: "max_bin=63, num_leaves=63, gpu_use_dp=false",
    },
    SEE_THE_CARD,
  ],
};

export const nvenc: SpokenFramework = {
  name: "nvenc",
  title: "NVIDIA's video encoder",
  memory: "device",
  messages: [
    {
      text: "OpenEncodeSessionEx failed: out of memory (10)",
      means: [
        "own-limit",
        "The card could open no further encoder session: consumer cards allow few at once, and a full card none.",
      ],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Encode fewer streams at once: GeForce drivers limit the number of sessions",
      paste: "nvidia-smi encodersessions",
    },
    SEE_THE_CARD,
  ],
};

export const faiss: SpokenFramework = {
  name: "faiss",
  title: "Faiss",
  memory: "device",
  messages: [
    {
      text: "ailed to cudaMalloc {whole:requestedBytes} bytes<< on device {whole:gpuIndex}>><< (error 2 out of memory>>",
      means: ["card-full", `Faiss ${ASKED}`],
    },
    {
      text: "alloc fail type {word:reason} dev {whole:gpuIndex} space Device stream {word:_stream} size {whole:requestedBytes} bytes (cudaMalloc error out of memory [2])",
      means: ["card-full", `Faiss asked the card for {requested} ({reason}), and they were not free.`],
    },
  ],
  advice: [
    {
      do: "Let it reserve less for temporary results",
      paste: "res.setTempMemory(64 * 1024 * 1024)",
      why: "Faiss reserves up to 1.5 GiB of the card at the start.",
    },
    {
      do: "Store vectors in float16, or in a compressed index (IVF with PQ), or shard it over cards",
      paste: "co = faiss.GpuClonerOptions(); co.useFloat16 = True",
    },
    SEE_THE_CARD,
  ],
};

export const opencv: SpokenFramework = {
  name: "opencv",
  title: "OpenCV",
  memory: "device",
  messages: [
    {
      text: "(-4:Insufficient memory) Failed to allocate {whole:requestedBytes} bytes",
      means: ["host-memory", "The system refused OpenCV {requested} of main memory."],
      details: { onHost: true },
    },
    {
      text: "(-217:Gpu API call) out of memory in function",
      means: ["card-full", `OpenCV ${NO_FIGURE}`],
      stands: "free",
    },
    {
      text: "OpenCV Error: Gpu API call (out of memory)",
      means: ["card-full", `OpenCV ${NO_FIGURE}`],
      stands: "free",
    },
  ],
  advice: [
    {
      for: ["host-memory"],
      do: "Use less main memory at once: fewer DataLoader workers, smaller images, smaller caches of images",
    },
    {
      for: ["card-full"],
      do: "Release matrices on the card that are done, and reuse those of one size",
      paste: "gpuMat.release()",
    },
    { for: ["card-full"], ...SEE_THE_CARD },
  ],
};

export const mxnet: SpokenFramework = {
  name: "mxnet",
  title: "MXNet",
  memory: "device",
  messages: [
    {
      text: "storage_manager.h:{whole:_sourceLine}: cudaMalloc<< retry>> failed: out of memory",
      means: ["card-full", `MXNet ${NO_FIGURE}`],
      stands: "free",
    },
    {
      text: "MXNetError: {any:80}cudaMalloc<< retry>> failed: out of memory",
      means: ["card-full", `MXNet ${NO_FIGURE}`],
      stands: "free",
    },
  ],
  advice: [
    { do: "Make the batch or the images smaller", paste: "--batch-size 1" },
    { do: "Keep less in the pool", paste: "MXNET_GPU_MEM_POOL_TYPE=Round MXNET_GPU_MEM_POOL_RESERVE=5" },
    SEE_THE_CARD,
  ],
};

export const physx: SpokenFramework = {
  name: "physx",
  title: "PhysX (Isaac)",
  memory: "device",
  messages: [
    {
      text: "<<PxgCudaDeviceMemoryAllocator||PxgPinnedMemoryAllocator||PxgCudaHostMemoryAllocator>> fail to allocate memory {whole:requestedBytes} bytes!! Result = 2",
      means: ["card-full", `The physics engine ${ASKED}`],
    },
    {
      text: "fail to allocate memory {whole:requestedBytes} bytes!! Result = 2",
      means: ["card-full", `The physics engine ${ASKED}`],
    },
  ],
  advice: [
    { do: "Simulate fewer environments at once", paste: "num_envs=1024" },
    {
      do: "Lower the buffers of the scene",
      paste: "gpu_max_rigid_contact_count, gpu_found_lost_pairs_capacity, gpu_collision_stack_size",
    },
    SEE_THE_CARD,
  ],
};

export const mindspore: SpokenFramework = {
  name: "mindspore",
  title: "MindSpore",
  memory: "device",
  messages: [
    {
      text: "Memory not enough: current free memory size[{whole:freeBytes}] is smaller than required size[{whole:requestedBytes}]",
      means: ["card-full", "MindSpore asked for {requested}, and {free} were free."],
    },
    {
      text: "TotalUsedMemStatistics : {whole:allocatedBytes} plus TotalUsedByEventMemStatistics : {whole:_events} and plus alloc size : {whole:requestedBytes} is more than total mem size : {whole:limitBytes}",
      means: [
        "card-full",
        "MindSpore holds {allocated} of the {limit} that it may take, and asked for {requested} more.",
      ],
    },
    {
      text: "memory isn't enough and alloc failed, kernel name: {text:_kernel}, alloc size: {whole:requestedBytes}B",
      means: ["card-full", "MindSpore asked for {requested}, and they were not free."],
    },
    {
      text: "Out of Memory!!! Request memory size: {whole:requestedBytes}B",
      means: ["card-full", "MindSpore asked for {requested}, and they were not free."],
    },
  ],
  advice: [
    { do: "Make the batch smaller, or recompute activations", paste: "cell.recompute()" },
    {
      do: "Let MindSpore take more of the card, if it is limited",
      paste: 'mindspore.set_context(max_device_memory="30GB")',
    },
  ],
};

export const levelZero: SpokenFramework = {
  name: "level-zero",
  general: true,
  title: "a program on an Intel card (Level Zero)",
  memory: "device",
  messages: ["ZE_RESULT_ERROR_OUT_OF_DEVICE_MEMORY", "UR_RESULT_ERROR_OUT_OF_DEVICE_MEMORY"].map(
    (text): Message => ({
      text,
      means: ["card-full", `The program ${NO_FIGURE}`],
      stands: "free",
      when: (view, { index }) =>
        /(?:error:?-?\d*\(?|failed:?|returned|returns:?-?\d*\(?)$/i.test(
          view.text.slice(Math.max(0, index - 40), index),
        ),
    }),
  ),
  advice: [
    { do: "Give the card less at once: a smaller batch, context, image or model" },
    {
      do: "If it asks for one buffer above 4 GB, allow those",
      paste: "UR_L0_ENABLE_RELAXED_ALLOCATION_LIMITS=1",
      why: "The driver refuses larger buffers unless the program or this variable asks for them.",
    },
    { do: "See what else is on the card", paste: "xpu-smi ps; xpu-smi stats -d 0" },
  ],
};

export const opencl: SpokenFramework = {
  name: "opencl",
  title: "OpenCL",
  memory: "device",
  messages: [
    {
      text: "errcode -6,CL_OUT_OF_HOST_MEMORY",
      means: [
        "host-memory",
        "The driver of the card got no more main memory, often while it built a kernel; the text states no figure.",
      ],
      details: { onHost: true },
      stands: "free",
    },
    {
      text: "CL_MEM_OBJECT_ALLOCATION_FAILURE",
      means: ["card-full", `A program with OpenCL ${NO_FIGURE}`],
      stands: "free",
      when: (view, { index }) =>
        /(?:\(\)?:|error:?|failed:?|returned|=>?|\(-4\)|cl[A-Z]\w+:)$/i.test(
          view.text.slice(Math.max(0, index - 60), index),
        ),
    },
  ],
  advice: [
    {
      for: ["host-memory"],
      do: "Give the driver more main memory: close other programs, or build and compile fewer kernels at once",
    },
    {
      do: "Give the card less work at once (hashcat: a lower -n and -w 1; others: smaller tiles or batches)",
      paste: "-w 1 -n 8",
    },
    {
      do: "Close what else uses the card",
      why: "OpenCL allows one buffer at most a quarter of the card on many drivers (CL_DEVICE_MAX_MEM_ALLOC_SIZE).",
    },
  ],
};

export const miner: SpokenFramework = {
  name: "miner",
  title: "a miner",
  memory: "device",
  messages: [
    {
      text: "not have enough free memory to hold the DAG for epoch {whole:_epoch}. Required: {size:requestedBytes}, free: {size:freeBytes}",
      means: ["card-full", "The DAG needs {requested}, and the card has {free} free[[: short by {short}]]."],
    },
    {
      text: "insufficient memory for DAG epoch {whole:_epoch}",
      means: ["card-full", "The DAG of this epoch does not fit into what the card has free."],
    },
  ],
  advice: [
    { do: "Mine a coin with a smaller DAG, or only one algorithm at a time" },
    { do: "Free what else uses the card: no monitor on it, no other program", paste: "nvidia-smi" },
  ],
};

export const blender: SpokenFramework = {
  name: "blender",
  title: "Blender",
  memory: "device",
  messages: [
    {
      text: "System is out of GPU<< and shared host>> memory",
      means: [
        "card-full",
        "The scene does not fit into the card; Blender tried the main memory too where it says so.",
      ],
    },
    {
      text: "Out of memory in cu{word:call}(",
      means: ["card-full", "Blender got no more memory of the card."],
      stands: "line",
    },
  ],
  advice: [
    {
      do: "Make the scene smaller: Simplify in the render settings, with a texture limit of 2048 and fewer subdivisions",
    },
    { do: "Render in smaller tiles (Memory, Use Tiling), and without persistent data" },
    { do: "Render on the CPU, if main memory is larger" },
  ],
};

export const cudaProgram: SpokenFramework = {
  name: "cuda",
  general: true,
  title: "a CUDA program",
  memory: "device",
  messages: [
    {
      text: "Failed to allocate {whole:requestedBytes} bytes on device '<<cuda:>>{whole:gpuIndex}'",
      means: ["card-full", `The program ${ASKED}`],
    },
    {
      text: "Error while calling cudaMalloc(",
      means: ["card-full", `The program ${NO_FIGURE}`],
      stands: "free",
      when: (view, { index }) => /outofmemory/.test(view.text.slice(index, index + 400)),
    },
    {
      text: "code=2(cudaErrorMemoryAllocation)",
      means: ["card-full", `The program ${NO_FIGURE}`],
      stands: "free",
    },
    {
      text: "hit cudaErrorMemoryAllocation (error 2)",
      means: ["card-full", `The program ${NO_FIGURE}`],
      stands: "free",
    },
    ...["cudaMalloc", "cuMemAlloc", "cuMemCreate", "cudaMallocAsync", "cudaMallocManaged", "cuCtxCreate"].map(
      (call): Message => ({
        text: `${call}<<()>><<: >> failed: <<out of memory||CUDA_ERROR_OUT_OF_MEMORY>>`,
        means: ["card-full", `The program ${NO_FIGURE}`],
        stands: "end",
      }),
    ),
    {
      text: "cudaErrorMemoryAllocation: out of memory",
      means: ["card-full", `The program ${NO_FIGURE}`],
      stands: "free",
    },
    {
      text: "CUDA error 2<<:||(>> out of memory",
      means: ["card-full", `The program ${NO_FIGURE}`],
      stands: "free",
    },
    {
      text: "CUDA_ERROR_OUT_OF_MEMORY: out of memory",
      means: ["card-full", `The program ${NO_FIGURE}`],
      stands: "end",
    },
  ],
  advice: [{ do: "Give the card less at once: a smaller batch, image, tile or model" }, SEE_THE_CARD],
};

export const hipProgram: SpokenFramework = {
  name: "hip",
  general: true,
  title: "a HIP program",
  memory: "device",
  messages: [
    {
      text: "error: 'hipErrorOutOfMemory'(2)",
      means: ["card-full", `The program ${NO_FIGURE}`],
      stands: "free",
    },
    {
      text: "HIP driver error 'hipErrorOutOfMemory'",
      means: ["card-full", `The program ${NO_FIGURE}`],
      stands: "free",
    },
    {
      text: "hipErrorOutOfMemory{any:6}out of memory",
      means: ["card-full", `The program ${NO_FIGURE}`],
      stands: "free",
    },
    ...["hipMalloc", "hipMallocAsync", "hipExtMallocWithFlags"].map((call): Message => ({
      text: `${call} failed: out of memory`,
      means: ["card-full", `The program ${NO_FIGURE}`],
      stands: "end",
    })),
    {
      text: "HIP error: hipErrorOutOfMemory",
      means: ["card-full", `The program ${NO_FIGURE}`],
      stands: "end",
    },
  ],
  advice: [
    { do: "Give the card less at once: a smaller batch, image, tile or model" },
    { do: "See what else is on the card", paste: "rocm-smi --showmeminfo vram --showpids" },
  ],
};

export const vulkanProgram: SpokenFramework = {
  name: "vulkan",
  general: true,
  title: "a Vulkan program",
  memory: "device",
  messages: [
    {
      text: "VkResult: ERROR_OUT_OF_DEVICE_MEMORY",
      means: ["card-full", `The program ${NO_FIGURE}`],
      stands: "free",
    },
    {
      text: "VK_ERROR_OUT_OF_DEVICE_MEMORY",
      means: ["card-full", `The program ${NO_FIGURE}`],
      stands: "end",
    },
  ],
  advice: [
    { do: "Give the card less at once: smaller textures, models or resolutions" },
    { do: "Close what else uses the card" },
  ],
};

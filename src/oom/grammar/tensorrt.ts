import type { View } from "../view.js";
import type { SpokenFramework } from "./framework.js";

const isLlm = (view: View, { index }: RegExpExecArray): boolean =>
  /tensorrt[-_]llm|tllm/i.test(view.stretch.raw.slice(0, 200_000)) &&
  /tensorrt[-_]?llm|tllm/i.test(view.rawLine(index).text + view.text.slice(index, index + 400));

export const tensorrtLlm: SpokenFramework = {
  name: "tensorrt-llm",
  title: "TensorRT-LLM",
  memory: "device",
  messages: [
    {
      text: "CUDA runtime error in {any:200}: out of memory",
      means: ["card-full", "TensorRT-LLM got no more memory of the card; the text states no figure."],
      stands: "free",
      when: isLlm,
    },
    {
      text: "Executor creation failed due to insufficient GPU memory",
      means: ["card-full", "TensorRT-LLM could not be started: a part of it did not fit into the card."],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Give the key/value cache a smaller share of the free memory",
      paste:
        "kv_cache_config.free_gpu_memory_fraction: 0.7   (kv_cache_free_gpu_mem_fraction in Triton's config.pbtxt)",
      why: "By default the cache takes 90 % of what is free after the engine is loaded, which leaves little for activations and other libraries.",
    },
    {
      do: "Build or start with smaller limits",
      paste: "--max_batch_size 16 --max_num_tokens 4096 --max_seq_len 8192",
      why: "Buffers are sized for the largest batch and for max_num_tokens at once.",
    },
    { do: "Take quantised weights, or spread them over more cards", paste: "--tp_size 2" },
    {
      do: "See what else is on the card",
      paste: "nvidia-smi --query-compute-apps=pid,process_name,used_memory --format=csv",
    },
  ],
};

export const tensorrt: SpokenFramework = {
  name: "tensorrt",
  title: "TensorRT",
  memory: "device",
  reach: 300,
  messages: [
    {
      text: "Error Code 2: OutOfMemory (Requested size was {whole:requestedBytes} bytes",
      means: ["card-full", "TensorRT asked the card for {requested}, and they were not there."],
    },
    {
      text: "OutOfMemory (Requested size was {whole:requestedBytes} bytes",
      means: ["card-full", "TensorRT asked the card for {requested}, and they were not there."],
    },
    {
      text: "user allocator error allocating {whole:requestedBytes}-byte buffer",
      means: ["card-full", "TensorRT asked the card for {requested}, and they were not there."],
    },
    {
      text: "Requested amount of <<GPU memory||memory>> ({whole:requestedBytes} bytes) could not be allocated. There may not be enough free memory for allocation to succeed",
      means: ["card-full", "TensorRT asked the card for {requested}, and they were not there."],
      when: (view, { index }) => !/onnxruntime/.test(view.rawBefore(index, 400)),
    },
    {
      text: "Skipping tactic {word:_tactic} due to insufficient memory on requested size of {whole:requestedBytes}",
      means: [
        "warning-only",
        "TensorRT skipped a way to compute a layer that needs {requested} of work space; the build goes on, possibly with a slower one.",
      ],
      details: { warningOnly: true },
    },
    {
      text: "OutOfMemory (no further information)",
      means: ["card-full", "TensorRT got no more memory of the card; the text states no figure."],
      stands: "free",
    },
    {
      text: "Cuda Error in allocate: 2 (out of memory)",
      means: ["card-full", "TensorRT got no more memory of the card; the text states no figure."],
      stands: "free",
    },
    {
      text: "Error Code 1: Cuda Runtime (out of memory)",
      means: ["card-full", "TensorRT got no more memory of the card; the text states no figure."],
      stands: "free",
    },
    {
      text: "DefaultAllocator::allocate: 2 (out of memory)",
      means: ["card-full", "TensorRT got no more memory of the card; the text states no figure."],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Limit the work space of the build",
      paste: "trtexec --memPoolSize=workspace:2048   (config.set_memory_pool_limit in Python)",
      why: "Tactics that need more are skipped; one that fits is usually there.",
    },
    { do: "Build for a smaller largest batch or shape (the optimisation profile's max), or in fp16 or int8" },
    {
      do: "See what else is on the card; a framework in the same process keeps its own pool",
      paste: "nvidia-smi --query-compute-apps=pid,process_name,used_memory --format=csv",
    },
  ],
};

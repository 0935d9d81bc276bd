import type { SpokenFramework } from "./framework.js";

export const mlcLlm: SpokenFramework = {
  name: "mlc-llm",
  title: "MLC LLM",
  memory: "device",
  messages: [
    {
      text: "Insufficient GPU memory error: The available single GPU memory is {size:freeBytes}, which is less than the sum of model weight size ({size:weightsBytes}) and temporary buffer size ({size:temporaryBytes})",
      means: [
        "cache-too-small",
        "The weights and temporary buffers need more than the {free} that MLC LLM may use of the card; nothing is left for the cache.",
      ],
    },
    {
      text: "Insufficient GPU memory error:",
      means: ["cache-too-small", "The card has too little memory for the model as it is set."],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Make the temporary buffers smaller",
      paste: "mlc_llm gen_config ... --prefill-chunk-size 1024",
      why: "They grow with the prompt that is processed at once.",
    },
    { do: "Let it use more of the card", paste: "EngineConfig(gpu_memory_utilization=0.92)" },
    {
      do: "Spread the model over more cards, or take a smaller quantisation",
      paste: "--tensor-parallel-shards 2",
    },
  ],
};

export const lmdeploy: SpokenFramework = {
  name: "lmdeploy",
  title: "LMDeploy",
  memory: "device",
  messages: [
    {
      text: "[TM][<<ERROR||FATAL>>] CUDA runtime error: out of memory",
      means: ["card-full", "LMDeploy got no more memory of the card; the text states no figure."],
      stands: "free",
    },
    {
      text: "No enough gpu memory for runtime. Please reduce cache_max_entry_count",
      means: ["cache-too-small", "The weights leave too little of the card for the runtime and the cache."],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Let the key/value cache take less of what the weights leave",
      paste: "--cache-max-entry-count 0.4   (TurbomindEngineConfig(cache_max_entry_count=0.4))",
      why: "The default takes 80 % of the free memory, and the rest must hold the activations.",
    },
    { do: "Hold the cache in 8 bits", paste: "--quant-policy 8" },
    {
      do: "Spread the model over more cards, or take quantised weights",
      paste: "--tp 2   (--model-format awq)",
    },
    { do: "Lower the length of a session and the batch", paste: "--session-len 8192 --max-batch-size 16" },
  ],
};

export const cudarc: SpokenFramework = {
  name: "cudarc",
  title: "a Rust program with CUDA (Candle)",
  memory: "device",
  messages: [
    {
      text: 'DriverError(CUDA_ERROR_OUT_OF_MEMORY, "out of memory")',
      means: ["card-full", "The program got no more memory of the card; the text states no figure."],
      stands: "free",
    },
    {
      text: "DriverError(CUDA_ERROR_OUT_OF_MEMORY",
      means: ["card-full", "The program got no more memory of the card; the text states no figure."],
      stands: "free",
    },
  ],
  advice: [
    { do: "Take a smaller or quantised model (GGUF), or bf16 in place of f32", paste: "--dtype bf16" },
    { do: "Make the batch or the prompt smaller" },
    {
      do: "See what else is on the card",
      paste: "nvidia-smi --query-compute-apps=pid,process_name,used_memory --format=csv",
    },
  ],
};

export const neuron: SpokenFramework = {
  name: "neuron",
  title: "AWS Neuron",
  memory: "device",
  messages: [
    {
      text: "Failed to alloc<<ate>> DEVICE memory: {whole:requestedBytes}",
      means: ["card-full", "A Neuron core asked its device for {requested}, and they were not free."],
    },
    {
      text: "Failed to allocate {whole:requestedBytes} bytes on <<DEVICE||device>> {whole:gpuIndex}",
      means: ["card-full", "A Neuron core asked its device for {requested}, and they were not free."],
      when: (view, { index }) => /nrt|neuron|tdrv/i.test(view.rawBefore(index, 300)),
    },
    {
      text: 'nrt_{word:call} status=4 message="Allocation Failure"',
      means: ["card-full", "A Neuron core got no more memory of its device."],
    },
    {
      text: "status=4 message=Allocation Failure",
      means: ["card-full", "A Neuron core got no more memory of its device."],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Spread the model over more cores",
      paste: "tp_degree=24   (vLLM: --tensor-parallel-size 24)",
      why: "Each core has its own memory: 16 GiB an Inferentia2 or Trainium core.",
    },
    {
      do: "Lower the batch, the length or the list of compiled buckets",
      paste: "batch_size=1, n_positions=2048",
    },
    { do: "See what each core holds", paste: "neuron-top" },
  ],
};

export const lmStudio: SpokenFramework = {
  name: "lm-studio",
  title: "LM Studio",
  memory: "host",
  messages: [
    {
      text: "Model loading was stopped due to insufficient system resources. Under the current settings, this model requires approximately {size:requestedBytes} of memory",
      means: [
        "own-limit",
        "LM Studio estimates {requested} for the model, more than its guardrail allows here.",
      ],
    },
    {
      text: "Model loading <<was stopped||aborted>> due to insufficient system resources",
      means: ["own-limit", "LM Studio estimates that the model needs more memory than is there."],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Load it with a shorter context, or take a smaller quantisation",
      paste: "lms load MODEL --context-length 8192",
      why: "The estimate counts the key/value cache at the full context.",
    },
    {
      do: "If the estimate is wrong, relax the guardrail (Settings, Hardware, Model loading guardrails)",
    },
  ],
};

export const openvino: SpokenFramework = {
  name: "openvino",
  title: "OpenVINO",
  memory: "device",
  messages: [
    {
      text: "Exceeded max size of memory object allocation: <<requested||Requested>> {whole:requestedBytes} bytes{any:6} but max alloc size supported by device is {whole:limitBytes} bytes",
      means: [
        "own-limit",
        "One tensor of {requested} is larger than the {limit} that the card's driver allows for one buffer.",
      ],
    },
    {
      text: "Exceeded max size of memory allocation: Required {whole:requestedBytes} bytes but memory size is {whole:totalBytes} bytes",
      means: ["never-fits", "The model needs {requested}, and the device has {total}."],
    },
    {
      text: "CL_OUT_OF_RESOURCES exception",
      means: ["card-full", "The card ran out of memory or another resource; the text states no figure."],
      stands: "free",
      certainty: "likely",
    },
  ],
  advice: [
    {
      do: "Lower the batch or the length, or compress the weights to int8 or int4",
      paste: "optimum-cli export openvino --weight-format int4 ...",
    },
    { do: "Run on the processor", paste: 'compile_model(model, "CPU")' },
    {
      do: "On an integrated Intel card, raise the shared memory (Graphics Software, Shared GPU Memory Override)",
    },
  ],
};

export const directMl: SpokenFramework = {
  name: "directml",
  title: "PyTorch with DirectML",
  memory: "device",
  messages: [
    {
      text: "Could not allocate tensor with {whole:requestedBytes} bytes. There is not enough GPU video memory available!",
      means: ["card-full", "DirectML asked the card for {requested}, and they were not free."],
    },
  ],
  advice: [
    {
      do: "Lower the resolution or the batch, and decode the image in tiles",
      paste:
        "python main.py --directml --lowvram   (stable-diffusion-webui: --medvram or --lowvram; ComfyUI: VAE Decode (Tiled))",
    },
    {
      do: "Restart it between runs: DirectML gives freed memory back late",
    },
    { do: "Close other programs that use the card, browsers first" },
  ],
};

export const metal: SpokenFramework = {
  name: "metal",
  title: "a program with Metal",
  memory: "device",
  general: true,
  messages: [
    {
      text: "Insufficient Memory (IOAF code 8)",
      means: [
        "card-full",
        "Metal aborted a command buffer: its buffers need more than the GPU may hold at once; the text states no figure.",
      ],
      stands: "free",
    },
  ],
  advice: [
    {
      do: "Lower the batch, the resolution or the context, or let a command buffer do less",
    },
    {
      do: "Let the GPU hold more of the memory, until the next start",
      paste: "sudo sysctl iogpu.wired_limit_mb=...   (megabytes; leave some 8 GB to the system)",
    },
    { do: "Close other programs" },
  ],
};

export const tinygrad: SpokenFramework = {
  name: "tinygrad",
  title: "tinygrad",
  memory: "device",
  messages: [
    {
      text: "MemoryError: Cannot allocate {whole:requestedBytes} bytes: no memory is available",
      means: ["card-full", "tinygrad asked the card for {requested}, and they were not free."],
    },
  ],
  advice: [
    { do: "Lower the batch", paste: "BS=32" },
    { do: "Compute in 16 bits", paste: "DEFAULT_FLOAT=HALF" },
  ],
};

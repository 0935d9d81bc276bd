import type { SpokenFramework } from "./framework.js";

export const bitsandbytes: SpokenFramework = {
  name: "bitsandbytes",
  title: "bitsandbytes",
  memory: "device",
  messages: [
    {
      text: "Error out of memory at line {whole:_sourceLine} in file",
      means: [
        "card-full",
        "bitsandbytes (a paged optimizer or quantised weights) got no more memory; the text states no figure.",
      ],
    },
  ],
  advice: [
    {
      do: "Use less of the card: a smaller batch, a shorter sequence, gradient checkpointing",
      paste: "gradient_checkpointing=True, per_device_train_batch_size=1",
    },
    {
      do: "Check what else is on the card, and that main memory is free: paged optimizers use managed memory of both",
      paste: "nvidia-smi; free -g",
    },
  ],
};

export const exllama: SpokenFramework = {
  name: "exllama",
  title: "ExLlama",
  memory: "device",
  messages: [
    {
      text: "Insufficient <<VRAM||space>> in split for model and cache",
      means: [
        "cache-too-small",
        "The weights and the key/value cache do not fit into the memory that the split gives each card.",
      ],
    },
    {
      text: "Insufficient VRAM for model and cache",
      means: ["cache-too-small", "The weights and the key/value cache do not fit into the cards."],
    },
    {
      text: "Insufficient VRAM on device {whole:gpuIndex}",
      means: ["cache-too-small", "The weights and the key/value cache do not fit into card {gpu}."],
    },
  ],
  advice: [
    {
      do: "Shorten the cache",
      paste: "max_seq_len: 8192",
      why: "The cache grows with max_seq_len times the batch.",
    },
    { do: "Or keep the cache in fewer bits", paste: "cache_mode: Q4" },
    {
      do: "Or give each card its share in the split, less 0.5 GB on the one that shows the screen",
      paste: "gpu_split: [21.5, 24]",
    },
    { do: "Or take a quantisation with fewer bits a weight" },
  ],
};

export const mlx: SpokenFramework = {
  name: "mlx",
  title: "MLX",
  memory: "device",
  messages: [
    {
      text: "Command buffer execution failed: Insufficient Memory ({any:12}kIOGPUCommandBufferCallbackErrorOutOfMemory)",
      means: ["card-full", "The GPU of this Mac may wire no more of its unified memory."],
      stands: "free",
    },
    {
      text: "Attempting to allocate {whole:requestedBytes} bytes which is greater than the maximum allowed buffer size of {whole:allowedBytes} bytes",
      means: ["never-fits", "One buffer of {requested} is more than Metal allows for one buffer, {allowed}."],
    },
    {
      text: "[<<malloc_or_wait||malloc||metal::malloc>>] Unable to allocate {whole:requestedBytes} bytes",
      means: ["card-full", "The GPU of this Mac could not be given {requested} more of its unified memory."],
    },
  ],
  advice: [
    {
      for: ["never-fits"],
      do: "Make the array smaller: a shorter prompt, a smaller batch, or the work in pieces",
      paste: "mlx_lm.generate --prefill-step-size 512",
    },
    {
      for: ["card-full"],
      do: "Take a smaller model or one quantised to 4 bits, or limit the cache",
      paste: "mlx_lm.generate --max-kv-size 4096",
    },
    {
      for: ["card-full"],
      do: "Let the GPU wire more of the unified memory (macOS 15 and later; keep some GB for the system)",
      paste: "sudo sysctl iogpu.wired_limit_mb=24576",
      why: "By default it may wire about three quarters of the memory.",
    },
    { do: "Close other programs, or free the cache between steps", paste: "mx.clear_cache()" },
  ],
};

import type { SpokenFramework } from "./framework.js";

export const triton: SpokenFramework = {
  name: "triton",
  title: "Triton",
  memory: "device",
  messages: [
    {
      text: "out of resource: <<shared memory>>, Required: {whole:requestedBytes}, Hardware limit: {whole:limitBytes}",
      means: [
        "on-chip-memory",
        "One block of a Triton kernel needs {requested} of the shared memory of a multiprocessor, and this card allows {limit}: it is no matter of the card's memory.",
      ],
    },
    {
      text: "out of resource: {text:reason}, Required: {whole:requiredCount}, Hardware limit: {whole:limitCount}",
      means: [
        "on-chip-memory",
        "One block of a Triton kernel needs more {reason} than a multiprocessor of this card has: it is no matter of the card's memory.",
      ],
    },
  ],
  advice: [
    {
      do: "Make the kernel's blocks smaller, or lower num_stages",
      paste: "triton.Config({...}, num_stages=2, num_warps=4)",
      why: "Shared memory grows with block size times num_stages. A block may use up to 227 KiB on H100, 163 KiB on A100 and 99 KiB on RTX 30 and 40 (CUDA programming guide, compute capabilities), so a configuration that was tuned on one card may not fit another.",
    },
    {
      do: "If torch.compile made the kernel: upgrade PyTorch, or switch off its tuning",
      paste: "TORCHINDUCTOR_MAX_AUTOTUNE=0",
    },
  ],
};

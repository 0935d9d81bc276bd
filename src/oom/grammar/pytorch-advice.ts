import { bytesWithBinaryUnit as size } from "../../base/format.js";
import type { Advice, Situation } from "../advice.js";
import type { Hypothesis } from "../hypotheses.js";
import { isTraining, likelyTensors, shortBytes } from "../situation.js";
import { forTensor } from "../tensor-change.js";
import type { Framework } from "./framework.js";

const grouped = (value: number): string => value.toLocaleString("en-US");

export const ABSURD: Advice = {
  for: ["absurd-request"],
  do: "Print the shapes before the operation that failed, and look for a negative, swapped or multiplied dimension",
};

export const TOO_LARGE: Advice = {
  for: ["never-fits"],
  do: ({ balance: { requested = 0, cap = 0, total = cap } }) =>
    `Make the tensor at least ${size(requested - total)} smaller: a shorter input, a smaller batch, or the work in pieces`,
};

/** Ends other programs on a card. `tool` lists them. */
function endOthers(tool: string, paste: string): Advice {
  return {
    for: ["other-process"],
    do: `End the other processes on the card, which ${tool} lists, or take another card`,
    paste,
    frees: ({ record, balance: { total = 0, free = 0, elsewhere } }) => {
      const own = record.processScope === "this" ? record.processInUseBytes : null;
      return Math.max(0, own !== null && own > 0 ? total - free - own : (elsewhere ?? total - free));
    },
  };
}

export const NVIDIA_SMI = endOthers(
  "nvidia-smi",
  "nvidia-smi --query-compute-apps=pid,process_name,used_memory --format=csv",
);

/** Makes the unused reserve usable. Without a variable, the allocator of that device cannot. */
function pieces(variable: string): Advice[] {
  const worth = ({ balance: { unallocated, total } }: Situation): boolean =>
    total === undefined || unallocated === undefined || unallocated >= 0.01 * total;
  return [
    {
      for: ["fragmentation"],
      when: (situation) => !situation.facts.expandableSegments && worth(situation),
      do: `Let the allocator grow its segments, which makes the reserved pieces usable (${variable === "PYTORCH_CUDA_ALLOC_CONF" ? "PYTORCH_ALLOC_CONF from 2.9 on; " : ""}before 2.1 max_split_size_mb:128; not on Windows)`,
      paste: `export ${variable}=expandable_segments:True`,
      frees: ({ balance: { unallocated } }) => unallocated ?? null,
    },
    {
      for: ["fragmentation"],
      when: ({ facts }) => facts.expandableSegments,
      do: "Call torch.cuda.empty_cache() between phases of different shapes, or pad inputs to few lengths",
      frees: ({ balance: { unallocated } }) => unallocated ?? null,
    },
  ];
}

const HOST_COMMIT: Advice[] = [
  {
    for: ["refused-although-free"],
    do: "On Windows (WDDM), enlarge the page file and close other programs: the driver commits host memory (RAM and swap) for each allocation on the card",
    why: "What was free on the card was enough, so pieces in the allocator's cache are not the cause.",
  },
  {
    for: ["refused-although-free"],
    do: "On Linux, look for another limit: a MIG slice, a limit of the container on host memory, or another process that held the memory at that moment",
    paste: "nvidia-smi; free -g; ulimit -v",
  },
];

const CAP: Advice = {
  for: ["allocator-cap"],
  do: "Raise or remove the cap of this process",
  paste: "torch.cuda.set_per_process_memory_fraction(1.0)",
  frees: ({ balance: { total, cap = 0 } }) => (total === undefined ? null : total - cap),
};

const SPILL: Advice = {
  for: ["system-memory-spill"],
  do: "Get below the card's memory again, and switch the driver's fallback to system memory off (NVIDIA control panel, CUDA - Sysmem Fallback Policy)",
  why: "System memory is slow, and the fallback hides the point at which memory ran out.",
  frees: ({ balance: { allocated = 0, total = 0 } }) => Math.max(0, allocated - total),
};

const GROWTH: Advice = {
  for: ["growth-between-turns"],
  do: ({ facts: { inputTokens } }) =>
    `Log the input tokens at each generation and cap them (the last count was ${inputTokens === undefined ? "not logged" : grouped(inputTokens.last)})`,
};

const FULL = [
  "card-full",
  "never-fits",
  "fragmentation",
  "growth-between-turns",
  "tokens-disagree",
  "no-figures",
] as const;

/** What the tensors of the model that have the requested size allow. */
const TENSORS: Advice[] = [0, 1, 2].map((place) => ({
  for: FULL,
  do: (situation) => {
    const likely = oneOfEachKind(situation)[place];
    return likely === undefined ? undefined : forTensor(likely, situation).change;
  },
  frees: (situation) => {
    const likely = oneOfEachKind(situation)[place];
    return likely === undefined ? null : forTensor(likely, situation).savesBytes;
  },
}));

/** The likeliest tensor of each kind, the likeliest kind first. */
function oneOfEachKind({ hypotheses }: Situation): Hypothesis[] {
  const likely = likelyTensors(hypotheses);
  return likely.filter(({ kind }, index) => likely.findIndex((other) => other.kind === kind) === index);
}

/** The remedy for live tensors: to have fewer of them. */
const LESS: Advice[] = [
  {
    for: FULL,
    when: (situation) => isTraining(situation),
    do: "Use less of the card in a step: a smaller micro batch with more gradient accumulation, or shorter sequences",
    paste: "per_device_train_batch_size=1, gradient_accumulation_steps=16, gradient_checkpointing=True",
    why: "Activations grow with batch times sequence length; checkpointing keeps one a layer.",
  },
  {
    for: FULL,
    when: (situation) => isTraining(situation),
    do: "Compute the loss in chunks, so that the logits of all positions never exist at once (a fused or chunked cross-entropy, such as Liger's)",
    paste: "use_liger_kernel=True",
  },
  {
    for: FULL,
    when: (situation) => isTraining(situation),
    do: "Shard or offload weights, gradients and optimizer (FSDP, DeepSpeed ZeRO-3), or train adapters on quantised weights (QLoRA)",
  },
  {
    for: FULL,
    when: (situation) => !isTraining(situation),
    do: (situation) => {
      const short = shortBytes(situation);
      const by =
        short === undefined ? "" : `; it is short by ${size(short)} now, and the next requests follow`;
      return `Make the input shorter or the batch smaller, or take a smaller or quantised model${by}`;
    },
    why: ({ names }) =>
      names[0] === "card-full"
        ? "The card is full of tensors that are in use: settings of the allocator free none of them."
        : undefined,
  },
  {
    for: FULL,
    when: (situation) => !isTraining(situation),
    do: "Keep a part of the model in main memory",
    paste: 'device_map="auto", or pipe.enable_model_cpu_offload() in diffusers',
  },
  {
    for: ["card-full"],
    when: ({ record }) => record.totalBytes === null,
    do: "See what is on the card, and how much of it is yours",
    paste: "nvidia-smi; python -c 'import torch; print(torch.cuda.mem_get_info())'",
  },
];

interface Device {
  smi: Advice;
  variable: string;
}

function torchAdvice({ smi, variable }: Device): Advice[] {
  return [
    ABSURD,
    TOO_LARGE,
    CAP,
    SPILL,
    smi,
    ...HOST_COMMIT,
    ...pieces(variable),
    GROWTH,
    ...TENSORS,
    ...LESS,
  ];
}

const torch = (name: string, title: string, device: Device): Framework => ({
  name,
  title,
  memory: "device",
  advice: torchAdvice(device),
});

const CPU: Advice[] = [
  ABSURD,
  {
    for: ["host-memory"],
    do: "Use less main memory at once: fewer DataLoader workers, smaller batches, weights in 16 bits",
    paste: 'torch_dtype="auto", low_cpu_mem_usage=True',
  },
  {
    for: ["host-memory"],
    do: "Add memory or swap, or raise the limit of the job or container (on Windows enlarge the page file)",
  },
];

const NVIDIA: Device = { smi: NVIDIA_SMI, variable: "PYTORCH_CUDA_ALLOC_CONF" };

export const pytorchFrameworks: readonly Framework[] = [
  torch("pytorch", "PyTorch", NVIDIA),
  torch("pytorch-cudaMallocAsync", "PyTorch (cudaMallocAsync)", NVIDIA),
  torch("pytorch-rocm", "PyTorch on ROCm", {
    smi: endOthers("rocm-smi (or amd-smi)", "rocm-smi --showpids --showmeminfo vram"),
    variable: "PYTORCH_HIP_ALLOC_CONF",
  }),
  torch("pytorch-npu", "PyTorch on Ascend", {
    smi: endOthers("npu-smi", "npu-smi info"),
    variable: "PYTORCH_NPU_ALLOC_CONF",
  }),
  torch("pytorch-mlu", "PyTorch on Cambricon", {
    smi: endOthers("cnmon", "cnmon"),
    variable: "PYTORCH_MLU_ALLOC_CONF",
  }),
  torch("pytorch-musa", "PyTorch on Moore Threads", {
    smi: endOthers("mthreads-gmi", "mthreads-gmi"),
    variable: "PYTORCH_MUSA_ALLOC_CONF",
  }),
  torch("pytorch-xpu", "PyTorch on Intel GPUs", {
    smi: endOthers("xpu-smi", "xpu-smi ps"),
    variable: "PYTORCH_ALLOC_CONF",
  }),
  { name: "pytorch-cpu", title: "PyTorch on the CPU", memory: "host", advice: CPU },
  {
    name: "pytorch-mps",
    title: "PyTorch on a Mac (MPS)",
    memory: "device",
    advice: [
      ABSURD,
      {
        for: ["allocator-cap"],
        do: "Use less of the unified memory: a smaller batch or model, fewer other programs",
      },
      {
        for: ["allocator-cap", "never-fits"],
        do: "Or remove the cap (the system may then swap or fail)",
        paste: "PYTORCH_MPS_HIGH_WATERMARK_RATIO=0.0",
      },
      TOO_LARGE,
      ...LESS.filter(({ when, for: names }) => when === undefined || names === FULL),
    ],
  },
];

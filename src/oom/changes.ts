import { bytesWithBinaryUnit as size } from "../base/format.js";
import { balanceOf } from "./balance.js";
import type { Diagnosis, DiagnosisName } from "./diagnosis/diagnosis.js";
import type { LogFacts } from "./facts.js";
import type { Hypothesis } from "./hypotheses.js";
import type { OomRecord } from "./record.js";
import { forTensor } from "./tensor-change.js";

export interface Change {
  change: string;
  /** Null if the text does not tell how much. */
  savesBytes: number | null;
}

type Advice = (record: OomRecord, facts: LogFacts) => Change[];

const ADVICE: Partial<Record<DiagnosisName, Advice>> = {
  "absurd-request": () => [
    {
      change:
        "Print the shapes before the operation that failed, and look for a negative, swapped or multiplied dimension.",
      savesBytes: null,
    },
  ],
  "never-fits": (record) => {
    const { requested = 0, cap = 0, total = cap } = balanceOf(record);
    return [
      {
        change: `Make the tensor at least ${size(requested - total)} smaller: a shorter input, a smaller batch, or the work in pieces.`,
        savesBytes: requested - total,
      },
    ];
  },
  "cache-too-small": ({ details, requestedBytes, freeBytes }) => {
    const fits = details.estimatedMaxTokens ?? details.cacheTokens;
    const short = requestedBytes !== null && freeBytes !== null ? requestedBytes - freeBytes : null;
    return [
      {
        change:
          fits === undefined
            ? "Lower max_model_len."
            : `Lower max_model_len to ${fits.toLocaleString("en-US")}.`,
        savesBytes: short,
      },
      { change: "Or raise gpu_memory_utilization, if nothing else uses the card.", savesBytes: null },
      {
        change: "Or keep the cache in 8 bits (kv_cache_dtype=fp8).",
        savesBytes: requestedBytes === null ? null : Math.floor(requestedBytes / 2),
      },
    ];
  },
  "allocator-cap": (record) => {
    const { cap = 0, total } = balanceOf(record);
    const change =
      record.framework === "pytorch-mps"
        ? "Raise PYTORCH_MPS_HIGH_WATERMARK_RATIO (0.0 removes the cap, and the system may then swap or fail)."
        : "Raise or remove the cap (set_per_process_memory_fraction, set_limit, a memory fraction in the settings).";
    return [{ change, savesBytes: total === undefined ? null : total - cap }];
  },
  "system-memory-spill": (record) => {
    const { allocated = 0, total = 0 } = balanceOf(record);
    return [
      {
        change: `Get below the card's memory again, and switch the driver's fallback to system memory off: it is slow and hides the point at which memory ran out.`,
        savesBytes: allocated - total,
      },
    ];
  },
  fragmentation: (record, facts) => {
    const { unallocated = 0 } = balanceOf(record);
    return facts.expandableSegments
      ? [
          {
            change:
              "Call torch.cuda.empty_cache() between phases of different shapes, or pad inputs to few lengths.",
            savesBytes: unallocated,
          },
        ]
      : [
          {
            change: segmentsAdvice(record.framework),
            savesBytes: unallocated,
          },
        ];
  },
  "other-process": (record) => {
    const { total = 0, free = 0, elsewhere } = balanceOf(record);
    const own = record.processScope === "this" ? record.processInUseBytes : null;
    const others = own !== null && own > 0 ? total - free - own : (elsewhere ?? total - free);
    return [
      {
        change: "End the other processes on the card (nvidia-smi lists them), or take another card.",
        savesBytes: Math.max(0, others),
      },
    ];
  },
  "refused-although-free": () => [
    {
      change: "Split the allocation (a smaller batch or chunk), and on Windows enlarge the page file.",
      savesBytes: null,
    },
  ],
  "heap-limit": ({ framework }) => [
    framework === "nodejs"
      ? {
          change:
            "Raise --max-old-space-size if the machine has the memory; if the heap only ever grows, take a heap snapshot and find what keeps it.",
          savesBytes: null,
        }
      : {
          change:
            "Raise the limit that the reason names (-Xmx, -XX:MaxMetaspaceSize, -XX:MaxDirectMemorySize), or take a heap dump and find what keeps it.",
          savesBytes: null,
        },
  ],
  "group-limit": ({ details, processInUseBytes }) => [
    {
      change:
        "Raise the memory limit of the container or job, or cap the program below it (a heap limit, fewer workers).",
      savesBytes:
        details.limitBytes !== undefined &&
        processInUseBytes !== null &&
        processInUseBytes > details.limitBytes
          ? processInUseBytes - details.limitBytes
          : null,
    },
  ],
  "host-memory": () => [
    {
      change:
        "Use less main memory at once (fewer workers, smaller batches, memory-mapped files), or add memory or swap.",
      savesBytes: null,
    },
  ],
  "growth-between-turns": (_, { inputTokens }) => [
    {
      change: `Log the input tokens at each generation and cap them (the last count was ${inputTokens?.last.toLocaleString("en-US") ?? "not logged"}).`,
      savesBytes: null,
    },
  ],
};

/** What to change, from the diagnosis and from the tensor that was most likely requested. */
export function changesFor(
  record: OomRecord,
  facts: LogFacts,
  diagnosis: readonly Diagnosis[],
  hypotheses: readonly Hypothesis[],
): Change[] {
  const changes = diagnosis.flatMap(({ name }) => ADVICE[name]?.(record, facts) ?? []);
  const full = diagnosis.some(
    ({ name }) =>
      name === "card-full" ||
      name === "never-fits" ||
      name === "fragmentation" ||
      name === "growth-between-turns",
  );
  if (full)
    for (const kind of ["scores", "logits", "key-value", "activation", "weights"] as const) {
      const likely = likelyOnes(hypotheses).find((hypothesis) => hypothesis.kind === kind);
      if (likely !== undefined) changes.push(forTensor(likely));
    }
  const { requested, free } = balanceOf(record);
  if (changes.length === 0 && record.details.warningOnly !== true) {
    const short =
      requested === undefined || free === undefined || free >= requested ? null : requested - free;
    changes.push({ change: lessMemory(record.framework, short), savesBytes: short });
  }
  return changes;
}

/**
 * The hypotheses that fit the token count in the log. If the log has none, or no hypothesis fits, all that
 * are not ruled out.
 */
function likelyOnes(hypotheses: readonly Hypothesis[]): readonly Hypothesis[] {
  const possible = hypotheses.filter(
    ({ allowedByRounding, plausibility }) =>
      allowedByRounding && plausibility !== "beyond-model" && plausibility !== "far",
  );
  const asLogged = possible.filter(({ plausibility }) => plausibility === "as-logged");
  return asLogged.length > 0 ? asLogged : possible;
}

function segmentsAdvice(framework: string): string {
  const variable = framework === "pytorch-rocm" ? "PYTORCH_HIP_ALLOC_CONF" : "PYTORCH_CUDA_ALLOC_CONF";
  return `Set ${variable}=expandable_segments:True (PYTORCH_ALLOC_CONF from 2.9 on; before 2.1 max_split_size_mb:128), which makes the reserved pieces usable.`;
}

function lessMemory(framework: string, short: number | null): string {
  const by = short === null ? "" : `, by ${size(short)} at least`;
  if (framework === "ollama") return `Take a smaller model or quantisation, or a shorter context${by}.`;
  if (framework.startsWith("llama.cpp"))
    return `Put fewer layers on the card (-ngl), or take a smaller context (-c), batch (-ub) or cache type (-ctk q8_0 -ctv q8_0)${by}.`;
  if (framework === "vllm") return `Lower max_num_seqs, max_model_len or gpu_memory_utilization${by}.`;
  return `Make the input shorter or the batch smaller${by}.`;
}

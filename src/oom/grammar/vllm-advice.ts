import { bytesWithBinaryUnit as size } from "../../base/format.js";
import type { Advice, Situation } from "../advice.js";
import { NVIDIA_SMI } from "./pytorch-advice.js";
import type { Framework } from "./framework.js";

const NO_CACHE = (situation: Situation): boolean => situation.record.details.reason === "no cache blocks";
const IN_TOKENS = (situation: Situation): boolean => situation.record.details.neededTokens !== undefined;

/** The largest share, in hundredths, that fits into what is free; undefined if little is free. */
function shareThatFits({ balance: { free, total } }: Situation): number | undefined {
  if (free === undefined || total === undefined || free > total) return undefined;
  const share = Math.floor((100 * free) / total) / 100;
  return share < 0.3 ? undefined : share;
}

/** vLLM refused to start, because less is free than the share that it is to take. */
const atStart = ({ record, names }: Situation): boolean =>
  names.includes("other-process") && record.allocatedBytes === null && record.requestedBytes !== null;

const TENSOR_PARALLEL: Advice = {
  do: "Or spread the model over more cards",
  paste: "--tensor-parallel-size 2",
};

const ADVICE: Advice[] = [
  {
    when: (situation) => atStart(situation) && shareThatFits(situation) !== undefined,
    do: (situation) =>
      `Lower gpu_memory_utilization to ${shareThatFits(situation)?.toFixed(2) ?? ""} or less`,
    for: ["other-process"],
    paste: (situation) => `--gpu-memory-utilization ${shareThatFits(situation)?.toFixed(2) ?? ""}`,
    why: ({ balance: { free = 0, total = 1 } }: Situation) =>
      `${size(free)} of ${size(total)} are free, which is ${(free / total).toFixed(3)} of the card.`,
  },
  NVIDIA_SMI,
  {
    for: ["other-process"],
    when: (situation) => atStart(situation) && shareThatFits(situation) === undefined,
    do: "Wait until an earlier vLLM has ended: its worker processes may outlive it",
    paste: "pkill -f VLLM::",
  },
  {
    for: ["cache-too-small"],
    when: NO_CACHE,
    do: "Raise gpu_memory_utilization, if nothing else uses the card",
    paste: "--gpu-memory-utilization 0.95",
    why: "vLLM's share of the card must hold the weights, the largest batch of the profiling run and then the cache.",
  },
  {
    for: ["cache-too-small"],
    when: NO_CACHE,
    do: "Or make the profiling run smaller",
    paste: "--max-num-batched-tokens 2048 --max-num-seqs 64   (max_num_batched_tokens, max_num_seqs)",
    why: "It runs the largest batch that the settings allow, before the cache is sized.",
  },
  {
    for: ["cache-too-small"],
    when: NO_CACHE,
    do: "Or capture no CUDA graphs",
    paste: "--enforce-eager   (enforce_eager=True)",
  },
  { for: ["cache-too-small"], when: NO_CACHE, do: "Or take quantised weights (AWQ or GPTQ)" },
  {
    for: ["cache-too-small"],
    when: IN_TOKENS,
    do: ({ record: { details } }) => {
      const fits = details.estimatedMaxTokens ?? details.cacheTokens;
      return fits === undefined
        ? "Lower max_model_len"
        : `Lower max_model_len to ${fits.toLocaleString("en-US")}`;
    },
    paste: ({ record: { details } }) => {
      const fits = details.estimatedMaxTokens ?? details.cacheTokens;
      return fits === undefined ? undefined : `--max-model-len ${fits}`;
    },
    why: "One request of this length fits into the cache that there is.",
  },
  {
    for: ["cache-too-small"],
    when: IN_TOKENS,
    do: "Or raise gpu_memory_utilization, if nothing else uses the card",
    paste: "--gpu-memory-utilization 0.95",
  },
  {
    for: ["cache-too-small"],
    when: IN_TOKENS,
    do: ({ balance: { requested, free } }) => {
      const halved = requested === undefined ? undefined : requested / 2;
      if (halved === undefined || free === undefined || halved <= free) return "Or keep the cache in 8 bits";
      return `Keeping the cache in 8 bits is not enough alone: it then needs ${size(halved)}, and ${size(free)} are there`;
    },
    paste: "--kv-cache-dtype fp8",
    frees: ({ balance: { requested } }) => (requested === undefined ? null : Math.floor(requested / 2)),
  },
  { for: ["cache-too-small"], ...TENSOR_PARALLEL },
  {
    for: ["card-full", "no-figures", "fragmentation", "never-fits", "refused-although-free"],
    when: ({ record }) => record.details.phase === "start",
    do: "Take quantised weights or more cards: the weights themselves did not fit",
    paste: "--tensor-parallel-size 2   or   --quantization fp8",
  },
  {
    for: ["card-full", "no-figures", "fragmentation", "never-fits", "refused-although-free"],
    do: "Lower gpu_memory_utilization, so that more of the card is left beside the cache",
    paste: "--gpu-memory-utilization 0.85",
    why: "vLLM fills its share of the card with the key/value cache at the start; a sampler, a longer prompt or another library then finds no room.",
  },
  {
    for: ["card-full", "no-figures", "fragmentation", "never-fits", "refused-although-free"],
    do: "Let fewer sequences and tokens run at once",
    paste: "--max-num-seqs 64 --max-num-batched-tokens 2048",
  },
  {
    for: ["card-full", "no-figures"],
    ...TENSOR_PARALLEL,
  },
];

export const vllmFramework: Framework = { name: "vllm", title: "vLLM", memory: "device", advice: ADVICE };

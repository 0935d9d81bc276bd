import type { Situation } from "../advice.js";
import type { SpokenFramework } from "./framework.js";

const inStart = ({ record }: Situation): boolean => record.details.phase !== "inference";

export const sglang: SpokenFramework = {
  name: "sglang",
  title: "SGLang",
  memory: "device",
  messages: [
    {
      text: "Not enough memory. Please try <<to increase||increasing>> --mem-fraction-static. Current value: {any:40}={number:fraction}",
      means: [
        "cache-too-small",
        "SGLang's share of the card (--mem-fraction-static, now {fraction}) is spent on the weights; nothing is left for the key/value pool.",
      ],
      stands: "free",
    },
    {
      text: "Not enough memory. Please try <<to increase||increasing>> --mem-fraction-static",
      means: [
        "cache-too-small",
        "SGLang's share of the card (--mem-fraction-static) is spent on the weights; nothing is left for the key/value pool.",
      ],
    },
    {
      text: "<<Prefill||Decode>> out of memory. Try to lower your batch size",
      means: [
        "cache-too-small",
        "The key/value pool of SGLang is full, and no running request could be taken back.",
      ],
    },
    {
      text: "Not enough memory. {any:60}max_total_num_tokens",
      means: ["cache-too-small", "SGLang's key/value pool cannot hold one request."],
    },
  ],
  advice: [
    {
      for: ["cache-too-small"],
      do: "Raise --mem-fraction-static, by 0.05 at a time",
      paste: "--mem-fraction-static 0.92",
      why: "It counts weights and key/value pool together; what is left is for activations and CUDA graphs.",
    },
    {
      for: ["cache-too-small"],
      do: "Or spread the weights over more cards, or take quantised ones",
      paste: "--tp 2",
    },
    {
      for: ["cache-too-small"],
      do: "Or let fewer requests run at once",
      paste: "--max-running-requests 32",
    },
    {
      for: ["other-process"],
      do: "End the other processes on the card, which nvidia-smi lists, or take another card",
      paste: "nvidia-smi --query-compute-apps=pid,process_name,used_memory --format=csv",
    },
    {
      when: inStart,
      do: "Lower --mem-fraction-static, so that more of the card is left beside the pool",
      paste: "--mem-fraction-static 0.80",
      why: "The static pool takes its share at the start; activations, CUDA graphs and other libraries need the rest.",
    },
    {
      do: "Read long prompts in smaller pieces",
      paste: "--chunked-prefill-size 2048",
    },
    { do: "Capture fewer CUDA graphs", paste: "--cuda-graph-max-bs 16" },
    {
      when: (situation) => !inStart(situation),
      do: "Lower --mem-fraction-static, so that more of the card is left for activations",
      paste: "--mem-fraction-static 0.80",
    },
  ],
};

import type { SpokenFramework } from "./framework.js";

export const tgi: SpokenFramework = {
  name: "tgi",
  title: "text-generation-inference",
  memory: "device",
  messages: [
    {
      text: "Not enough memory to handle {whole:totalTokens} total tokens with {whole:neededTokens} prefill tokens. You need to decrease `--max-batch-total-tokens`",
      means: ["cache-too-small", "The card cannot hold {totalTokens} tokens at once beside the weights."],
    },
    {
      text: "Not enough memory to handle {whole:neededTokens} prefill tokens. You need to decrease `--max-batch-prefill-tokens`",
      means: [
        "cache-too-small",
        "The warm-up with {neededTokens} prompt tokens at once did not fit into the card beside the weights.",
      ],
    },
    {
      text: "Not enough memory to handle `max_total_tokens`={whole:neededTokens}",
      means: [
        "cache-too-small",
        "The card cannot hold one request of {neededTokens} tokens beside the weights.",
      ],
    },
  ],
  advice: [
    {
      do: ({ record: { details } }) =>
        `Lower --max-batch-prefill-tokens${details.neededTokens === undefined ? "" : ` below ${details.neededTokens.toLocaleString("en-US")}`}`,
      paste: ({ record: { details } }) =>
        `--max-batch-prefill-tokens ${Math.max(512, 2 ** Math.floor(Math.log2((details.neededTokens ?? 4096) / 1.5)))}`,
      why: "The warm-up runs the largest prompt batch that the settings allow; --max-input-tokens must not be above it.",
    },
    { do: "Or lower what one request may hold", paste: "--max-input-tokens 4096 --max-total-tokens 6144" },
    {
      do: "Or take quantised weights, or more cards",
      paste: "--quantize bitsandbytes-nf4   or   --num-shard 2",
    },
    { do: "Or give it a larger share of the card", paste: "--cuda-memory-fraction 0.95" },
  ],
};

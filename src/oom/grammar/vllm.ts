import { Draft } from "../draft.js";
import { anywhere, next } from "../pattern.js";
import type { Grammar } from "./grammar.js";
import { around } from "./grammar.js";

const TOO_LONG = anywhere`max seq len \( {whole:neededTokens} \) is larger than the maximum number of tokens that can be stored in KV cache \( {whole:cacheTokens} \)`;
const TOO_LARGE = anywhere`To serve at least one request with the model'?s(?:'s)? max seq len \( {whole:neededTokens} \) , \(? {size:requestedBytes} KV cache is needed , which is larger than the available KV cache memory \( {size:freeBytes} \)`;
const ESTIMATE = next`\)? \.? Based on the available memory , the estimated maximum model length is {whole:estimatedMaxTokens}`;
const NO_BLOCKS = anywhere`No available memory for the cache blocks`;
const NO_ROOM = anywhere`Free memory on device (?: \w+:(?<gpuIndex>\d+) )? \( (?<_free>[\d.]+) / {size:totalBytes} \) on startup is less than desired GPU memory utilization \( [\d.]+ , {size:requestedBytes} \)`;
const WARM_UP = anywhere`CUDA out of memory occurred when warming up (?:sampler|pooler)`;

/**
 * What vLLM itself refuses, before or after PyTorch would: a cache that does not fit, or a card that is in
 * use.
 */
export const vllm: Grammar = {
  name: "vllm",
  needles: [
    { text: "in kv cache", then: ["("] },
    { text: "kv cache is needed", then: [",which"] },
    { text: "kv cache memory", then: ["($"] },
    { text: "max seq len", then: ["(#"] },
    { text: "the cache blocks" },
    { text: "red gpu memory", then: ["utilization"] },
    { text: "memory utilization (", then: ["#"] },
    { text: "warming up sampler" },
    { text: "warming up pooler" },
  ],
  read(place) {
    const { view } = place;
    const room = around(place, NO_ROOM);
    if (room !== undefined) {
      const draft = new Draft(view, "vllm", room);
      const at = room.indices?.groups?._free;
      const total = room.groups?.totalBytes ?? "";
      const unit = /[A-Za-z]+$/.exec(total)?.[0] ?? "";
      // One unit belongs to both numbers.
      if (at !== undefined) draft.setPrinted("freeBytes", `${room.groups?._free ?? ""}${unit}`, at);
      return draft;
    }
    for (const pattern of [TOO_LARGE, TOO_LONG, NO_BLOCKS, WARM_UP]) {
      const match = around(place, pattern);
      if (match === undefined) continue;
      const draft = new Draft(view, "vllm", match);
      draft.accept(ESTIMATE);
      if (pattern === NO_BLOCKS) draft.details.reason = "no cache blocks";
      return draft;
    }
    return undefined;
  },
};

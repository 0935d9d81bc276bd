import { Draft } from "../draft.js";
import { anywhere } from "../pattern.js";
import type { Grammar } from "./grammar.js";
import { around } from "./grammar.js";
import { xlaOrTensorflow } from "./tensorflow.js";

const TRYING = anywhere`Out of memory while trying to allocate {size:requestedBytes}`;
const ALLOCATING = anywhere`(?: RESOURCE_EXHAUSTED | Resource exhausted ) : Out of memory allocating {size:requestedBytes}`;
const ORDINAL = anywhere`Failed to allocate request for [\d.]+ [KMGTP]?i?B \( {size:requestedBytes} \) on device ordinal (?<gpuIndex>\d+)`;
const TPU_PROGRAM = anywhere`Ran out of memory in memory space (?<reason> \w{2,8} ) \. Used {size:programBytes} of {size:totalBytes} \w{2,8} \.`;
const TPU_BUFFER = anywhere`Attempting to (?:allocate|reserve) {size:requestedBytes} [\w ]{0,60} \. That was not possible \. There are {size:freeBytes} free`;

const TPU_SINGLE = anywhere`Allocation \( size = {whole:requestedBytes} \) would exceed memory \( size = {whole:totalBytes} \)`;

export const xla: Grammar = {
  name: "jax",
  needles: [
    { text: "resource_exhausted:", then: ["outof"] },
    { text: "resource exhausted:", then: ["outof"] },
    { text: "to allocate", then: ["$"] },
    { text: "while trying", then: ["toallocate$"] },
    { text: "out of memory", then: ["whiletrying", "allocating$", "inmemoryspace"] },
    { text: "device ordinal", then: ["#"] },
    { text: "memory space", then: ["hbm", "vmem", "smem", "cmem"] },
    { text: "was not possible", then: [".there"] },
    { text: "allocation (size=", then: ["#"] },
    { text: "would exceed memory", then: ["(size"] },
  ],
  read(place) {
    for (const pattern of [TRYING, ALLOCATING, ORDINAL, TPU_PROGRAM, TPU_BUFFER, TPU_SINGLE]) {
      const match = around(place, pattern);
      if (match === undefined) continue;
      const draft = new Draft(place.view, xlaOrTensorflow(place.view, match.index) ?? "jax", match);
      if (pattern === TPU_BUFFER) draft.details.reason = "hbm";
      return draft;
    }
    return undefined;
  },
};

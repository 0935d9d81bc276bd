import { Draft } from "../draft.js";
import { anywhere } from "../pattern.js";
import type { Grammar } from "./grammar.js";
import { around } from "./grammar.js";

/** Before version 7 "total" is what would be in use if the request were granted. */
const CUPY_OLD = anywhere`out of memory to allocate {size:requestedBytes} \( total {size:poolTotalBytes} (?: , limit set to {size:limitBytes} )? \)`;
const CUPY = anywhere`Out of memory allocating {size:requestedBytes} \( allocated so far : {size:allocatedBytes} (?: , limit set to : {size:limitBytes} )? \)`;

export const cupy: Grammar = {
  name: "cupy",
  needles: ["out of memory", "to allocate", "bytes (total", "allocated so far"],
  read(place) {
    const match = around(place, CUPY) ?? around(place, CUPY_OLD);
    return match === undefined ? undefined : new Draft(place.view, "cupy", match);
  },
};

const ORT = anywhere`Failed to allocate memory for requested buffer of size {whole:requestedBytes}`;
const ORT_LIMIT = anywhere`Available memory of {whole:freeBytes} is smaller than requested bytes of {whole:requestedBytes}`;
const ORT_CUDA = anywhere`CUDA failure 2 : out of memory ; GPU = (?<gpuIndex>\d+)`;

export const onnxruntime: Grammar = {
  name: "onnxruntime",
  needles: [
    "buffer of size",
    "requested buffer",
    "to allocate",
    "smaller than req",
    "available memory of",
    "cuda failure 2",
  ],
  read(place) {
    const match = around(place, ORT) ?? around(place, ORT_LIMIT) ?? around(place, ORT_CUDA);
    return match === undefined ? undefined : new Draft(place.view, "onnxruntime", match);
  },
};

const PADDLE = anywhere`Out of memory error on GPU (?<gpuIndex>\d+) \.? Cannot allocate {size:requestedBytes} (?:GPU)? memory (?: on GPU \d+ )? ,
  (?: {size:allocatedBytes} memory has been allocated and )? available memory is (?:only)? {size:freeBytes}`;
const PADDLE_OLD = anywhere`enforce allocating <= available failed , {whole:requestedBytes} > {whole:freeBytes}`;

export const paddle: Grammar = {
  name: "paddle",
  needles: ["out of memory", "cannot allocate", "available memory", "enforce allocating"],
  read(place) {
    const match = around(place, PADDLE) ?? around(place, PADDLE_OLD);
    return match === undefined ? undefined : new Draft(place.view, "paddle", match);
  },
};

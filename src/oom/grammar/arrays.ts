import { Draft } from "../draft.js";
import { anywhere } from "../pattern.js";
import type { Grammar, Place } from "./grammar.js";
import { around } from "./grammar.js";

/** Before CuPy 7, "total" is what would be in use if the request were granted. */
const CUPY_OLD = anywhere`out of memory to allocate {size:requestedBytes} \( total {size:poolTotalBytes} (?: , limit set to {size:limitBytes} )? \)`;
const CUPY = anywhere`Out of memory allocating {size:requestedBytes} \( allocated so far : {size:allocatedBytes} (?: , limit set to : {size:limitBytes} )? \)`;

const CUPY_CALL = anywhere`cudaErrorMemoryAllocation : out of memory`;

export const cupy: Grammar = {
  name: "cupy",
  needles: [
    { text: "out of memory", then: ["toallocate$", "allocating$"] },
    { text: "to allocate", then: ["$"] },
    { text: "bytes (total", then: ["$"] },
    { text: "located so far", then: [":$"] },
    { text: "errormemoryalloc", then: ["ation:"] },
  ],
  read(place) {
    const match = around(place, CUPY) ?? around(place, CUPY_OLD) ?? around(place, CUPY_CALL, 60, 80);
    return match === undefined ? undefined : new Draft(place.view, "cupy", match);
  },
};

const ORT = anywhere`Failed to allocate memory for requested buffer of size {whole:requestedBytes}`;
const ORT_LIMIT = anywhere`Available memory of {whole:freeBytes} is smaller than requested bytes of {whole:requestedBytes}`;
const ORT_CUDA = anywhere`(?: CUDA failure 2 : out of memory | CUBLAS failure 3 : CUBLAS_STATUS_ALLOC_FAILED | CUDNN failure [\d:]* CUDNN_STATUS_ALLOC_FAILED ) ; GPU = (?<gpuIndex>-?\d+)`;
const ORT_HOST = anywhere`\[ ONNXRuntimeError \] : \d : \w{1,40} : [^\n]{0,400}? (?: std::bad_alloc | bad allocation )`;
/** DirectML; the words are Windows' for E_OUTOFMEMORY. */
const DIRECT_ML = anywhere`(?: 8007000E | 887A0005 )? Not enough memory resources are available to (?:complete|process) this (?:operation|command)`;
const TENSORRT = anywhere`Requested amount of GPU memory \( {whole:requestedBytes} bytes \) could not be allocated`;

export const onnxruntime: Grammar = {
  name: "onnxruntime",
  needles: [
    { text: "buffer of size", then: ["#"] },
    { text: "requested buffer", then: ["ofsize"] },
    { text: "to allocate", then: ["memoryfor"] },
    { text: "than requested", then: ["bytesof#"] },
    { text: "available memory of", then: ["#"] },
    { text: "cuda failure 2", then: [":"] },
    { text: "status_alloc_fail", then: ["ed;"] },
    { text: "std::bad_alloc", near: ["exception : ", "fail : ", "onnxruntime"] },
    { text: "bad allocation", near: ["exception : ", "fail : ", "onnxruntime"] },
    { text: "not enough memor", then: ["yresources"] },
    { text: "memory resources", then: ["areavail"] },
    { text: "of gpu memory (", then: ["#"] },
    { text: "could not be allocated", near: ["gpu memory", " bytes)"] },
  ],
  read(place) {
    const match = around(place, ORT) ?? around(place, ORT_LIMIT) ?? around(place, ORT_CUDA);
    if (match !== undefined) return new Draft(place.view, "onnxruntime", match);
    const host = onHost(place, ORT_HOST, "onnxruntime");
    if (host !== undefined) return host;
    const direct = around(place, DIRECT_ML, 1200);
    if (direct !== undefined) {
      const before = place.view.rawBefore(direct.index, 700);
      return /onnxruntime|dml|DirectML/i.test(before)
        ? new Draft(place.view, "onnxruntime", direct)
        : undefined;
    }
    const engine = around(place, TENSORRT);
    if (engine === undefined) return undefined;
    const isOurs = /onnxruntime/.test(place.view.rawBefore(engine.index, 400));
    return new Draft(place.view, isOurs ? "onnxruntime" : "tensorrt", engine);
  },
};

const PADDLE = anywhere`Out of memory error on (?:[GXNM]PU|DCU) (?<gpuIndex>\d+) \.? Cannot allocate {size:requestedBytes} (?:GPU)? memory (?: on [A-Z]{3} \d+ )? ,
  (?: {size:allocatedBytes} memory has been allocated and )? available memory is (?:only)? {size:freeBytes}`;
const PADDLE_HOST = anywhere`Fail to alloc memory of {whole:requestedBytes} size , error code is \d+`;
const PADDLE_OLD = anywhere`enforce allocating <= available failed , {whole:requestedBytes} > {whole:freeBytes}`;

export const paddle: Grammar = {
  name: "paddle",
  needles: [
    { text: "out of memory", then: ["erroron"] },
    { text: "cannot allocate", then: ["$"] },
    { text: "available memory", then: ["is$", "isonly$"] },
    { text: "enforce allocating", then: ["<="] },
    { text: "to alloc memory of", then: ["#"] },
  ],
  read(place) {
    const match = around(place, PADDLE) ?? around(place, PADDLE_OLD);
    if (match !== undefined) return new Draft(place.view, "paddle", match);
    return onHost(place, PADDLE_HOST, "paddle");
  },
};

/** A failed request for main memory. A long path of operators may stand before the words. */
function onHost(place: Place, pattern: RegExp, framework: string): Draft | undefined {
  const match = around(place, pattern, 600, 60);
  if (match === undefined) return undefined;
  const draft = new Draft(place.view, framework, match);
  draft.details.onHost = true;
  return draft;
}

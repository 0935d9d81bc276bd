import { Draft } from "../draft.js";
import { anywhere, next } from "../pattern.js";
import type { Grammar } from "./grammar.js";
import { around, standsAlone } from "./grammar.js";

const ASYNC_HEAD = anywhere`Allocation on device (?<gpuIndex>\d*) would exceed allowed memory \.? \( out of memory \)`;
const ASYNC_LINES = [
  next`Currently allocated : {size:allocatedBytes}`,
  next`Requested : {size:requestedBytes}`,
  next`Device limit : {size:totalBytes}`,
  next`Free \( according to CUDA \) : {size:freeBytes}`,
  next`PyTorch limit \( set by user-supplied memory fraction \) : {size:allowedBytes}`,
];

/** The backend cudaMallocAsync. It prints a limit of 2^64 if none was set. */
export const pytorchAsync: Grammar = {
  name: "pytorch-cudaMallocAsync",
  needles: [
    { text: "on device", then: ["would", "#would"] },
    { text: "would exceed", then: ["allowed"] },
    { text: "out of memory", then: [")"], near: ["exceed", "device"] },
    { text: "according to cuda", then: [")"] },
    { text: "supplied memory", then: ["fraction"] },
  ],
  read(place) {
    const match = around(place, ASYNC_HEAD);
    if (match === undefined) return undefined;
    const draft = new Draft(place.view, "pytorch-cudaMallocAsync", match);
    for (const line of ASYNC_LINES) draft.accept(line);
    if ((draft.bytes("allowedBytes") ?? 0) >= 2 ** 63) {
      draft.figures.delete("allowedBytes");
      delete draft.details.allowedBytes;
    }
    return draft;
  },
};

const MPS_HEAD = anywhere`MPS backend out of memory`;
const MPS_KEYS = [
  next`[(,]? (?:MPS|currently) allocated : {size:allocatedBytes}`,
  next`[(,]? other allocations : {size:otherAllocationsBytes}`,
  next`[(,]? max allowed : {size:allowedBytes}`,
];
const MPS_REQUEST = next`\)? \.? Tried to allocate {size:requestedBytes} (?: on (?:private|shared) pool )?`;
const MPS_BUFFER = anywhere`Invalid buffer size : {size:requestedBytes}`;

export const pytorchMps: Grammar = {
  name: "pytorch-mps",
  needles: [
    { text: "mps backend", then: ["outof"] },
    { text: "mps allocated", then: [":"] },
    { text: "max allowed:", then: ["$"] },
    { text: "to allocate", then: ["$"] },
    { text: "invalid buffer size", then: [":$"] },
    { text: "buffer size:", then: ["$"] },
  ],
  read(place) {
    const buffer = around(place, MPS_BUFFER);
    if (buffer !== undefined) return new Draft(place.view, "pytorch-mps", buffer);
    const match = around(place, MPS_HEAD);
    if (match === undefined) return undefined;
    const draft = new Draft(place.view, "pytorch-mps", match);
    for (const key of MPS_KEYS) draft.accept(key);
    draft.accept(MPS_REQUEST);
    return draft.figures.size > 0 || standsAlone(place.view, match.index, draft.end) ? draft : undefined;
  },
};

const CPU = anywhere`(?: \[ enforce fail at [^\]]{1,300} \] [^D]{0,60} )? DefaultCPUAllocator : [^:]{0,40}? :? you tried to allocate {size:requestedBytes}`;
/** Versions up to 1.1 print whole GiB, rounded down. */
const CPU_WHOLE = anywhere`not enough memory : you tried to allocate (?<_gib>\d+)GB \. Buy new RAM`;
const CPU_OLD = anywhere`enforce fail at [^\]]{1,300} \] posix_memalign \( &data , gAlignment , nbytes \) == 0 \. 12 vs 0`;

export const pytorchCpu: Grammar = {
  name: "pytorch-cpu",
  needles: [
    { text: "defaultcpu", then: ["allocator"] },
    { text: "cpuallocator", then: [":", ".cpp"] },
    { text: "to allocate", then: ["$"] },
    { text: "alloc_cpu.cpp", then: [":#"] },
    { text: "posix_memalign", then: ["(&"] },
  ],
  read(place) {
    const whole = around(place, CPU_WHOLE);
    const match = whole ?? around(place, CPU) ?? around(place, CPU_OLD);
    if (match === undefined) return undefined;
    const draft = new Draft(place.view, "pytorch-cpu", match);
    const at = whole?.indices?.groups?._gib;
    const bytes = Number(whole?.groups?._gib) * 2 ** 30;
    if (at !== undefined) draft.set("requestedBytes", { bytes, range: [bytes, bytes + 2 ** 30 - 1] }, at);
    return draft;
  },
};

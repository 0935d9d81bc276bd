import { Draft } from "../draft.js";
import { anywhere, next } from "../pattern.js";
import { quantity } from "../quantity.js";
import type { Grammar } from "./grammar.js";
import { around, standsAlone } from "./grammar.js";
import { hostFramework } from "./host.js";

const HEADED = anywhere`(?:(?<_device> CUDA|HIP|XPU|NPU|MLU|MUSA|[A-Z]{2,6}) out of memory \.? )
  Tried to allocate {size:requestedBytes}`;
const BARE = anywhere`Tried to allocate {size:requestedBytes} (?= \.? (?: \( [A-Z]\w* \d+; | GPU \d+ has a total capac ))`;
const PARENTHESIS = anywhere`\( (?:GPU|[NX]PU|MLU|MUSA) (?<gpuIndex>\d+) ; (?= [\d.]+ \w+ total capacity )`;

const OPENING = next`[.,;:]* \( (?:[A-Z]\w*?) (?<gpuIndex>\d+) ;`;
/** Up to 2.0: clauses in a parenthesis, in this order, some of them missing. */
const LISTED: [RegExp, kind?: "cached_unused" | "total"][] = [
  [next`{size:totalBytes} total capacity ;?`],
  [next`{size:allocatedBytes} already allocated ;?`],
  [next`{size:activeBytes} current active ;?`],
  [next`{size:freeBytes} free ;?`],
  [next`{size:allowedBytes} allowed ;?`],
  [next`{size:reservedBytes} cached ;?`, "cached_unused"],
  [next`{size:reservedBytes} reserved in total by PyTorch ;?`, "total"],
];

/** From 2.1: sentences; those about processes need NVML and are missing without it, and come in any order. */
const SENTENCES: RegExp[] = [
  next`(?:GPU|[A-Z]{3,4}) (?<gpuIndex>\d+) has a total capac (?:i? ty) of {size:totalBytes} (?: of which {size:freeBytes} is free )?`,
  next`{size:allowedBytes} allowed`,
  next`Of the allocated memory {size:allocatedBytes} is allocated by PyTorch`,
  next`with {size:privatePoolBytes} allocated in private pools (?: \( [^()]{1,60} \) )?`,
];
const UNALLOCATED = next`(?:and)? {size:reservedBytes} is reserved by PyTorch but unallocated`;
const OWN = next`Including non-PyTorch memory , this process has {size:processInUseBytes} memory in use`;
const OTHER = next`Process (?<_pid>\d*) has {size:_inUse} memory in use`;
/** Between clauses; "..." and the bytes of a typographic ellipsis where somebody shortened the text. */
const BETWEEN = next`(?: [.,;] | \xe2\x80\xa6 )*`;

const FRAMEWORKS: Record<string, string> = { CUDA: "pytorch", HIP: "pytorch-rocm" };

export const pytorch: Grammar = {
  name: "pytorch",
  needles: ["out of memory", "to allocate", "total capac", "already alloc", "memory in use", "by pytorch"],
  read(place) {
    const match = around(place, HEADED, 1200) ?? around(place, BARE, 1200) ?? around(place, PARENTHESIS, 400);
    if (match === undefined) return undefined;
    const draft = new Draft(place.view, "pytorch", match);
    const device = match.groups?._device;
    if (device !== undefined) draft.framework = FRAMEWORKS[device] ?? `pytorch-${device.toLowerCase()}`;
    if (draft.framework === "pytorch") draft.framework = hostFramework(place.view, match.index) ?? "pytorch";
    if (draft.gpuIndex !== undefined || draft.accept(OPENING) !== undefined) readList(draft);
    else readSentences(draft);
    return draft;
  },
};

function readList(draft: Draft): void {
  for (const [clause, kind] of LISTED)
    if (draft.accept(clause) !== undefined && kind !== undefined) draft.reservedKind = kind;
}

function readSentences(draft: Draft): void {
  const others: { pid: number | null; bytes: number }[] = [];
  for (;;) {
    // Marks between clauses belong to the report only if a clause follows.
    const end = draft.end;
    draft.accept(BETWEEN);
    const other = draft.accept(OTHER);
    if (other !== undefined) {
      const { _pid: pid = "", _inUse: inUse = "" } = other.groups ?? {};
      const value = quantity(inUse);
      const at = other.indices?.groups?._inUse;
      if (value !== undefined && at !== undefined) {
        others.push({ pid: pid === "" ? null : Number(pid), bytes: value.bytes });
        if (draft.processScope === undefined) draft.set("processInUseBytes", value, at);
      }
    } else if (draft.accept(OWN) !== undefined) draft.processScope = "this";
    else if (draft.accept(UNALLOCATED) !== undefined) draft.reservedKind = "unallocated";
    else if (!SENTENCES.some((sentence) => draft.accept(sentence) !== undefined)) {
      draft.end = end;
      break;
    }
  }
  if (others.length > 0) draft.details.namedProcesses = others;
  if (draft.processScope === undefined && others.length === 1) draft.processScope = "single_named";
  // Which of several is this one the text does not say.
  else if (draft.processScope === undefined) draft.figures.delete("processInUseBytes");
}

const ASYNC_HEAD = anywhere`Allocation on device (?<gpuIndex>\d*) would exceed allowed memory \.? \( out of memory \)`;
const ASYNC_LINES = [
  next`Currently allocated : {size:allocatedBytes}`,
  next`Requested : {size:requestedBytes}`,
  next`Device limit : {size:totalBytes}`,
  next`Free \( according to CUDA \) : {size:freeBytes}`,
  next`PyTorch limit \( set by user-supplied memory fraction \) : {size:allowedBytes}`,
];

/** The backend cudaMallocAsync. Its limit is 2^64 where none was set. */
export const pytorchAsync: Grammar = {
  name: "pytorch-cudaMallocAsync",
  needles: ["would exceed", "according to cuda", "supplied memory", "currently allocated"],
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
    "mps backend",
    "mps allocated",
    "max allowed:",
    "to allocate",
    "invalid buffer size",
    "buffer size:",
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
/** Up to 1.1 in whole GiB, the rest cut off. */
const CPU_WHOLE = anywhere`not enough memory : you tried to allocate (?<_gib>\d+)GB \. Buy new RAM`;
/** 1.0 and 1.1 print the failed call alone. */
const CPU_OLD = anywhere`enforce fail at [^\]]{1,300} \] posix_memalign \( &data , gAlignment , nbytes \) == 0 \. 12 vs 0`;

export const pytorchCpu: Grammar = {
  name: "pytorch-cpu",
  needles: ["defaultcpu", "cpuallocator", "to allocate", "alloc_cpu.cpp", "posix_memalign"],
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

const WITHOUT_FIGURES = anywhere`(?: CUDA error : out of memory | HIP error : out of memory | CUDA out of memory | HIP out of memory
  | cuda runtime error \( 2 \) : out of memory | Allocation on device \d* )`;
const EXCEPTION = /[\w.]*(?:Error|Exception)[:(]['"]?$/;
const OLD_CALL = next`at [/\w.+-]+ : \d+`;

/** A driver's refusal that was passed on without a figure, as PyTorch before 1.0 and CUDA's own errors do. */
export const pytorchBare: Grammar = {
  name: "pytorch",
  needles: ["out of memory", "on device", "cuda error", "cuda runtime error"],
  read(place) {
    const match = around(place, WITHOUT_FIGURES, 80, 160);
    if (match === undefined) return undefined;
    const { view } = place;
    const draft = new Draft(view, "pytorch", match);
    const [exception] = EXCEPTION.exec(view.text.slice(Math.max(0, match.index - 60), match.index)) ?? [];
    if (exception === undefined) return undefined;
    draft.start -= exception.length;
    const opens = view.isLineStart(draft.start) || /[:>|"'({\]]/.test(view.text.charAt(draft.start - 1));
    const closes =
      draft.accept(OLD_CALL) !== undefined ||
      view.isLineStart(draft.end) ||
      /^[.'")]/.test(view.text.charAt(draft.end));
    if (!opens || !closes) return undefined;
    if (match[0].startsWith("HIP")) draft.framework = "pytorch-rocm";
    else draft.framework = hostFramework(view, match.index) ?? "pytorch";
    return draft;
  },
};

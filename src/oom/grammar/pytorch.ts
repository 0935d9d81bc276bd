import { Draft } from "../draft.js";
import { anywhere, next } from "../pattern.js";
import { quantity } from "../quantity.js";
import type { Grammar } from "./grammar.js";
import { around } from "./grammar.js";
import { hostOf } from "./host.js";

const HEADED = anywhere`(?:(?<_device> CUDA|HIP|XPU|NPU|MLU|MUSA|[A-Z]{2,6}) out of memory \.? )
  Tried to allocate {size:requestedBytes}`;
const BARE = anywhere`Tried to allocate {size:requestedBytes} (?= \.? (?: \( [A-Z]\w* \d+; | GPU \d+ has a total capac ))`;
const PARENTHESIS = anywhere`\( (?:GPU|[NX]PU|MLU|MUSA) (?<gpuIndex>\d+) ; (?= [\d.]+ \w+ total capacity )`;

const OPENING = next`[.,;:]* \( (?:[A-Z]\w*?) (?<gpuIndex>\d+) ;`;
/** Up to version 2.0: clauses in a parenthesis, in this order; some may be missing. */
const LISTED: [RegExp, kind?: "cached_unused" | "total"][] = [
  [next`{size:totalBytes} total capacity ;?`],
  [next`{size:allocatedBytes} already allocated ;?`],
  [next`{size:activeBytes} current active ;?`],
  [next`{size:freeBytes} free ;?`],
  [next`{size:allowedBytes} allowed ;?`],
  [next`{size:reservedBytes} cached ;?`, "cached_unused"],
  // A text that is cut short may end within these words, and forks name themselves.
  [next`{size:reservedBytes} reserved (?: in (?: total (?: by \w* )? )? )? ;?`, "total"],
];

/** From version 2.1: sentences in any order. Those about processes need NVML and are missing without it. */
const SENTENCES: RegExp[] = [
  next`(?:GPU|[A-Z]{3,4}) (?<gpuIndex>\d+) has a total capac (?:i? ty) of {size:totalBytes} (?: of which {size:freeBytes} is free )?`,
  next`{size:allowedBytes} allowed`,
  next`Of the allocated memory {size:allocatedBytes} is allocated by PyTorch`,
  next`with {size:privatePoolBytes} allocated in private pools (?: \( [^()]{1,60} \) )?`,
];
const UNALLOCATED = next`(?:and)? {size:reservedBytes} is reserved (?: by (?: PyTorch ,? (?: but (?: unalloc\w* )? )? )? )?`;
const OWN = next`Including non-PyTorch memory , this process has {size:processInUseBytes} memory in use`;
const OTHER = next`Process (?<_pid>\d*) has {size:_inUse} memory in use`;
/**
 * Text between clauses; "..." and the bytes of the character for an ellipsis stand where somebody shortened
 * the text.
 */
const BETWEEN = next`(?: [.,;] | \xe2\x80\xa6 )*`;

const FRAMEWORKS: Record<string, string> = { CUDA: "pytorch", HIP: "pytorch-rocm" };

export const pytorch: Grammar = {
  name: "pytorch",
  needles: [
    { text: "out of memory", then: [".triedto", "triedto"] },
    { text: "to allocate", then: ["$"] },
    { text: "total capac", then: ["ityof", "tyof", "ity;"] },
    { text: "already alloc", then: ["ated;"] },
    { text: "memory in use", then: ["."], near: ["ib "] },
    { text: "by pytorch", then: [",and", ",with", "but", ")"] },
  ],
  read(place) {
    const match = around(place, HEADED, 1200) ?? around(place, BARE, 1200) ?? around(place, PARENTHESIS, 400);
    if (match === undefined) return undefined;
    const draft = new Draft(place.view, "pytorch", match);
    const device = match.groups?._device;
    if (device !== undefined) draft.framework = FRAMEWORKS[device] ?? `pytorch-${device.toLowerCase()}`;
    const host = hostOf(place.view, match.index);
    if (draft.framework === "pytorch") draft.framework = host.framework ?? "pytorch";
    if (host.phase !== undefined) draft.details.phase = host.phase;
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
    // Punctuation between clauses belongs to the report only if another clause follows.
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
  // The text does not say which of several processes is this one.
  else if (draft.processScope === undefined) draft.figures.delete("processInUseBytes");
}

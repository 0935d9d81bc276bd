import { bytesWithBinaryUnit as size } from "../../base/format.js";
import { victimOf } from "../fill.js";
import { frameworkOf } from "../frameworks.js";
import type { OomRecord } from "../record.js";
import type { Diagnosis, Rule } from "./diagnosis.js";
import { isHost } from "./diagnosis.js";

const grouped = (value: number): string => value.toLocaleString("en-US");

/** vLLM itself refuses: there is no room for the cache that one request needs, or for any cache. */
export const cacheTooSmall: Rule = ({ record, balance: { requested, free } }) => {
  const { neededTokens, cacheTokens } = record.details;
  if (record.framework !== "vllm") return undefined;
  if (neededTokens === undefined) {
    if (record.details.reason !== "no cache blocks") return undefined;
    return {
      name: "cache-too-small",
      message:
        "The weights and the profiling run leave nothing for the key/value cache within the share of the card that vLLM may use.",
    };
  }
  const room =
    cacheTokens !== undefined
      ? `room for ${grouped(cacheTokens)}`
      : `${size(free ?? 0)}, where they need ${size(requested ?? 0)}`;
  return {
    name: "cache-too-small",
    message: `The key/value cache is to hold a request of ${grouped(neededTokens)} tokens and has ${room}.`,
  };
};

export const allocatorCap: Rule = ({ record, balance }) => {
  const { requested = 0, cap, total, allocated = 0, free } = balance;
  if (cap === undefined || isHost(record) || (total !== undefined && cap >= total)) return undefined;
  const wanted = allocated + (record.details.otherAllocationsBytes ?? 0) + requested;
  const room = free === undefined ? "" : `, while ${size(free)} of the card are free`;
  const sum = wanted > cap ? `; with the request ${size(wanted)} would be in use` : "";
  return { name: "allocator-cap", message: `The allocator may take ${size(cap)} and no more${room}${sum}.` };
};

/** TensorFlow or XLA asked for its whole pool, not for a tensor. */
export const arenaRefused: Rule = ({ record: { framework, details, requestedBytes } }) => {
  if (details.arena !== true || requestedBytes === null) return undefined;
  const whose = frameworkOf(framework).title;
  const tries = details.tries ?? 1;
  const again =
    tries === 1
      ? ""
      : ` ${tries} times, each time a tenth less, down to ${size(details.leastBytes ?? requestedBytes)}`;
  const reason =
    requestedBytes > MOST_ON_A_CARD
      ? "no card is that large, so the driver gave a wrong answer when it was asked how much is free"
      : "another process holds the card, or an earlier run of this one";
  return {
    name: "arena-refused",
    message: `${whose} asked for ${size(requestedBytes)} as its pool${again}, and the driver refused: ${reason}.`,
  };
};
const MOST_ON_A_CARD = 2 ** 40;

/** Not even a context could be made on the card. */
export const noContext: Rule = ({ record: { framework, details, totalBytes, gpuIndex } }) =>
  details.reason === "context"
    ? {
        name: "other-process",
        message: `${frameworkOf(framework).title} could not even open ${gpuIndex === null ? "the card" : `GPU ${gpuIndex}`}${totalBytes === null ? "" : ` (${size(totalBytes)})`}: another process holds its memory.`,
      }
    : undefined;

/** XLA knows before it runs that a program is too large for a memory of the chip. */
export const compiledProgram: Rule = ({ record: { details, totalBytes } }) => {
  const { programBytes, reason = "memory" } = details;
  if (programBytes === undefined || totalBytes === null) return undefined;
  const over = programBytes - totalBytes;
  if (/^[vsc]mem$/i.test(reason))
    return {
      name: "on-chip-memory",
      message: `A kernel needs ${size(programBytes)} of ${reason}, the scratch memory of one core, which has ${size(totalBytes)}: ${size(over)} too much for its blocks. The chip's main memory is not the matter.`,
    };
  return {
    name: "never-fits",
    message: `The compiled program needs ${size(programBytes)} of the chip's ${reason}, which has ${size(totalBytes)}: ${size(over)} too much, before it has run a step.`,
  };
};

/** The JVM's reasons that are about one of its own limits. */
const JVM_LIMITS = /heap space|overhead|array size|PermGen|metaspace|class space|direct/i;

/** Main memory: a runtime's own heap, a control group, or the machine. */
export const hostLimit: Rule = ({ record, balance: { requested } }) => {
  const { framework, details, allocatedBytes, reservedBytes } = record;
  if (framework === "linux-kernel") return killed(record);
  if (framework === "ollama" && record.freeBytes !== null && record.requestedBytes !== null)
    return {
      name: "host-memory",
      message: `Ollama refused to load the model: it needs ${size(record.requestedBytes)} of ${details.onHost === true ? "main memory" : "memory"}, and ${size(record.freeBytes)} are available.`,
    };
  if (framework === "nodejs" && details.reason === "worker")
    return {
      name: "heap-limit",
      message:
        "A worker thread met the limit of its own heap (resourceLimits), not the machine's and not the main thread's.",
    };
  if (framework === "nodejs" && details.onHost !== true) {
    const held =
      allocatedBytes === null
        ? ""
        : `: ${size(allocatedBytes)} are alive after the last collection, ${size(reservedBytes ?? 0)} committed`;
    return { name: "heap-limit", message: `V8 met the limit of its own heap, not the machine's${held}.` };
  }
  const reason = details.reason === undefined ? "" : ` (${details.reason})`;
  if (framework === "jvm" && /native thread/i.test(reason))
    return {
      name: "too-many-threads",
      message:
        "The JVM could not start one more thread: a limit on the number of processes and threads was met, or there are far too many; bytes are seldom the matter.",
    };
  if (framework === "jvm" && (JVM_LIMITS.test(reason) || details.limitBytes !== undefined))
    return { name: "heap-limit", message: `The JVM met a limit of its own${reason}.` };
  if (!isHost(record)) return undefined;
  const asked = requested === undefined ? "memory" : size(requested);
  return {
    name: "host-memory",
    message: `The host, not a GPU, refused ${asked}${reason}: main memory and swap, or a limit on the process.`,
  };
};

function killed(record: OomRecord): Diagnosis {
  const { processInUseBytes: used, details } = record;
  const named = victimOf(record);
  const held = used === null ? "" : `, which held ${size(used)} of resident memory`;
  const whom = `${named ?? "a process"}${held}`;
  const group = details.controlGroup === undefined ? "" : ` ${details.controlGroup}`;
  const isOfGroup =
    details.reason?.startsWith("CONSTRAINT_MEMCG") === true || details.limitBytes !== undefined;
  if (isOfGroup) {
    const limit = details.limitBytes === undefined ? "" : ` of ${size(details.limitBytes)}`;
    return {
      name: "group-limit",
      message: `The kernel killed ${whom}, at the limit${limit} of its control group${group} (a container's or a job's memory limit).`,
    };
  }
  if (named === undefined && used === null && details.reason === undefined)
    return {
      name: "killed",
      message:
        "The kernel's OOM killer was called; the text ends before it says whom it killed, and whether a group's limit or the machine's memory was met.",
    };
  return {
    name: "host-memory",
    message: `The kernel killed ${whom}, because the machine ran out of memory.`,
  };
}

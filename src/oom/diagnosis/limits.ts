import { bytesWithBinaryUnit as size } from "../../base/format.js";
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

/** The JVM's reasons that are about one of its own limits. */
const JVM_LIMITS = /heap space|overhead|array size|PermGen|metaspace|class space|direct/i;

/** Main memory: a runtime's own heap, a control group, or the machine. */
export const hostLimit: Rule = ({ record, balance: { requested } }) => {
  const { framework, details, allocatedBytes, reservedBytes } = record;
  if (framework === "linux-kernel") return killed(record.processInUseBytes, details);
  if (framework === "nodejs") {
    const held =
      allocatedBytes === null
        ? ""
        : `: ${size(allocatedBytes)} are alive after the last collection, ${size(reservedBytes ?? 0)} committed`;
    return { name: "heap-limit", message: `V8 met the limit of its own heap, not the machine's${held}.` };
  }
  const reason = details.reason === undefined ? "" : ` (${details.reason})`;
  if (framework === "jvm" && (JVM_LIMITS.test(reason) || details.limitBytes !== undefined))
    return { name: "heap-limit", message: `The JVM met a limit of its own${reason}.` };
  if (!isHost(record)) return undefined;
  const asked = requested === undefined ? "memory" : size(requested);
  return {
    name: "host-memory",
    message: `The host, not a GPU, refused ${asked}${reason}: main memory and swap, or a limit on the process.`,
  };
};

function killed(used: number | null, details: { reason?: string; limitBytes?: number }): Diagnosis {
  const whom = used === null ? "a process" : `a process of ${size(used)} resident memory`;
  if (details.reason !== "CONSTRAINT_MEMCG" && details.limitBytes === undefined)
    return {
      name: "host-memory",
      message: `The kernel killed ${whom} because the machine ran out of memory.`,
    };
  const limit = details.limitBytes === undefined ? "" : ` of ${size(details.limitBytes)}`;
  return {
    name: "group-limit",
    message: `The kernel killed ${whom} at the limit${limit} of its control group (a container's or a job's memory limit).`,
  };
}

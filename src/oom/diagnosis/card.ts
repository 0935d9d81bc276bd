import { bytesWithBinaryUnit as size } from "../../base/format.js";
import { CONTEXT_BYTES, hiddenBy, isFreeEnough, roundingOf, surelyAbove } from "../balance.js";
import type { Case, Diagnosis, Rule } from "./diagnosis.js";
import { isHost } from "./diagnosis.js";

export const spill: Rule = ({ record, balance: { allocated, total } }) => {
  if (total === undefined || allocated === undefined || allocated <= total) return undefined;
  const sure = surelyAbove(record, "allocatedBytes", "totalBytes");
  return {
    name: "system-memory-spill",
    message: `${size(allocated)} are allocated on a card of ${size(total)}: the driver has spilled the rest into system memory (Windows and WSL do, as shared GPU memory), or the counters are not of one card${sure ? "" : "; the difference is within the rounding"}.`,
  };
};

/**
 * Share of the card's memory. Every allocator keeps unused pieces smaller than this, and freeing them helps
 * little.
 */
const LARGE_RESERVE = 0.05;
/** From this share of the card on, the process itself fills the card. */
const FULL = 0.85;

/** Below this share of the card, the unused reserve is not worth a word. */
const SMALL_RESERVE = 0.01;

/** The unused reserve would have been enough for the request, alone or together with the free memory. */
function pieces({ record, facts, balance }: Case, large: boolean): Diagnosis | undefined {
  const { requested, free, unallocated, total } = balance;
  if (requested === undefined || unallocated === undefined || isFreeEnough(record, balance)) return undefined;
  if (total !== undefined && requested > total) return undefined;
  const alone = unallocated - requested >= -roundingOf(record, RESERVE);
  const together =
    free !== undefined && free + unallocated - requested >= -roundingOf(record, ["freeBytes", ...RESERVE]);
  // If the reserve is enough only together with the free memory, it must be at least a quarter of the
  // request: small tensors always keep some reserve.
  if (!alone && !(together && unallocated >= requested / 4)) return undefined;
  const isLarge = total === undefined || unallocated >= LARGE_RESERVE * total;
  if (isLarge !== large || (total !== undefined && unallocated < SMALL_RESERVE * total)) return undefined;
  const already = facts.expandableSegments
    ? " The log sets expandable_segments:True already, so other streams or private pools hold the pieces."
    : "";
  const there = alone ? unallocated : unallocated + (free ?? 0);
  const over = there - requested;
  const hidden = hiddenBy(record, alone ? RESERVE : ["freeBytes", ...RESERVE]);
  const asFar = over >= hidden ? "" : ", as far as the printed digits tell";
  // One digit more or less must not change the verdict, so it stands a little below the request too.
  const enough =
    over < -hidden
      ? `${size(-over)} less than the ${size(requested)} asked for`
      : `enough for the ${size(requested)} asked for${asFar}`;
  const message = alone
    ? `${size(unallocated)} are reserved and not in use, ${enough}, ${over < -hidden ? "and" : "but"} in pieces that are each too small.`
    : `${size(unallocated)} are reserved and not in use and ${size(free ?? 0)} are free: together ${enough}, ${over < -hidden ? "and" : "but"} in separate pieces.`;
  return { name: "fragmentation", message: message + already };
}
/** Figures that the unused reserve is computed from. */
const RESERVE = ["allocatedBytes", "reservedBytes"];

export const fragmentation: Rule = (situation) => pieces(situation, true);
/** The reserve is so small that the next request would fail anyway. */
export const slightFragmentation: Rule = (situation) => pieces(situation, false);

export const cardFull: Rule = ({ record, balance }) => {
  const { requested, free, total, allocated = 0 } = balance;
  if (isHost(record) || total === undefined || allocated > total) return undefined;
  const own = record.processScope === "this" ? (record.processInUseBytes ?? 0) : 0;
  const used = Math.max(own, allocated);
  if (
    used < FULL * total ||
    (requested !== undefined && (requested > total || isFreeEnough(record, balance)))
  )
    return undefined;
  const short =
    requested === undefined || free === undefined
      ? ""
      : requested > free
        ? `, asked for ${size(requested)} more, and found ${size(free)} free: short by ${size(requested - free)}`
        : `, asked for ${size(requested)} more, and found about as much free (${size(free)})`;
  return { name: "card-full", message: `This process itself holds ${size(used)} of ${size(total)}${short}.` };
};

export const otherProcess: Rule = (situation) => {
  const { record, balance } = situation;
  const { requested, total, free } = balance;
  if (isHost(record) || total === undefined || free === undefined) return undefined;
  if (requested !== undefined && (requested > total || isFreeEnough(record, balance))) return undefined;
  if (record.framework === "vllm" && requested !== undefined && record.allocatedBytes === null)
    return beforeTheStart(total, free);
  const own = record.processScope === "this" ? (record.processInUseBytes ?? 0) : 0;
  return own > 0 ? besideOwn(situation, own, total, free) : besideAllocator(situation, total, free);
};

/** vLLM refuses to start if less memory is free than its share of the card. */
function beforeTheStart(total: number, free: number): Diagnosis {
  return {
    name: "other-process",
    message: `${size(total - free)} of ${size(total)} were in use before this process had allocated anything.`,
  };
}

/** The driver counted this process, so all other used memory belongs to other processes. */
function besideOwn(
  { record, balance }: Case,
  own: number,
  total: number,
  free: number,
): Diagnosis | undefined {
  const others = Math.max(0, total - free - own);
  if (others < Math.max(0.1 * total, (balance.requested ?? 0) - free)) return undefined;
  return {
    name: "other-process",
    message: `This process holds ${size(own)} of ${size(total)}; others hold ${size(others)}${named(record.details.namedProcesses)}.`,
  };
}

/**
 * Without the driver's count: memory that is neither free nor the allocator's, if a context cannot explain
 * it.
 */
function besideAllocator({ record, balance }: Case, total: number, free: number): Diagnosis | undefined {
  const { requested = 0, allocated, unallocated = 0, elsewhere } = balance;
  const { namedProcesses = [] } = record.details;
  if (allocated === undefined || elsewhere === undefined) return undefined;
  const mine = allocated + unallocated;
  const [single, ...more] = namedProcesses;
  // In a container the one named process is this one, but under its process id on the host.
  if (single !== undefined && more.length === 0 && Math.abs(single.bytes - mine) <= 2 * CONTEXT_BYTES)
    return undefined;
  const beyond = elsewhere - CONTEXT_BYTES;
  if (elsewhere < 0.25 * total || beyond < requested - free || beyond < 0.05 * total) return undefined;
  return {
    name: "other-process",
    message: `${size(elsewhere)} of ${size(total)} are neither free nor held by this process's allocator (${size(mine)}): other processes, or libraries that allocate beside it${named(namedProcesses)}.`,
  };
}

function named(processes: readonly { pid: number | null; bytes: number }[] = []): string {
  if (processes.length === 0) return "";
  const list = processes.map(
    ({ pid, bytes }) => `${pid === null ? "a process" : `process ${pid}`} ${size(bytes)}`,
  );
  return ` (${list.join(", ")})`;
}

export const notVisible: Rule = ({ record, balance: { allocated = 0 } }) => {
  if (record.processScope !== "this" || record.processInUseBytes !== 0 || allocated === 0) return undefined;
  return {
    name: "process-not-visible",
    message: `The driver counts 0 bytes for a process that has allocated ${size(allocated)}: it runs in a container whose process numbers the driver does not know, so figures of processes say nothing here.`,
  };
};

import type { ErrorCode } from "../../base/errors.js";
import { isAbsent } from "../../system/probe/reading.js";
import { bytesWithBinaryUnit } from "../../base/format.js";
import type { LimitEvidence } from "../limits/index.js";
import type { EnforcementKind } from "../../record/cell.js";
import type { CellEnd, Outcome } from "../../record/cell-end.js";
import { heapAtEnd } from "./heap-at-end.js";
import type { KernelKills } from "./kernel-kills.js";
import { lastWords } from "./last-words.js";
import type { LaunchEnd } from "./launch.js";

/** Why the runner itself ended a cell. */
export interface Stop {
  outcome: Extract<Outcome, "interrupted" | "oom-watchdog" | "oom-device">;
  cause: string;
}

export interface Evidence {
  launch: LaunchEnd;
  limit: LimitEvidence;
  enforcement: EnforcementKind;
  capBytes: number | undefined;
  /** The limit on V8's old space that the runner set. */
  heapLimitBytes: number | undefined;
  timeoutMs: number;
  /** Set if the runner ended the cell. */
  ended: Stop | undefined;
  answered: boolean;
  error: { code: ErrorCode | undefined; message: string } | undefined;
  /** Outcome that the answer itself names, such as that of a program that reached the cap of a pool. */
  answeredOutcome: Outcome | undefined;
  answeredCause: string | undefined;
  /** Readings that the answer should have and does not. */
  lacking: string | undefined;
  /** What the kernel's killer ended during this cell. */
  kills: KernelKills | undefined;
}

export type Verdict = Pick<CellEnd, "outcome" | "cause" | "code" | "aboveBytes">;

const DEVICE = /CUDA out of memory|CUDA_ERROR_OUT_OF_MEMORY|OutOfMemoryError: CUDA|HIP out of memory/;
const HEAP = /FATAL ERROR:.*heap out of memory|JavaScript heap out of memory|Fatal process out of memory/i;
const ALLOCATION =
  /Array buffer allocation failed|\bMemoryError\b|std::bad_alloc|\bENOMEM\b|Cannot allocate memory|cannot allocate memory|failed to map segment|WebAssembly\.Memory\(\): could not allocate|out of memory/i;

/** Number of characters at the end of the output that are searched for a message about memory. */
const LAST_WORDS = 4096;

/**
 * Decides the outcome. The order matters: what the runner did, then the caps, the time limit, the answer of
 * the cell, and the exit code last.
 */
export function verdict(evidence: Evidence): Verdict {
  return byRunner(evidence) ?? byCap(evidence) ?? byTime(evidence) ?? byAnswer(evidence) ?? byExit(evidence);
}

function byRunner({ ended, launch }: Evidence): Verdict | undefined {
  if (ended !== undefined) return { outcome: ended.outcome, cause: ended.cause };
  const { failed, spawnError, supervisor } = launch;
  if (spawnError !== undefined)
    return { outcome: "crash", cause: `the process could not be started: ${spawnError.message}` };
  if (failed !== undefined) {
    const place = failed.path === undefined ? "" : ` ${failed.path}`;
    return {
      outcome: "crash",
      cause: `the process could not be started: ${failed.stage}${place}: ${failed.message}`,
    };
  }
  if (supervisor?.killed === "lifeline" || supervisor?.killed === "signal" || supervisor?.killed === "asked")
    return { outcome: "interrupted", cause: "interrupted" };
  return undefined;
}

function byCap({ launch, limit, capBytes, enforcement }: Evidence): Verdict | undefined {
  if (capBytes === undefined) return undefined;
  const cap = bytesWithBinaryUnit(capBytes);
  const over = { outcome: "oom-cap", aboveBytes: capBytes } as const;
  // Kernels count the killed processes of a group differently, so the number says only that the killer acted.
  if (!isAbsent(limit.oomKills) && limit.oomKills > 0)
    return {
      ...over,
      cause: `the kernel's killer acted at the cap of ${cap} (${enforcement}: oom_kill ${limit.oomKills})`,
    };
  if (launch.supervisor?.killed === "memory") {
    const { overLimitBytes } = launch.supervisor;
    const seen = overLimitBytes === undefined ? "" : `, it held ${bytesWithBinaryUnit(overLimitBytes)}`;
    return { ...over, cause: `the watchdog ended it above the cap of ${cap}${seen}` };
  }
  return undefined;
}

function byTime({ launch, timeoutMs }: Evidence): Verdict | undefined {
  if (!launch.timedOut) return undefined;
  return {
    outcome: "timeout",
    code: "SUBJECT_TIMEOUT",
    cause: `did not finish within ${timeoutMs / 1000} s`,
  };
}

function byAnswer(evidence: Evidence): Verdict | undefined {
  const { answered, answeredOutcome, answeredCause, lacking, error } = evidence;
  if (answered && lacking === undefined) {
    if (answeredOutcome === undefined || answeredOutcome === "ok") return { outcome: "ok" };
    return { outcome: answeredOutcome, ...(answeredCause === undefined ? {} : { cause: answeredCause }) };
  }
  if (answered) return { outcome: "crash", cause: lacking ?? "" };
  if (error === undefined) return undefined;
  return memoryIn(error.message, evidence) ?? { outcome: "crash", ...codeOf(error), cause: error.message };
}

function codeOf({ code }: { code: ErrorCode | undefined }): { code?: ErrorCode } {
  return code === undefined ? {} : { code };
}

function byExit(evidence: Evidence): Verdict {
  const { launch } = evidence;
  const { exitCode, exitSignal, output } = launch;
  if (launch.lost === true)
    return {
      outcome: "crash",
      cause:
        "its supervisor was killed, so nothing held its limits and nothing counted its memory; its processes were ended",
    };
  const memory = memoryIn(output.slice(-LAST_WORDS), evidence);
  if (memory !== undefined) return memory;
  const status =
    exitSignal === null ? `exited with code ${exitCode ?? "unknown"}` : `was killed by ${exitSignal}`;
  if (exitSignal === "SIGKILL") {
    const killer = killerOf(evidence.kills);
    if (killer !== undefined) return { outcome: "crash", cause: `the process ${status} ${killer}` };
  }
  const last = lastWords(output);
  const said = last === undefined ? "" : `; its last line was: ${last.slice(0, 500)}`;
  return {
    outcome: "crash",
    cause: `the process ${status} without an answer${said}${refusalHint(evidence)}`,
  };
}

function killerOf(kills: KernelKills | undefined): string | undefined {
  const { group, host = 0 } = kills ?? {};
  if (group !== undefined && group.kills > 0)
    return `at the memory limit of ${bytesWithBinaryUnit(group.limitBytes)} of this control group (a container, a job or a service; its oom_kill rose by ${group.kills}); give it more memory, or measure fewer instances`;
  if (host === 0) return undefined;
  return `while the kernel's out-of-memory killer was at work on this host (oom_kill in /proc/vmstat rose by ${host}); give the cell a cap and the host more free memory`;
}

/** A program that does not check a refused allocation dies of it, often without a word; nothing proves which it was. */
function refusalHint({ enforcement, capBytes, launch }: Evidence): string {
  const isFault = ["SIGABRT", "SIGSEGV", "SIGBUS", "SIGILL", "SIGTRAP"].includes(launch.exitSignal ?? "");
  if (enforcement !== "rlimit-data" || capBytes === undefined || !isFault) return "";
  return `; a refused allocation ends many programs so, and RLIMIT_DATA refuses above ${bytesWithBinaryUnit(capBytes)}: raise the cap or choose another enforcement to tell`;
}

/** Finds a message of the program that says it ran out of memory. */
function memoryIn(text: string, evidence: Evidence): Verdict | undefined {
  const { enforcement, capBytes } = evidence;
  const line = (pattern: RegExp): string =>
    text
      .split("\n")
      .find((each) => pattern.test(each))
      ?.trim()
      .slice(0, 300) ?? "";
  if (DEVICE.test(text)) return { outcome: "oom-device", cause: line(DEVICE) };
  if (HEAP.test(text)) return heapVerdict(evidence);
  if (!ALLOCATION.test(text)) return undefined;
  if (enforcement === "rlimit-data" && capBytes !== undefined) {
    return {
      outcome: "oom-cap",
      cause: `an allocation was refused under the data limit of ${bytesWithBinaryUnit(capBytes)}: ${line(ALLOCATION)}`,
      aboveBytes: capBytes,
    };
  }
  return { outcome: "oom-alloc", cause: `an allocation was refused: ${line(ALLOCATION)}` };
}

/** Below this share of the limit that the runner set, V8 gave up for another reason than that limit. */
const NEAR_THE_LIMIT = 0.75;

/**
 * V8 reached a heap limit. A program may have set a smaller one than the runner, so the runner's is named only if the
 * heap was near it.
 */
function heapVerdict({ launch, capBytes, heapLimitBytes }: Evidence): Verdict {
  const heldBytes = heapAtEnd(launch.output);
  if (heapLimitBytes === undefined) {
    return heldBytes === undefined
      ? { outcome: "oom-heap", cause: "V8's heap limit was reached" }
      : {
          outcome: "oom-heap",
          cause: `V8's heap limit was reached with ${bytesWithBinaryUnit(heldBytes)} in the heap`,
          aboveBytes: heldBytes,
        };
  }
  if (heldBytes !== undefined && heldBytes < heapLimitBytes * NEAR_THE_LIMIT) {
    return {
      outcome: "oom-heap",
      cause: `V8 gave up with ${bytesWithBinaryUnit(heldBytes)} in the heap, below the limit of ${bytesWithBinaryUnit(heapLimitBytes)} that this run set: the program set a smaller limit itself, or asked for one very large object`,
      aboveBytes: heldBytes,
    };
  }
  return {
    outcome: "oom-heap",
    cause: `V8's heap limit of ${bytesWithBinaryUnit(heapLimitBytes)} was reached, which is set below the cap${capBytes === undefined ? "" : ` of ${bytesWithBinaryUnit(capBytes)}`}`,
    aboveBytes: heapLimitBytes,
  };
}

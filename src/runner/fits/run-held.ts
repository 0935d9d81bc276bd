import { fileURLToPath } from "node:url";
import type { ErrorCode } from "../../base/errors.js";
import { isTooDeep } from "../../base/json-depth.js";
import { isAbsent } from "../../system/probe/reading.js";
import type { Reading } from "../../system/probe/reading.js";
import type { CellEnd } from "../../record/cell-end.js";
import type { Enforcement, LimitEvidence } from "../limits/index.js";
import type { LaunchEnd } from "../cell/launch.js";
import { launch } from "../cell/launch.js";
import { verdict } from "../cell/outcome.js";
import type { HeldOrder } from "./order.js";

const ENTRY = fileURLToPath(new URL("./entry.js", import.meta.url));

export interface HeldOptions {
  /** Name of the attempt: letters, digits and "-" only. */
  id: string;
  enforcement: Enforcement;
  memoryBytes: number;
  nodeOptions: readonly string[];
  imports: readonly string[];
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  onMade?: (count: number) => void;
}

/** How a process that held a population ended, with what it said last. */
export interface HeldEnd {
  outcome: CellEnd["outcome"];
  cause?: string;
  code?: ErrorCode;
  /** Whether the subject was loaded and ready to make its first instance. */
  ready: boolean;
  /** Instances that it had made for certain. */
  reached: number;
  /** Rounds of replacement that it survived. */
  rounds: number;
  data?: unknown;
  exitCode: number | null;
  exitSignal: NodeJS.Signals | null;
  /** What V8 said in its own words, if it ended the process. */
  v8Message?: string;
  oomKills?: number;
  /** Peak of the group, as the kernel counted it, or of the process where there is no group. */
  peakBytes: Reading;
  durationMs: number;
}

/** Starts a plain Node process under a limit on memory, has it hold a population, and says how it ended. */
export async function runHeld(order: HeldOrder, options: HeldOptions): Promise<HeldEnd> {
  const { enforcement, memoryBytes, nodeOptions, imports, timeoutMs, signal } = options;
  const seen: Seen = { ready: false, reached: 0, rounds: 0 };
  const limit = await enforcement.open({ id: options.id, capBytes: memoryBytes });
  let end: LaunchEnd;
  let evidence: LimitEvidence;
  const stop = { interrupted: false };
  try {
    const running = launch({
      command: [
        process.execPath,
        ...(order.kind === "weigh" ? ["--expose-gc"] : []),
        ...nodeOptions,
        ...imports.flatMap((module) => ["--import", module]),
        ENTRY,
      ],
      env: { ...process.env, NODE_OPTIONS: "" },
      stdin: JSON.stringify(order),
      timeoutMs,
      graceMs: 0,
      supervisorArguments: limit.supervisorArguments,
      wrap: (command) => limit.wrap(command),
      onMessage: (line) => {
        note(line, seen);
        options.onMade?.(seen.reached);
      },
    });
    const interrupt = (): void => {
      stop.interrupted = true;
      running.kill();
    };
    signal?.addEventListener("abort", interrupt, { once: true });
    end = await running.ended;
    signal?.removeEventListener("abort", interrupt);
  } finally {
    evidence = await limit.close();
  }
  const decided = verdict({
    launch: end,
    limit: evidence,
    enforcement: enforcement.kind,
    capBytes: memoryBytes,
    heapLimitBytes: undefined,
    timeoutMs,
    ended: stop.interrupted ? { outcome: "interrupted", cause: "interrupted" } : undefined,
    answered: seen.data !== undefined,
    answeredOutcome: undefined,
    answeredCause: undefined,
    error: seen.error,
    lacking: undefined,
    kills: undefined,
  });
  const v8Message = /^FATAL ERROR: (.+)$/m.exec(end.output)?.[1];
  return {
    outcome: decided.outcome,
    ...(decided.cause === undefined ? {} : { cause: decided.cause }),
    ...(decided.code === undefined ? {} : { code: decided.code }),
    ready: seen.ready,
    reached: seen.reached,
    rounds: seen.rounds,
    ...(seen.data === undefined ? {} : { data: seen.data }),
    exitCode: end.exitCode,
    exitSignal: end.exitSignal,
    ...(v8Message === undefined ? {} : { v8Message }),
    ...(isAbsent(evidence.oomKills) ? {} : { oomKills: evidence.oomKills }),
    peakBytes: peakOf(end, evidence),
    durationMs: end.durationMs,
  };
}

function peakOf({ supervisor }: LaunchEnd, { peak }: LimitEvidence): Reading {
  if (!isAbsent(peak)) return peak.bytes;
  return supervisor?.largestProcessPeakBytes ?? peak;
}

interface Seen {
  ready: boolean;
  reached: number;
  rounds: number;
  data?: unknown;
  error?: { code: ErrorCode | undefined; message: string };
}

/** A subject may write anything to the descriptor; a line that is no record is left out. */
function note(line: string, seen: Seen): void {
  if (isTooDeep(line)) return;
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return;
  }
  const { type, count, round, data, code, message } = (record ?? {}) as Record<string, unknown>;
  if (type === "ready") seen.ready = true;
  else if (type === "made" && typeof count === "number") seen.reached = count;
  else if (type === "churned" && typeof round === "number") seen.rounds = round;
  else if (type === "answer") seen.data = data;
  else if (type === "error" && typeof message === "string")
    seen.error = { code: code as ErrorCode | undefined, message };
}

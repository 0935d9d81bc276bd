import type { BytesperError } from "../../base/errors.js";
import { counted, fixed, percent } from "../../base/format.js";
import type { Interval } from "../../base/stats/interval.js";
import { rangeInterval } from "../../base/stats/interval.js";
import { largestOf } from "../../base/stats/extremes.js";
import { median } from "../../base/stats/median.js";
import type { Absent, Reading } from "../../system/probe/reading.js";
import { absent, isAbsent } from "../../system/probe/reading.js";
import { sentence } from "../../base/sentence.js";
import { shortBytes } from "../snapshot/short.js";
import type { Fit, TrialData } from "./fit.js";
import { detectableOf, fitOf, resolutionOf, slopeOf } from "./fit.js";
import type { ConnectionsOptions } from "./run.js";
import type { LevelEnd, LevelReading } from "./trial.js";

export type Breakdown =
  | {
      /** Connections between the two snapshots. */
      connections: number;
      bytesPerConnection: number;
      rows: { type: string; count: number; bytes: number; path?: string }[];
    }
  | Absent;

/** One level in one trial, or a reading without connections. */
export interface ConnectionsRow {
  trial: number;
  state: "idle" | "after-first" | "open" | "closed";
  connections: number;
  processes: number;
  /** PSS of all processes of the server. */
  processBytes: number;
  /** PSS without pages of files; the line runs over these. */
  ownBytes: number;
  /** The same before garbage was collected. */
  uncollectedBytes: number;
  heapBytes: Reading;
  heapPhysicalBytes: Reading;
  externalBytes: Reading;
  mallocBytes: Reading;
  mallocFreeBytes: Reading;
  socketBytes: Reading;
}

/** What `bytesper connections` answers; `--json` prints it as it is. */
export interface ConnectionsAnswer {
  command: string[];
  unit: "connection";
  protocol: string;
  where: string;
  path: string;
  /** Of the server; absent where it is not Node. */
  node: string | Absent;
  messages: number;
  trials: number;
  fit: Fit | Absent;
  /** Kernel memory of the server's ends of the connections, which is in no process. */
  socketBytes: Interval | Absent;
  /** What the first connection brought once. */
  firstConnectionBytes: Interval;
  /** What stays when all are closed, beyond what the first connection left behind. */
  keptAfterCloseBytes: Interval | Absent;
  /** Of that, what V8 still holds: nothing, where the server lets go of what it kept. */
  heapKeptAfterCloseBytes: Interval | Absent;
  /** The heap's line against two snapshots. */
  crossCheck: { snapshotPerUnitBytes: number; relativeDifference: number } | Absent;
  breakdown: { type: string; count: number; bytes: number; path?: string }[] | Absent;
  minimumDetectableBytes: number;
  rows: ConnectionsRow[];
  /** Why a level could not be held. */
  ended?: LevelEnd;
  /** Why there are fewer trials than were asked for. */
  stopped?: { code: BytesperError["code"]; message: string };
  warnings: { name: string; message: string }[];
}

export interface Measured extends Omit<ConnectionsOptions, "trials" | "protocol"> {
  protocol: string;
  where: string;
  path: string;
  node: string;
  trials: readonly TrialData[];
  breakdown: Breakdown;
  reopened: number;
  end?: LevelEnd;
  stopped?: BytesperError;
}

export function answerOf(measured: Measured): ConnectionsAnswer {
  const { trials, breakdown, end, node } = measured;
  const fit: Fit | Absent =
    fitOf(trials) ?? absent(end === undefined ? "no trial held two levels" : end.reason);
  const closed = trials.flatMap(({ first, after }) => (after === undefined ? [] : [{ first, after }]));
  const kept = closed.map(({ first, after }) => after.memory.ownBytes - first.memory.ownBytes);
  const heapKept = closed.map(({ first, after }): Reading => {
    if (isAbsent(first.inside)) return first.inside;
    if (isAbsent(after.inside)) return after.inside;
    const live = ({ heapBytes, externalBytes }: typeof first.inside): number => heapBytes + externalBytes;
    return live(after.inside) - live(first.inside);
  });
  const notClosed = absent("the connections did not last until they could be closed");
  const answer: ConnectionsAnswer = {
    command: [...measured.command],
    unit: "connection",
    protocol: measured.protocol,
    where: measured.where,
    path: measured.path,
    node: node === "" ? absent("the server is not Node, or has no inspector") : node,
    messages: measured.messages,
    trials: trials.length,
    fit,
    socketBytes: slopeOf(
      trials.filter(({ levels }) => levels.length >= 2),
      ({ socketBytes }) => socketBytes,
    ),
    firstConnectionBytes: rangeInterval(
      trials.map(({ idle, first }) => first.memory.ownBytes - idle.memory.ownBytes),
    ),
    keptAfterCloseBytes: kept.length === 0 ? notClosed : rangeInterval(kept),
    heapKeptAfterCloseBytes:
      heapKept.length === 0 ? notClosed : (heapKept.find(isAbsent) ?? rangeInterval(heapKept as number[])),
    crossCheck: crossCheckOf(fit, breakdown),
    breakdown: isAbsent(breakdown) ? breakdown : breakdown.rows,
    minimumDetectableBytes: trials.some(({ levels }) => levels.length >= 2) ? detectableOf(trials) : Infinity,
    rows: trials.flatMap(rowsOf),
    ...(end === undefined ? {} : { ended: end }),
    ...(measured.stopped === undefined
      ? {}
      : { stopped: { code: measured.stopped.code, message: measured.stopped.message } }),
    warnings: [],
  };
  answer.warnings = warningsOf(answer, measured);
  return answer;
}

function crossCheckOf(fit: Fit | Absent, breakdown: Breakdown): ConnectionsAnswer["crossCheck"] {
  if (isAbsent(breakdown)) return breakdown;
  if (isAbsent(fit)) return fit;
  if (isAbsent(fit.perUnitBytes)) return fit.perUnitBytes;
  const snapshotPerUnitBytes = breakdown.bytesPerConnection;
  const line = fit.perUnitBytes.value;
  return {
    snapshotPerUnitBytes,
    relativeDifference: line === 0 ? 0 : (snapshotPerUnitBytes - line) / line,
  };
}

function rowsOf({ idle, first, levels, after }: TrialData, trial: number): ConnectionsRow[] {
  const row = (state: ConnectionsRow["state"], reading: LevelReading): ConnectionsRow => {
    const { memory, inside, connections, uncollectedBytes, socketBytes } = reading;
    return {
      trial: trial + 1,
      state,
      connections,
      processes: memory.processes,
      processBytes: memory.pssBytes,
      ownBytes: memory.ownBytes,
      uncollectedBytes,
      heapBytes: isAbsent(inside) ? inside : inside.heapBytes,
      heapPhysicalBytes: isAbsent(inside) ? inside : inside.heapPhysicalBytes,
      externalBytes: isAbsent(inside) ? inside : inside.externalBytes,
      mallocBytes: isAbsent(inside) ? inside : inside.mallocBytes,
      mallocFreeBytes: isAbsent(inside) ? inside : inside.mallocFreeBytes,
      socketBytes,
    };
  };
  return [
    row("idle", idle),
    row("after-first", first),
    ...levels.map((reading) => row("open", reading)),
    ...(after === undefined ? [] : [row("closed", after)]),
  ];
}

/** An interval wider than this share of its value is told. */
const WIDE = 0.1;
const CROSS_CHECK = 0.05;
/** Of what one connection keeps in V8; less is code that closing loads, and tables that got their size. */
const KEPT_SHARE = 0.3;

function warningsOf(
  answer: ConnectionsAnswer,
  { trials, end, stopped, reopened, levels: planned }: Measured,
): ConnectionsAnswer["warnings"] {
  const warnings: ConnectionsAnswer["warnings"] = [];
  const warn = (name: string, message: string): void => void warnings.push({ name, message });
  const { fit } = answer;
  const levels = trials.flatMap((trial) => trial.levels);
  if (end !== undefined)
    warn(
      "level-not-held",
      `${counted(end.level, "connection")} could not be held${end.died ? "" : `, ${fixed(end.connections, 0)} were open`}: ${end.reason}`,
    );
  if (stopped !== undefined)
    warn(
      "fewer-trials",
      `${counted(trials.length, "server process", "server processes")} told all of this, because a further one did not: ${sentence(stopped)}`,
    );
  if (isAbsent(fit)) return warnings;
  const { totalPerUnitBytes: total } = fit;
  const useful = trials.filter((trial) => trial.levels.length >= 2);
  const slopes = slopeOf(useful, ({ memory }) => memory.ownBytes);
  if (trials.length === 1) warn("one-trial", "one process alone tells no interval; give --trials 3 or more");
  else if (!isAbsent(slopes) && slopes.high - slopes.low > WIDE * Math.abs(total.value))
    warn(
      "trials-differ",
      `the trials say ${shortBytes(slopes.low)} to ${shortBytes(slopes.high)}; more connections (--clients) or trials make that narrower`,
    );
  const doubt = resolutionOf(useful);
  if (doubt > WIDE * Math.abs(total.value))
    warn(
      "too-few",
      `blocks of memory that are partly filled make the number uncertain by ${shortBytes(doubt)} a connection either way; open more connections (--clients)`,
    );
  if (fit.shape !== "linear" && fit.shape !== "unknown")
    warn(
      "not-linear",
      fit.shape === "steps"
        ? "the levels lie above and below the line, because memory is taken in blocks or tables double; levels further apart tell more"
        : `each further connection costs ${fit.shape === "growing" ? "more" : "less"} than the ones before, so that one number holds between these levels alone`,
    );
  if (planned.length === 2 || levels.length / trials.length < 3)
    warn("two-levels", "two levels alone cannot show whether each connection costs the same");
  if (isAbsent(answer.node))
    warn(
      "garbage-included",
      "the server is not Node or could not be asked to collect, so that memory of its runtime that nothing uses any more is counted too",
    );
  else if (isAbsent(fit.perUnitBytes)) warn("not-inside", `V8 could not be read: ${fit.perUnitBytes.absent}`);
  if (levels.some(({ still }) => !still))
    warn("not-still", "the server did not come to rest at a level, because it works on without requests");
  const waiting = largestOf(levels.map((level) => level.waiting));
  if (waiting > 0)
    warn(
      "not-accepted",
      `${counted(waiting, "connection")} were open for the kernel and not accepted by the server`,
    );
  if (levels.some(({ memory }) => memory.swapBytes > 0))
    warn("swapped", "a part of the server was swapped out; it is counted");
  const files = slopeOf(useful, ({ memory }) => memory.fileBytes);
  if (!isAbsent(files) && files.value > 0.05 * total.value)
    warn(
      "file-pages",
      `${shortBytes(files.value)} of pages of files a connection are not counted: program code at its first use, or files that are mapped`,
    );
  if (reopened > 0)
    warn(
      "idle-closed",
      `the server closed ${counted(reopened, "idle connection")}; they were opened again and used more often`,
    );
  crossCheckWarning(answer, warn);
  keptWarning(answer, trials, warn);
  return warnings;
}

function crossCheckWarning(
  { crossCheck, fit }: ConnectionsAnswer,
  warn: (name: string, message: string) => void,
): void {
  if (isAbsent(crossCheck) || isAbsent(fit) || isAbsent(fit.perUnitBytes)) return;
  if (Math.abs(crossCheck.relativeDifference) > CROSS_CHECK)
    warn(
      "snapshot-differs",
      `two heap snapshots say ${shortBytes(crossCheck.snapshotPerUnitBytes)} of V8's memory a connection, the line ${shortBytes(fit.perUnitBytes.value)} (${percent(crossCheck.relativeDifference, 1)})`,
    );
}

function keptWarning(
  { heapKeptAfterCloseBytes: kept, fit }: ConnectionsAnswer,
  trials: readonly TrialData[],
  warn: (name: string, message: string) => void,
): void {
  if (isAbsent(kept) || isAbsent(fit) || isAbsent(fit.perUnitBytes)) return;
  const most = median(trials.map(({ levels }) => levels.at(-1)?.connections ?? 0));
  const each = kept.value / Math.max(1, most);
  if (each > KEPT_SHARE * fit.perUnitBytes.value && each > 64)
    warn(
      "kept-after-close",
      `V8 still holds ${shortBytes(each)} for each connection that was closed, so that the server does not let go of them or keeps them for reuse`,
    );
}

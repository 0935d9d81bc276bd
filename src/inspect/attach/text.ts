import type { Answer } from "../../base/answer.js";
import { fixed } from "../../base/format.js";
import { isAbsent } from "../../system/probe/reading.js";
import { shortBytes } from "../snapshot/short.js";
import { snapshotAnswer } from "../snapshot/index.js";
import type { AttachAnswer, ProcessReading } from "./visit.js";

export const READING_HEADING = "time       heap used  heap total    external         PSS         RSS";

/** A row of the live table. */
export function readingLine({
  at,
  heapUsedBytes,
  heapTotalBytes,
  externalBytes,
  rssBytes,
  pssBytes,
}: ProcessReading): string {
  const pss = isAbsent(pssBytes) ? "unknown" : shortBytes(pssBytes);
  return [
    at.slice(11, 19),
    shortBytes(heapUsedBytes).padStart(10),
    shortBytes(heapTotalBytes).padStart(10),
    shortBytes(externalBytes).padStart(10),
    pss.padStart(10),
    shortBytes(rssBytes).padStart(10),
  ].join("  ");
}

/** What follows the readings. */
export function attachAnswer({
  pid,
  node,
  count,
  snapshot,
  longestPauseMs,
  done,
  readings,
}: AttachAnswer): Answer {
  const pause =
    longestPauseMs === 0
      ? "it was not stopped"
      : `it was stopped for at most ${fixed(longestPauseMs, 0)} ms at once`;
  const did = done.length === 0 ? "" : `; ${done.join("; ")}`;
  const process = `Process ${pid}, Node ${node}: ${pause}${did}.`;
  const inside = snapshot === undefined ? undefined : snapshotAnswer(snapshot);
  return {
    sentences: [
      ...(count === undefined ? [] : [countSentence(count)]),
      ...(inside?.sentences ?? (count === undefined ? heldSentences(readings.at(-1)) : [])),
      process,
    ],
    doubts: inside?.doubts ?? [],
    ...(inside === undefined ? {} : { details: inside.details ?? "" }),
    next:
      inside === undefined
        ? ["Who holds it: --classes. What grows: --growth 30s."]
        : ["Tables: --verbose. Unrounded: --json."],
  };
}

function countSentence({
  class: name,
  alive,
  inSnapshot,
  retainedBytes,
  perInstanceBytes,
}: NonNullable<AttachAnswer["count"]>): string {
  const same = alive === inSnapshot ? "" : `; a moment earlier the inspector counted ${fixed(alive, 0)}`;
  return `${fixed(inSnapshot, 0)} \`${name}\` live and retain ${shortBytes(retainedBytes)}, ${shortBytes(perInstanceBytes)} each${same}.`;
}

function heldSentences(reading: ProcessReading | undefined): string[] {
  if (reading === undefined) return [];
  const { heapUsedBytes, pssBytes, rssBytes } = reading;
  const whole = isAbsent(pssBytes)
    ? `${shortBytes(rssBytes)} of RSS`
    : `${shortBytes(pssBytes)} of memory (PSS)`;
  return [`The process holds ${whole}, ${shortBytes(heapUsedBytes)} of it in use in V8's heap.`];
}

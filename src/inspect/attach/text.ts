import { fixed } from "../../base/format.js";
import { visible } from "../../base/table/visible.js";
import { wrapped } from "../../base/wrap.js";
import { isAbsent } from "../../system/probe/reading.js";
import { shortBytes } from "../snapshot/short.js";
import { snapshotText } from "../snapshot/index.js";
import type { AttachAnswer, ProcessReading } from "./visit.js";

const WIDTH = 80;

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

/** What follows the table of readings. */
export function attachText({ pid, node, count, snapshot, longestPauseMs, done }: AttachAnswer): string {
  const parts: string[] = [];
  if (count !== undefined) {
    const { class: name, alive, inSnapshot, retainedBytes, perInstanceBytes } = count;
    const same = alive === inSnapshot ? "" : `; a moment earlier the inspector counted ${fixed(alive, 0)}`;
    parts.push(
      wrapped(
        visible(
          `${fixed(inSnapshot, 0)} \`${name}\` live and retain ${shortBytes(retainedBytes)}, ${shortBytes(perInstanceBytes)} each${same}.`,
        ),
        WIDTH,
      ),
    );
  }
  if (snapshot !== undefined) parts.push(snapshotText(snapshot).trimEnd());
  const pause =
    longestPauseMs === 0
      ? "it was not stopped"
      : `it was stopped for at most ${fixed(longestPauseMs, 0)} ms at once`;
  const did = done.length === 0 ? "" : `; ${done.join("; ")}`;
  parts.push(wrapped(`Process ${pid}, Node ${node}: ${pause}${did}.`, WIDTH));
  return `${parts.join("\n\n")}\n`;
}

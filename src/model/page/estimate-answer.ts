import type { Answer } from "../../base/answer.js";
import { bytesWithBinaryUnit, counted, fixed } from "../../base/format.js";
import type { Estimate } from "../estimate.js";

/** The parts that make the total, the empty ones left out. */
function estimateParts(estimate: Estimate): [name: string, bytes: number][] {
  const decodes = estimate.decodeBytes > estimate.prefillPeakBytes;
  const bytesOf = (name: string): number => estimate.terms.find((term) => term.name === name)?.bytes ?? 0;
  const rows: [string, number][] = [
    ["weights", estimate.weightsBytes],
    ["adapter", bytesOf("adapter")],
    ["key/value cache", estimate.kvBytes],
    ["recurrent state", bytesOf("recurrent state")],
    ["framework context", bytesOf("framework context")],
  ];
  const rest = estimate.totalBytes - rows.reduce((sum, [, bytes]) => sum + bytes, 0);
  rows.push([decodes ? "while it generates" : "while it reads the prompt", rest]);
  return rows.filter(([name, bytes]) => bytes !== 0 || name === "weights");
}

/** What it needs, and with a capacity whether it fits and by how much, the wall, the largest prompt and the sessions. */
export function estimateAnswer(estimate: Estimate, name: string, details: string): Answer {
  const { capacityBytes, fits, maxTokens, maxSessions, wall, batch, tokens, totalBytes, notes } = estimate;
  const isDoubtful = estimate.isLowerBound === true;
  const parts = estimateParts(estimate)
    .map(([name, bytes]) => `${name} ${bytesWithBinaryUnit(bytes)}`)
    .join(", ");
  const many = batch === 1 ? "" : `${fixed(batch, 0)} sequences of `;
  const share = estimate.ranks === undefined ? "" : `, one of ${estimate.ranks} ranks`;
  const needs = `${name} needs ${isDoubtful ? "at least " : ""}${bytesWithBinaryUnit(totalBytes)} for ${many}${counted(tokens, "token")}${share}: ${parts}.`;
  const shared = {
    doubts: notes.map((message) => ({ message })),
    next: ["Estimated, not measured. Each term with its formula: --verbose."],
    details,
  };
  if (capacityBytes === undefined || maxTokens === undefined || maxSessions === undefined)
    return { ...shared, sentences: [needs, cacheSentence(estimate)] };
  const apart = bytesWithBinaryUnit(Math.abs(capacityBytes - totalBytes));
  const sentence =
    fits !== true
      ? `does not fit: ${apart} are missing`
      : isDoubtful
        ? `may fit: ${apart} are left beside the parts that are counted`
        : `fits: ${apart} are left`;
  const each = batch === 1 ? "" : ` in each of ${fixed(batch, 0)} sequences`;
  const up = isDoubtful ? "at most " : "";
  // A model without cache and state, such as an encoder, keeps nothing between two prompts.
  const sessions =
    estimate.kvBytes === 0 && estimate.stateBytesPerSequence === undefined
      ? "sessions keep nothing"
      : `sessions of ${fixed(tokens, 0)} tokens at once ${up}${fixed(maxSessions, 0)}`;
  return {
    ...shared,
    tone: fits !== true ? "bad" : isDoubtful ? "doubt" : "good",
    kept: 2,
    sentences: [
      `${bytesWithBinaryUnit(capacityBytes)}: this ${sentence}.`,
      `Largest prompt ${up}${fixed(maxTokens, 0)} tokens${each}${madeFor(estimate)}; ${sessions}. The wall is ${wall ?? ""}.`,
      needs,
      cacheSentence(estimate),
    ],
  };
}

/** Memory alone says how much fits; the model may not have been made for so much. */
function madeFor({ maxTokens = 0, maxPositions }: Estimate): string {
  return maxPositions !== undefined && maxTokens > maxPositions
    ? ` (the model was made for ${fixed(maxPositions, 0)})`
    : "";
}

function cacheSentence({ kvBytesPerToken }: Estimate): string {
  return `A token of one sequence takes ${fixed(kvBytesPerToken, 0)} B of cache.`;
}

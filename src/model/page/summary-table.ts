import { bytesWithBinaryUnit, fixed } from "../../base/format.js";
import type { Table } from "../../base/table/table.js";
import type { Estimate } from "../estimate.js";

/** A few lines that answer whether a model fits; `estimateTable` has every term with its formula. */
export function summaryTable(estimate: Estimate): Table {
  const { model, tokens, batch, dtype, cacheDtype, attention, ranks, notes } = estimate;
  const many = batch === 1 ? "" : `${fixed(batch, 0)} sequences of `;
  const share = ranks === undefined ? "" : `, one of ${ranks} ranks`;
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
  rows.push(
    [decodes ? "while it generates" : "while it reads the prompt", rest],
    ["total", estimate.totalBytes],
  );
  const least = estimate.isLowerBound === true ? "at least " : "";
  return {
    caption: `${model}, ${least}${fixed(estimate.parameters, 0)} parameters (${dtype}, cache ${cacheDtype}, ${attention} attention) for ${many}${fixed(tokens, 0)} tokens${share}`,
    columns: [
      { title: "what", align: "left" },
      { title: "bytes", align: "right" },
      { title: "size", align: "right" },
    ],
    rows: rows
      .filter(([name, bytes]) => bytes !== 0 || name === "weights")
      .map(([name, bytes]) => [name, fixed(bytes, 0), bytesWithBinaryUnit(bytes)]),
    notes: [
      ...(estimate.adapterParameters === undefined
        ? []
        : [`The adapter has ${fixed(estimate.adapterParameters, 0)} parameters.`]),
      `A token of one sequence takes ${fixed(estimate.kvBytesPerToken, 0)} B of cache. Estimated, not measured; --verbose shows each term with its formula.`,
      ...notes,
    ],
  };
}

/** Whether it fits and by how much, the wall, the largest prompt and the sessions; empty without a capacity. */
export function verdict(estimate: Estimate): string {
  const { capacityBytes, fits, maxTokens, maxSessions, wall, batch, tokens, totalBytes } = estimate;
  if (capacityBytes === undefined || maxTokens === undefined || maxSessions === undefined) return "";
  const apart = bytesWithBinaryUnit(Math.abs(capacityBytes - totalBytes));
  const isDoubtful = estimate.isLowerBound === true;
  const sentence =
    fits !== true
      ? `does not fit: ${apart} are missing`
      : isDoubtful
        ? `may fit: ${apart} are left beside the parts that are counted`
        : `fits: ${apart} are left`;
  const each = batch === 1 ? "" : ` in each of ${fixed(batch, 0)} sequences`;
  const up = isDoubtful ? "at most " : "";
  return [
    `${bytesWithBinaryUnit(capacityBytes)}: this ${sentence}.`,
    `Largest prompt ${up}${fixed(maxTokens, 0)} tokens${each}; sessions of ${fixed(tokens, 0)} tokens at once ${up}${fixed(maxSessions, 0)}. The wall is ${wall ?? ""}.`,
  ].join("\n");
}

import type { Estimate } from "../estimate.js";
import { bytesWithBinaryUnit, fixed } from "../../base/format.js";
import type { Cell, Table } from "../../base/table/table.js";

/** An estimate for the terminal: each term with its formula, then the sums and what fits. */
export function estimateTable(estimate: Estimate): Table {
  const {
    model,
    tokens,
    batch,
    dtype,
    cacheDtype,
    attention,
    logits,
    parameters,
    isLowerBound,
    adapterParameters,
  } = estimate;
  const many = batch === 1 ? "" : `${fixed(batch, 0)} sequences of `;
  return {
    caption: `Memory of ${model} (${dtype}, cache ${cacheDtype}, ${attention} attention, logits ${logits}) for ${many}${fixed(tokens, 0)} tokens`,
    columns: [
      { title: "term", align: "left" },
      { title: "bytes", align: "right" },
      { title: "size", align: "right" },
      { title: "at the peak", align: "left" },
      { title: "formula", align: "left" },
    ],
    rows: [
      ...estimate.terms.map(({ name, bytes, atPeak, formula }): Cell[] =>
        row(name, bytes, atPeak ? "yes" : "no", formula),
      ),
      ...sums(estimate),
    ],
    notes: [
      ...capacityNotes(estimate),
      "Terms of different stages (attention, feed-forward, logits) are not in memory together: the peak has the largest stage. KiB, MiB and GiB are powers of 1024.",
      `${isLowerBound === true ? "At least " : ""}${fixed(parameters, 0)} parameters${adapterParameters === undefined ? "" : `; the adapter has ${fixed(adapterParameters, 0)}`}.`,
    ],
  };
}

function row(name: string, bytes: number, atPeak: string, formula: string): Cell[] {
  return [name, fixed(bytes, 0), bytesWithBinaryUnit(bytes), atPeak, formula];
}

function sums(estimate: Estimate): Cell[][] {
  const rows = [
    row("prefill peak", estimate.prefillPeakBytes, "", "the terms above that say yes"),
    row("decode", estimate.decodeBytes, "", `one token more after ${fixed(estimate.tokens, 0)}`),
    row("total", estimate.totalBytes, "", "the larger of the two"),
    row("cache of a token", estimate.kvBytesPerToken, "", "of one sequence"),
  ];
  const { kvBytesPerTokenBeyondWindows: beyond, kvExpandedBytesPerToken: expanded } = estimate;
  if (beyond !== undefined) rows.push(row("cache of a token beyond windows", beyond, "", "of one sequence"));
  if (expanded !== undefined) {
    rows.push(
      row("cache of a token, expanded", expanded, "", "in runtimes that cache keys and values, not latents"),
    );
  }
  return rows;
}

function capacityNotes({ capacityBytes, fits, maxTokens, maxSessions, wall, ...rest }: Estimate): string[] {
  if (capacityBytes === undefined || maxTokens === undefined || maxSessions === undefined) return [];
  const { batch, tokens } = rest;
  const each = batch === 1 ? "" : ` in each of ${fixed(batch, 0)} sequences`;
  return [
    `Capacity ${bytesWithBinaryUnit(capacityBytes)}: this ${fits === true ? "fits" : "does not fit"}. Largest prompt ${fixed(maxTokens, 0)} tokens${each}; sessions of ${fixed(tokens, 0)} tokens at once ${fixed(maxSessions, 0)}. The wall is ${wall ?? ""}.`,
  ];
}

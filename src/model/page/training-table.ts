import { bytesWithBinaryUnit, fixed } from "../../base/format.js";
import type { Table } from "../../base/table/table.js";
import type { TrainingEstimate } from "../training.js";

/** What training takes, term by term; formulas only if they are asked for. */
export function trainingTable(estimate: TrainingEstimate, verbose: boolean): Table {
  const { model, tokens, batch, optimizer, precision, checkpointing, terms, totalBytes, notes } = estimate;
  const row = (name: string, bytes: number, formula: string): string[] => [
    name,
    fixed(bytes, 0),
    bytesWithBinaryUnit(bytes),
    ...(verbose ? [formula] : []),
  ];
  return {
    caption: `Training of ${model} (${optimizer}, ${precision}${checkpointing ? ", checkpointing" : ""}) with ${fixed(batch, 0)} sequences of ${fixed(tokens, 0)} tokens`,
    columns: [
      { title: "what", align: "left" },
      { title: "bytes", align: "right" },
      { title: "size", align: "right" },
      ...(verbose ? [{ title: "formula", align: "left" as const }] : []),
    ],
    rows: [
      ...terms.map(({ name, bytes, formula }) => row(name, bytes, formula)),
      row("total", totalBytes, "the sum"),
    ],
    notes: [
      `Trained are ${fixed(estimate.trainedParameters, 0)} of ${fixed(estimate.parameters, 0)} parameters. Estimated, not measured.`,
      ...notes,
    ],
  };
}

/** Whether it fits and by how much, the wall and the largest batch; empty without a capacity. */
export function trainingVerdict(estimate: TrainingEstimate): string {
  const { capacityBytes, fits, maxBatch, maxTokens, wall, tokens, batch, totalBytes } = estimate;
  if (capacityBytes === undefined || maxBatch === undefined || maxTokens === undefined) return "";
  const apart = bytesWithBinaryUnit(Math.abs(capacityBytes - totalBytes));
  const sentence = fits === true ? `fits: ${apart} are left` : `does not fit: ${apart} are missing`;
  return [
    `${bytesWithBinaryUnit(capacityBytes)}: this ${sentence}.`,
    `Largest batch ${fixed(maxBatch, 0)} with ${fixed(tokens, 0)} tokens; longest sequences ${fixed(maxTokens, 0)} tokens with a batch of ${fixed(batch, 0)}. The wall is ${wall ?? ""}.`,
  ].join("\n");
}

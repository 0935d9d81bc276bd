import type { Answer } from "../../base/answer.js";
import { bytesWithBinaryUnit, counted, fixed } from "../../base/format.js";
import type { Table } from "../../base/table/table.js";
import type { TrainingEstimate } from "../training.js";

/** What training takes, term by term. */
export function trainingTable(estimate: TrainingEstimate): Table {
  const { model, tokens, batch, optimizer, precision, checkpointing, terms, totalBytes } = estimate;
  const row = (name: string, bytes: number, formula: string): string[] => [
    name,
    fixed(bytes, 0),
    bytesWithBinaryUnit(bytes),
    formula,
  ];
  return {
    caption: `Training of ${model} (${optimizer}, ${precision}${checkpointing ? ", checkpointing" : ""}) with ${counted(batch, "sequence")} of ${counted(tokens, "token")}`,
    columns: [
      { title: "what", align: "left" },
      { title: "bytes", align: "right" },
      { title: "size", align: "right" },
      { title: "formula", align: "left" },
    ],
    rows: [
      ...terms.map(({ name, bytes, formula }) => row(name, bytes, formula)),
      row("total", totalBytes, "the sum"),
    ],
    notes: [
      `Trained are ${fixed(estimate.trainedParameters, 0)} of ${fixed(estimate.parameters, 0)} parameters. Estimated, not measured.`,
    ],
  };
}

/** What training needs, and with a capacity whether it fits and by how much, the wall and the largest batch. */
export function trainingAnswer(estimate: TrainingEstimate, name: string, details: string): Answer {
  const { capacityBytes, fits, maxBatch, maxTokens, wall, tokens, batch, totalBytes, terms, notes } =
    estimate;
  const parts = terms.map((term) => `${term.name} ${bytesWithBinaryUnit(term.bytes)}`).join(", ");
  const needs = `Training ${name} needs ${bytesWithBinaryUnit(totalBytes)} with ${counted(batch, "sequence")} of ${counted(tokens, "token")}: ${parts}.`;
  const shared = {
    doubts: notes.map((message) => ({ message })),
    next: ["Estimated, not measured. Each term with its formula: --verbose."],
    details,
  };
  if (capacityBytes === undefined || maxBatch === undefined || maxTokens === undefined)
    return { ...shared, sentences: [needs] };
  const apart = bytesWithBinaryUnit(Math.abs(capacityBytes - totalBytes));
  return {
    ...shared,
    tone: fits === true ? "good" : "bad",
    kept: 2,
    sentences: [
      `${bytesWithBinaryUnit(capacityBytes)}: this ${fits === true ? `fits: ${apart} are left` : `does not fit: ${apart} are missing`}.`,
      `Largest batch ${fixed(maxBatch, 0)} with ${fixed(tokens, 0)} tokens; longest sequences ${fixed(maxTokens, 0)} tokens with a batch of ${fixed(batch, 0)}. The wall is ${wall ?? ""}.`,
      needs,
    ],
  };
}

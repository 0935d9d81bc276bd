import { terminalTable } from "../base/table/terminal.js";
import { openExperiment } from "../experiment/load.js";
import { experimentFile, shippedExperiments } from "../runner/engine/shipped.js";
import { print } from "./print.js";

/** Prints the shipped experiments with their questions, in the order in which people ask them. */
export async function printExperiments(): Promise<void> {
  const rows: string[][] = [];
  for (const file of shippedExperiments()) {
    const loaded = await openExperiment(experimentFile({ file, shipped: true }));
    const { question, title = file } = loaded.experiment;
    rows.push([file, question ?? title]);
    loaded.dispose();
  }
  print(
    `${terminalTable({
      caption: "",
      columns: [
        { title: "experiment", align: "left" },
        { title: "question", align: "left" },
      ],
      rows,
      notes: ["Run some with: bytesper profile NAME ..., or all with: bytesper profile"],
    })}\n`,
  );
}

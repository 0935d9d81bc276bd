import { fixed } from "../../base/format.js";
import type { Table } from "../../base/table/table.js";
import type { WriteReport } from "../analysis/report.js";
import { left, right, shareWithin } from "./cells.js";

export function gatesTable({ gates, runs }: WriteReport): Table {
  const shown = runs.length < 2 ? [] : runs.slice(0, 8);
  return {
    caption: "Gates, in the order in which they are checked",
    columns: [
      left("gate"),
      right("arrived"),
      right("stopped"),
      right("passed (95 %)"),
      left("reasons"),
      ...shown.map(({ run }) => right(`stopped in run ${run}`)),
    ],
    rows: gates.map(({ gate, arrived, stopped, passRate, reasons }) => [
      gate,
      fixed(arrived, 0),
      fixed(stopped, 0),
      shareWithin(passRate, "no candidate arrived at it"),
      reasons.map(({ reason, rows }) => `${reason} ${fixed(rows, 0)}`).join(", "),
      ...shown.map((run) => fixed(run.gates.find((one) => one.gate === gate)?.stopped ?? 0, 0)),
    ]),
    notes: [
      "Counted from the reasons in the rows: a candidate that one gate stopped has passed the gates before it. Candidates that the program did not log are not counted. Wilson's interval assumes independent decisions.",
      "Staging keeps a candidate aside. A promotion comes later and is not counted at any gate.",
    ],
  };
}

export function thresholdsTable({ scores }: WriteReport): Table | undefined {
  const { passRates, merged, committed, rows, entropy } = scores;
  if (rows === 0) return undefined;
  const range = (name: string, one: typeof merged): string =>
    one === undefined
      ? `${name} have none`
      : `${name} lie from ${fixed(one.min, 4)} (line ${fixed(one.minLine, 0)}) to ${fixed(one.max, 4)} (line ${fixed(one.maxLine, 0)})`;
  return {
    caption: "Merges and commits whose similarity is below a threshold",
    columns: [right("threshold"), right("below"), right("would pass (95 %)")],
    rows: passRates.map(({ threshold, below, share }) => [
      fixed(threshold, 2),
      fixed(below, 0),
      shareWithin(share, "no row has a similarity"),
    ]),
    notes: [
      `Of ${fixed(rows, 0)} rows with a similarity, k3_sim where it was logged, else sim_max: ${range("merges", merged)}; ${range("commits", committed)}.`,
      "The similarities were measured against the memory as it was. With another threshold the memory would have grown differently, so these shares do not predict another run.",
      ...(entropy === undefined
        ? []
        : [
            entropy.min === entropy.max
              ? `Entropy is ${fixed(entropy.min, 4)} in all ${fixed(entropy.rows, 0)} rows that have one: a gate on it cannot tell rows apart.`
              : `Entropy: the lowest of ${fixed(entropy.rows, 0)} is ${fixed(entropy.min, 4)} (line ${fixed(entropy.minLine, 0)}); at a floor of ${entropy.floor} ${fixed(entropy.pass.value * entropy.rows, 0)} pass.`,
          ]),
    ],
  };
}

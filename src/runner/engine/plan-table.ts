import { bytesWithBinaryUnit } from "../../base/format.js";
import type { Table } from "../../base/table/table.js";
import type { Expectation, PlanEntry } from "./need.js";

/** A plan as `--dry-run --json` prints it. */
export interface PlanSummary {
  cells: {
    cell: string;
    trial: number;
    label: string;
    run: boolean;
    reason: string;
    capBytes?: number;
    expectedPeakBytes: number | { absent: string };
    expectedMs: number | { absent: string };
  }[];
  toRun: number;
  /** Sum of the known durations, divided by the number of slots. */
  expectedMs: number | { absent: string };
  orphans: { experiment: string; cells: string[] }[];
}

export function summaryOfPlan(
  entries: readonly PlanEntry[],
  learned: ReadonlyMap<string, Expectation>,
  orphans: readonly (readonly [string, string[]])[],
  slots: number,
): PlanSummary {
  const never = { absent: "no earlier run of this cell" };
  const cells = entries.map(({ cell, run, reason }) => {
    const expected = learned.get(cell.cell);
    return {
      cell: cell.cell,
      trial: cell.trial,
      label: cell.label,
      run,
      reason,
      ...(cell.capBytes === undefined ? {} : { capBytes: cell.capBytes }),
      expectedPeakBytes: expected?.peakBytes ?? never,
      expectedMs: expected?.durationMs ?? never,
    };
  });
  const running = cells.filter(({ run }) => run);
  const unknown = running.filter(({ expectedMs }) => typeof expectedMs !== "number").length;
  const sum = running.reduce(
    (total, { expectedMs }) => total + (typeof expectedMs === "number" ? expectedMs : 0),
    0,
  );
  return {
    cells,
    toRun: running.length,
    expectedMs: unknown === 0 ? sum / slots : { absent: `${unknown} of them have not run before` },
    orphans: orphans.map(([experiment, hashes]) => ({ experiment, cells: hashes })),
  };
}

/** What a plan comes to, in one sentence. */
export function planSentence({ cells, toRun, expectedMs }: PlanSummary): string {
  const time =
    typeof expectedMs === "number" ? `about ${seconds(expectedMs)}` : `time unknown (${expectedMs.absent})`;
  return `${toRun} of ${cells.length} ${cells.length === 1 ? "cell" : "cells"} would run, ${time}.`;
}

export function planTable({ cells, orphans }: PlanSummary): Table {
  return {
    caption: "The plan",
    columns: [
      { title: "cell", align: "left" },
      { title: "runs", align: "left" },
      { title: "why", align: "left" },
      { title: "cap", align: "right" },
      { title: "memory", align: "right" },
      { title: "time", align: "right" },
    ],
    rows: cells.map(({ label, run, reason, capBytes, expectedPeakBytes, expectedMs: ms }) => [
      label,
      run ? "yes" : "no",
      reason,
      capBytes === undefined ? { absent: "no cap on memory" } : bytesWithBinaryUnit(capBytes),
      typeof expectedPeakBytes === "number" ? bytesWithBinaryUnit(expectedPeakBytes) : expectedPeakBytes,
      typeof ms === "number" ? seconds(ms) : ms,
    ]),
    notes: [
      "Memory and time are the largest of earlier runs of the same cell.",
      ...orphans.map(
        ({ experiment, cells: hashes }) =>
          `${experiment}: ${hashes.length} ${hashes.length === 1 ? "cell of the journal is" : "cells of the journal are"} not in the plan any more; what they read stays in the journal (${hashes.join(", ")}).`,
      ),
    ],
  };
}

function seconds(ms: number): string {
  if (ms < 950) return `${Math.round(ms)} ms`;
  return ms < 90_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}

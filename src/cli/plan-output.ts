import { resolve } from "node:path";
import { terminalTable } from "../base/table/terminal.js";
import { visibleLines } from "../base/table/visible.js";
import type { Outcome } from "../record/cell-end.js";
import { expectations } from "../runner/engine/learned.js";
import { orphansOf, planOf } from "../runner/engine/need.js";
import { planSentence, planTable, summaryOfPlan } from "../runner/engine/plan-table.js";
import type { RunRequest } from "../runner/engine/request.js";
import { openGrid } from "../runner/engine/run.js";
import type { RunState } from "../runner/engine/state.js";
import { slotsHere } from "../runner/slots.js";
import { printAnswer, printMessage } from "./print.js";

export interface PlanOptions {
  out: string;
  json: boolean;
  retry: readonly Outcome[];
  /** State of the cells in the journal. Absent: a new run is planned. */
  state?: RunState;
}

/** Prints which cells would run and why, with their expected memory and time. Runs no cell. */
export async function printPlan(request: RunRequest, options: PlanOptions): Promise<void> {
  const grid = await openGrid(request, {
    notice: (message) => {
      printMessage(message);
    },
  });
  try {
    const cells = grid.experiments.flatMap((each) => each.cells);
    const entries = planOf(cells, options.state, options.retry);
    const learned = expectations(resolve(options.out), options.state).cells;
    const orphans = [...orphansOf(cells, options.state)];
    const summary = summaryOfPlan(entries, learned, orphans, request.slots ?? slotsHere());
    printAnswer({ json: options.json, verbose: true }, summary, () => ({
      sentences: [planSentence(summary)],
      next: ["Nothing has run; leave out --dry-run to run it."],
      details: visibleLines(terminalTable(planTable(summary))),
    }));
  } finally {
    grid.dispose();
  }
}

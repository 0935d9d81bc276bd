import { resolve } from "node:path";
import { terminalTable } from "../report/terminal.js";
import type { Outcome } from "../run/cell/end.js";
import { expectations } from "../run/engine/learned.js";
import { orphansOf, planOf } from "../run/engine/need.js";
import { planTable, summaryOfPlan } from "../run/engine/plan-table.js";
import type { RunRequest } from "../run/engine/request.js";
import { openGrid } from "../run/engine/run.js";
import { stateOf } from "../run/engine/state.js";
import { readJournal } from "../run/journal/read.js";
import { slotsHere } from "../run/slots.js";

export interface PlanOptions {
  out: string;
  json: boolean;
  retry: readonly Outcome[];
  journal?: string;
}

/** Prints which cells would run and why, with what they are expected to take. Starts nothing of theirs. */
export async function printPlan(request: RunRequest, options: PlanOptions): Promise<void> {
  const state = options.journal === undefined ? undefined : stateOf(readJournal(options.journal).records);
  const grid = await openGrid(request, {
    notice: (message) => {
      process.stderr.write(`${message}\n`);
    },
  });
  try {
    const cells = grid.experiments.flatMap((each) => each.cells);
    const entries = planOf(cells, state, options.retry);
    const learned = expectations(resolve(options.out), state);
    const orphans = [...orphansOf(cells, state)];
    const summary = summaryOfPlan(entries, learned, orphans, request.slots ?? slotsHere());
    if (options.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
    else process.stdout.write(`${terminalTable(planTable(summary))}\n`);
  } finally {
    grid.dispose();
  }
}

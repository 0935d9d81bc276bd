import { isAbsent } from "../../system/probe/reading.js";
import { fixed, percent } from "../../base/format.js";
import type { Table } from "../../base/table/table.js";
import type { WriteReport } from "../analysis/report.js";
import { count, left, number, right } from "./cells.js";

const MOST_RUNS = 50;

export function actionsTable(report: WriteReport): Table {
  const { actions, reasons, merges, events } = report;
  const runs = report.runs.slice(0, 8);
  const row = (
    what: string,
    name: string,
    rows: number,
    of: (run: (typeof runs)[number]) => number,
  ): string[] => [
    what,
    name,
    fixed(rows, 0),
    events === 0 ? "" : percent(rows / events),
    merges[name] === undefined || what === "action" ? "" : percent(merges[name].share),
    ...runs.map((run) => fixed(of(run), 0)),
  ];
  return {
    caption: "Events by action and reason",
    columns: [
      left(""),
      left("name"),
      right("events"),
      right("share"),
      right("share of merges"),
      ...(runs.length < 2 ? [] : runs.map(({ run }) => right(`run ${run}`))),
    ],
    rows: [
      ...Object.entries(actions).map(([name, rows]) =>
        row("action", name, rows, (run) => run.actions[name] ?? 0),
      ),
      ...Object.entries(reasons).map(([name, rows]) =>
        row("reason", name, rows, (run) => run.reasons[name] ?? 0),
      ),
      row("all", "", events, (run) => run.events),
    ].map((cells) => (runs.length < 2 ? cells.slice(0, 5) : cells)),
    notes:
      report.runs.length > runs.length
        ? [`The first ${runs.length} of ${report.runs.length} runs have a column.`]
        : [],
  };
}

export function runsTable(report: WriteReport): Table {
  const runs = report.runs.slice(0, MOST_RUNS);
  const all = report;
  return {
    caption: "Each run, and all runs together",
    columns: [
      left("run"),
      left("lines"),
      left("begins by"),
      right("events"),
      right("last step"),
      right("mem_size max"),
      right("last"),
      right("commits"),
      right("first step"),
      right("last step"),
      right("distinct steps"),
      right("commits become rare after"),
      right("promote/stage"),
    ],
    rows: [
      ...runs.map((run) => [
        String(run.run),
        `${fixed(run.firstLine, 0)} to ${fixed(run.lastLine, 0)}`,
        run.began,
        fixed(run.events, 0),
        count(run.lastStep),
        count(run.memSizeMax),
        count(run.memSizeLast),
        fixed(run.commits.count, 0),
        count(run.commits.firstStep),
        count(run.commits.lastStep),
        count(run.commits.distinctSteps),
        isAbsent(run.commitsEnd) ? run.commitsEnd : fixed(run.commitsEnd.step, 0),
        number(run.promotePerStage, 4),
      ]),
      [
        "all",
        "",
        "",
        fixed(all.events, 0),
        "",
        count(all.memSize.max),
        count(all.memSize.last),
        fixed(all.commits.count, 0),
        count(all.commits.firstStep),
        count(all.commits.lastStep),
        count(all.commits.distinctSteps),
        isAbsent(all.commitsEnd) ? all.commitsEnd : fixed(all.commitsEnd.step, 0),
        number(all.promotePerStage, 4),
      ],
    ],
    notes: [
      "A run begins where mem_size is 0 again and the warm-up begins again; in a log without warm-up rows, where mem_size falls to 0 by itself while the steps begin again.",
      ...(report.runs.length > runs.length
        ? [`${fixed(report.runs.length - runs.length, 0)} further runs are in --json.`]
        : []),
    ],
  };
}

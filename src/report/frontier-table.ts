import { numberCell } from "../base/table/number-cell.js";
import type { Result } from "../record/schema.js";
import type { Cell, Table } from "../base/table/table.js";

/** The largest level that fits under the cap, as an interval. */
export function frontierTables({ frontiers = [], rows }: Result): Table[] {
  const [first] = frontiers;
  if (first === undefined) return [];
  const others = Object.keys(first.others);
  const caps = [...new Set(rows.flatMap(({ enforcement }) => enforcement ?? []))].join(", ");
  const level = (value: number | undefined, reason: string): Cell =>
    value === undefined ? { absent: reason } : { value, shown: value.toLocaleString("en-US") };
  return [
    {
      caption: `Largest ${first.factor} that fits`,
      columns: [
        ...others.map((title) => ({ title, align: "left" as const })),
        { title: "fits", align: "right" },
        { title: "does not fit", align: "right" },
        { title: "cells run", align: "right" },
        { title: "cells saved", align: "right" },
      ],
      rows: frontiers.map((frontier) => [
        ...others.map((name) => String(frontier.others[name])),
        level(frontier.fits, "not even the smallest level that was tried fits"),
        level(frontier.failsAt, "every level that was tried fits"),
        numberCell(frontier.cellsRun),
        numberCell(frontier.cellsSaved),
      ]),
      notes: [
        `Found by bisection, taking memory to grow with ${first.factor}: the frontier lies between the two levels.`,
        ...(caps === "" ? [] : [`Caps were enforced by ${caps}.`]),
      ],
    },
  ];
}

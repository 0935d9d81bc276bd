import { fixed, percent, ratio } from "../../base/format.js";
import type { Cell, Table } from "../../base/table/table.js";
import type { Bucket } from "../analysis/buckets.js";
import type { WriteReport } from "../analysis/report.js";
import { WINDOW_ROWS } from "../analysis/increases.js";
import { left, right } from "./cells.js";

/** Most buckets that a page shows; --json has all. */
const MOST_BUCKETS = 40;

const COLUMNS = ["commit", "stage", "promote", "merge", "defer"] as const;

export function bucketsTable({ buckets }: WriteReport): Table | undefined {
  if (buckets.length === 0) return undefined;
  const shown = buckets.slice(0, MOST_BUCKETS);
  return {
    caption: "Events in each 100 steps",
    columns: [right("from step"), ...COLUMNS.map(right), right("promote/stage")],
    rows: shown.map(bucketRow),
    notes: [
      "A promotion counts at the step in its row, which is the step at which its item was staged.",
      ...(buckets.length > shown.length
        ? [`${fixed(buckets.length - shown.length, 0)} further buckets are in --json.`]
        : []),
    ],
  };
}

export function topTable(report: WriteReport, action: keyof WriteReport["topBuckets"]): Table | undefined {
  const top = report.topBuckets[action];
  if (top.length === 0) return undefined;
  return {
    caption: `Buckets of 100 steps with the most ${action} rows`,
    columns: [right("from step"), ...COLUMNS.map(right), right("promote/stage")],
    rows: top.map(bucketRow),
    notes: [],
  };
}

function bucketRow(bucket: Bucket): Cell[] {
  return [
    fixed(bucket.step, 0),
    ...COLUMNS.map((action) => fixed(bucket[action], 0)),
    bucket.stage === 0 ? { absent: "no stage in these steps" } : ratio(bucket.promote / bucket.stage),
  ];
}

export function correlationsTable({ correlations }: WriteReport): Table | undefined {
  if (correlations.length === 0) return undefined;
  const lags = correlations[0]?.lags.map(({ lagSteps }) => lagSteps) ?? [];
  const shown = lags.filter((_, index) => index % 2 === 0);
  return {
    caption: "Correlation of counts in moving windows, by lag in steps",
    columns: [
      left("actions"),
      ...shown.map((lag) => right(fixed(lag, 0))),
      right("strongest"),
      right("by chance"),
    ],
    rows: correlations.map(({ pair, lags: own, strongest, chance }) => [
      pair,
      ...shown.map((lag) => {
        const found = own.find(({ lagSteps }) => lagSteps === lag);
        return found === undefined ? { absent: "too few windows" } : fixed(found.correlation, 2);
      }),
      `${fixed(strongest.correlation, 2)} at ${fixed(strongest.lagSteps, 0)}`,
      `±${fixed(chance, 2)}`,
    ]),
    notes: [
      `Windows of ${fixed(correlations[0]?.windowSteps ?? 0, 0)} steps, moved by a tenth of that. At a positive lag the second action comes later. The correlation of two unrelated series at one lag is within the last column in 95 % of cases. A common trend can exceed it too.`,
    ],
  };
}

export function increasesTable({ precedingKinds, increaseCount }: WriteReport): Table | undefined {
  if (precedingKinds.length === 0) return undefined;
  return {
    caption: `Rows around the ${fixed(increaseCount, 0)} increases of mem_size`,
    columns: [
      left("action"),
      left("reason"),
      right("brought it"),
      right("of the row before"),
      right(`of ${WINDOW_ROWS} rows before`),
      right("of all rows"),
      right("before / all"),
    ],
    rows: precedingKinds.map(({ action, reason, brought, justBeforeShare, windowShare, baseShare }) => [
      action,
      reason,
      fixed(brought, 0),
      percent(justBeforeShare, 1),
      percent(windowShare, 1),
      percent(baseShare, 1),
      baseShare === 0 ? { absent: "no such row in these steps" } : ratio(windowShare / baseShare),
    ]),
    notes: [
      "Windows of close increases overlap, and a run with many increases counts more than a run with few.",
    ],
  };
}

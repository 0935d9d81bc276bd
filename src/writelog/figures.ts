import type { Figure, Point } from "../report/figure/figure.js";
import { BUCKET_STEPS } from "./analysis/buckets.js";
import type { WriteReport } from "./analysis/report.js";
import type { RunTally } from "./analysis/run-tally.js";

const ACTIONS = [
  "merge",
  "stage",
  "promote",
  "defer",
  "commit",
  "skip",
  "rollback",
  "decay",
  "other",
] as const;
/** A ratio to fewer stages varies too much to be shown. */
const FEWEST_STAGES = 5;
/** More lines cannot be told apart in a chart. */
const MOST_RUNS = 20;

export function writeFigures(report: WriteReport, runs: readonly RunTally[]): Record<string, Figure> {
  const notes = [`${report.events} events of ${report.runs.length + report.omittedRuns} runs.`];
  return {
    actions: actionsFigure(report, notes),
    "promote-per-stage": ratioFigure(report, notes),
    "mem-size": memoryFigure(runs, notes),
  };
}

function actionsFigure({ buckets, actions }: WriteReport, notes: string[]): Figure {
  const present = ACTIONS.filter((action) => buckets.some((bucket) => bucket[action] > 0));
  return {
    title: "Decisions of the memory over steps",
    x: { label: `step (buckets of ${BUCKET_STEPS})`, unit: "count" },
    y: { label: "events", unit: "count", min: 0 },
    series: present.map((action) => ({
      name: action === "other" ? action : `${action} (${actions[action] ?? 0})`,
      kind: "area",
      stack: "actions",
      points: buckets.map((bucket) => ({ x: bucket.step, y: bucket[action] })),
    })),
    notes,
  };
}

function ratioFigure({ buckets, promotePerStage }: WriteReport, notes: string[]): Figure {
  return {
    title: "Promotions per stage",
    x: { label: `step (buckets of ${BUCKET_STEPS})`, unit: "count" },
    y: { label: "promote / stage", unit: "none", min: 0 },
    series: [
      {
        name: "promote / stage",
        kind: "line",
        points: buckets.map(({ step, stage, promote }): Point =>
          stage < FEWEST_STAGES ? { x: step } : { x: step, y: promote / stage },
        ),
      },
    ],
    marks:
      typeof promotePerStage === "number" ? [{ axis: "y", at: promotePerStage, label: "all steps" }] : [],
    notes: [
      ...notes,
      `Buckets with fewer than ${FEWEST_STAGES} stages are left out. A promotion counts at the step at which its item was staged.`,
    ],
  };
}

function memoryFigure(runs: readonly RunTally[], notes: string[]): Figure {
  return {
    title: "Items in memory over steps",
    x: { label: "step", unit: "count" },
    y: { label: "mem_size", unit: "count", min: 0 },
    series: runs.slice(0, MOST_RUNS).map(({ index, curve, lastStep }) => ({
      name: `run ${index + 1}`,
      kind: "step",
      points: [
        ...curve.steps.map((step, place) => ({ x: step, y: curve.sizes[place] as number })),
        { x: lastStep, y: curve.sizes.at(-1) ?? 0 },
      ],
    })),
    notes: runs.length > MOST_RUNS ? [...notes, `The first ${MOST_RUNS} runs are shown.`] : notes,
  };
}

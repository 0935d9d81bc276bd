import { isAbsent } from "../../system/probe/reading.js";
import type { Result } from "../../record/schema.js";
import { causeSentence } from "./cause.js";
import type { Comparability } from "./comparable.js";
import { comparability } from "./comparable.js";
import type { FigureComparison } from "./figures.js";
import { compareFigures, headlineFigure } from "./figures.js";
import type { Parts } from "./parts.js";
import { partsOf } from "./parts.js";
import type { RowsComparison } from "./rows.js";
import { compareRows } from "./rows.js";
import type { Judgement, Verdict } from "./verdict.js";

/** Two results of one experiment, side by side. */
export interface Comparison extends Comparability, RowsComparison {
  experiment: string;
  unit: string;
  runs: { base: string; new: string };
  comparable: boolean;
  /** Verdict over all figures and rows: "heavier" if one of them is heavier. */
  verdict: Verdict | "not comparable";
  figures: FigureComparison[];
  /** Where a change of bytes per unit comes from. */
  parts: Parts | { absent: string };
  /** The change of bytes per unit with its cause, if it is larger than noise. */
  cause?: string;
}

/**
 * Compares two results. Pure. Gives verdicts about bytes only: for times and scores it is not known which
 * direction is better.
 */
export function compareResults(base: Result, next: Result): Comparison {
  const { obstacles, doubts } = comparability(base, next);
  const shared = {
    experiment: next.experiment,
    unit: next.unit,
    runs: { base: base.runId, new: next.runId },
    obstacles,
    doubts,
  };
  if (obstacles.length > 0) {
    const parts = { absent: "the two are not comparable" };
    const none = { rows: [], onlyInBase: [], onlyInNew: [], figures: [] };
    return { ...shared, ...none, comparable: false, verdict: "not comparable", parts };
  }
  const figures = compareFigures(base, next);
  const rows = compareRows(base, next);
  const judged = [...figures, ...rows.rows.flatMap(({ readings }) => readings)];
  const parts = partsOf(base, next);
  const perUnit = figures.find(({ name }) => name === headlineFigure(figures)) ?? anyPerUnit(rows);
  const isChanged = perUnit?.verdict === "heavier" || perUnit?.verdict === "lighter";
  return {
    ...shared,
    ...rows,
    figures,
    comparable: true,
    verdict: overall(judged),
    parts,
    ...(isChanged && !isAbsent(parts) ? { cause: causeSentence(next.unit, parts) } : {}),
  };
}

function anyPerUnit({ rows }: RowsComparison): Judgement | undefined {
  const own = rows.flatMap(({ readings }) => readings.filter(({ name }) => name === "perUnitBytes"));
  return own.find(({ verdict }) => verdict === "heavier") ?? own.find(({ verdict }) => verdict === "lighter");
}

function overall(judged: readonly Judgement[]): Verdict {
  const has = (verdict: Verdict): boolean => judged.some((each) => each.verdict === verdict);
  if (has("heavier")) return "heavier";
  if (has("lighter")) return "lighter";
  return has("within noise") ? "within noise" : "unknown";
}

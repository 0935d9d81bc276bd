import { analysePrograms } from "../../analysis/program-result.js";
import { collect } from "../../analysis/collected.js";
import type { Collected, CollectedCell } from "../../analysis/collected.js";
import { analyse } from "../../analysis/result.js";
import { BytesperError } from "../../base/errors.js";
import { isOutOfMemory } from "../../record/cell-end.js";
import type { Result } from "../../record/schema.js";
import { frontiersOf } from "./frontier.js";
import { rolloutOfCells } from "./stages.js";
import type { RunState } from "./state.js";
import { cellsOf, finishedAt } from "./state.js";

export interface DerivedResult {
  collected: Collected;
  /** Absent if no cell of the experiment answered or ran out of memory. */
  result: Result | undefined;
}

/** Computes the result of one experiment from the state of the journal alone. */
export function deriveResult(state: RunState, name: string, journal: string | undefined): DerivedResult {
  const experiment = state.experiments.get(name);
  if (experiment === undefined) throw new Error(`the journal has no experiment ${name}`);
  const cells = cellsOf(state, name);
  const frontiers = frontiersOf(experiment, cells);
  const stages = experiment.rollout === undefined ? undefined : rolloutOfCells(experiment.rollout, cells);
  // Cells that a frontier search or a rollout skipped are not missing.
  const isMissed = (cell: CollectedCell): boolean =>
    frontiers === undefined && (stages === undefined || cell.part !== undefined || stages.isWanted(cell));
  const asked = cells.filter((cell) => cell.end !== undefined || isMissed(cell));
  const collected = collect(asked, experiment.kind);
  const answered = collected.rows.length + collected.programs.length;
  const outOfMemory = collected.failed.filter(({ outcome }) => isOutOfMemory(outcome)).length;
  if (answered + outOfMemory === 0) return { collected, result: undefined };
  const { run, device, calibration } = state;
  const identity = {
    runId: run.runId,
    startedAt: state.startedAt,
    finishedAt: finishedAt(state, name),
    environment: run.environment,
    settings: { ...run.settings, ...(experiment.kind === "program" ? device?.settings : {}) },
  };
  let result: Result;
  if (experiment.kind === "population") {
    if (calibration === undefined)
      throw new BytesperError("BAD_JOURNAL", "The journal holds no calibration; start a new run.");
    result = analyse({ experiment, collected, calibration, identity });
  } else {
    const shown =
      frontiers === undefined && stages === undefined
        ? experiment
        : { ...experiment, grid: reached(experiment.grid, cells) };
    result = analysePrograms({ experiment: shown, collected, calibration, identity });
    if (experiment.kind === "program") result.warnings.unshift(...(device?.warnings ?? []));
  }
  if (frontiers !== undefined) {
    result.frontiers = frontiers.map((frontier) => frontier.interval);
    for (const { notMonotone } of frontiers)
      if (notMonotone !== undefined) result.warnings.push({ name: "not-monotone", message: notMonotone });
  }
  if (stages !== undefined) result.rollout = stages.rollout;
  if (experiment.figures !== undefined) result.figures = structuredClone(experiment.figures);
  if (journal !== undefined) result.journal = journal;
  return { collected, result };
}

function reached<P extends { factors: object }>(
  grid: readonly P[],
  cells: readonly { factors: object; end?: unknown }[],
): P[] {
  const ran = new Set(
    cells.flatMap(({ factors, end }) => (end === undefined ? [] : [JSON.stringify(factors)])),
  );
  return grid.filter(({ factors }) => ran.has(JSON.stringify(factors)));
}

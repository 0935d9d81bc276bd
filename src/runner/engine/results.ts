import type { ProgramAnalysisInput } from "../../analysis/program-result.js";
import { analyseCommands, analysePrograms } from "../../analysis/program-result.js";
import { collect } from "../../analysis/collected.js";
import type { Collected, CollectedCell } from "../../analysis/collected.js";
import { analyse } from "../../analysis/result.js";
import { BytesperError } from "../../base/errors.js";
import { isOutOfMemory } from "../../record/cell-end.js";
import type { ExperimentKind } from "../../record/kind.js";
import type { Result } from "../../record/schema.js";
import { frontiersOf } from "./frontier.js";
import { rolloutOfCells } from "./stages.js";
import type { Shown } from "./shown.js";
import { addShown } from "./shown.js";
import type { RunState } from "./state.js";
import { cellsOf, finishedAt } from "./state.js";

export interface DerivedResult {
  collected: Collected;
  /** Absent if no cell of the experiment answered or ran out of memory. */
  result: Result | undefined;
}

interface DeriveInput extends ProgramAnalysisInput {
  device: RunState["device"];
  /** Every cell, if a frontier search or a rollout decided which of them ran. */
  ran: readonly CollectedCell[] | undefined;
}

const DERIVE: Record<ExperimentKind, (input: DeriveInput) => Result> = {
  population: ({ experiment, collected, calibration, identity }) => {
    if (calibration === undefined)
      throw new BytesperError("BAD_JOURNAL", "The journal holds no calibration; start a new run.");
    return analyse({ experiment, collected, calibration, identity });
  },
  program: (input) => {
    const { identity, device } = input;
    const settings = { ...identity.settings, ...device?.settings };
    const result = analysePrograms({ ...withReached(input), identity: { ...identity, settings } });
    result.warnings.unshift(...(device?.warnings ?? []));
    return result;
  },
  command: (input) => analyseCommands(withReached(input)),
};

/** With only the points of the grid that have a cell that ran. */
function withReached({
  experiment,
  collected,
  calibration,
  identity,
  ran,
}: DeriveInput): ProgramAnalysisInput {
  const grid = ran === undefined ? experiment.grid : reached(experiment.grid, ran);
  return { experiment: { ...experiment, grid }, collected, calibration, identity };
}

/** Computes the result of one experiment from the state of the journal alone. */
export function deriveResult(
  state: RunState,
  name: string,
  journal: string | undefined,
  shown: Shown,
): DerivedResult {
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
    settings: { ...run.settings },
  };
  const ran = frontiers === undefined && stages === undefined ? undefined : cells;
  const result = DERIVE[experiment.kind]({ experiment, collected, calibration, identity, device, ran });
  if (frontiers !== undefined) {
    result.frontiers = frontiers.map((frontier) => frontier.interval);
    for (const { notMonotone } of frontiers)
      if (notMonotone !== undefined) result.warnings.push({ name: "not-monotone", message: notMonotone });
  }
  if (stages !== undefined) result.rollout = stages.rollout;
  addShown(result, shown, experiment.figures);
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

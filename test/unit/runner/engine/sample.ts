import type { CellEnd, Outcome } from "../../../../src/record/cell-end.js";
import type { PreparedCell } from "../../../../src/runner/engine/prepare.js";
import type {
  EndedRecord,
  JournalRecord,
  PlannedRecord,
  RunRecord,
  StartedRecord,
} from "../../../../src/runner/journal/records.js";
import { isResult } from "../../../../src/record/cell-end.js";
import { absent } from "../../../../src/system/probe/reading.js";

/** How a cell ended; its memory is known to nobody. */
export function endOf(outcome: Outcome, changes: Partial<CellEnd> = {}): CellEnd {
  const nobody = absent("nobody looked");
  return {
    outcome,
    records: [],
    durationMs: 5,
    memory: { enforcement: "none", peakBytes: nobody, largestProcessPeakBytes: nobody, processes: 1 },
    evidence: {},
    ...(outcome === "ok" ? { data: { readings: {} } } : {}),
    ...changes,
  };
}

/** A cell of the experiment "grid", whose hash names its level. */
export function cellAt(x: number, changes: Partial<PreparedCell> = {}): PreparedCell {
  return {
    experiment: "grid",
    cell: `hash-${x}`,
    role: "command",
    label: `grid x=${x}`,
    factors: { x },
    trial: 0,
    instances: 1,
    timeoutMs: 1000,
    exclusive: false,
    work: { kind: "command", command: { argv: ["true"], cwd: "/", env: {}, required: [] } },
    ...changes,
  };
}

export const RUN: RunRecord & { at: string } = {
  type: "run",
  at: "2026-01-31T12:00:00.000Z",
  schema: "bytesper/journal@1",
  runId: "run",
  request: {
    experiments: [],
    quick: false,
    minimal: false,
    only: [],
    filter: {},
    compilers: "off",
    device: "auto",
    trials: 1,
    seed: 1,
    timeoutMs: 1000,
    executor: "local",
    moreMemory: 1,
  },
  environment: {
    node: "20.0.0",
    v8: "11",
    os: "Linux",
    arch: "x64",
    cpu: "a processor",
    memoryBytes: 2 ** 34,
    devices: [],
    enforcement: "none",
    commit: absent("no repository"),
    compilers: "off",
    flags: [],
  },
  settings: { quick: false, seed: 1, trials: 1, conversations: "generated" },
  enforcement: { kind: "none", description: "none", ladder: [] },
};

export function planned(prepared: PreparedCell): PlannedRecord {
  const { experiment, cell, trial, role, factors, instances, label } = prepared;
  return { type: "planned", experiment, cell, trial, role, factors, instances, label, reason: "not run yet" };
}

export function started({ experiment, cell, trial }: PreparedCell, attempt = 1): StartedRecord {
  return { type: "started", experiment, cell, trial, attempt, beside: 0 };
}

export function ended(
  { experiment, cell, trial }: PreparedCell,
  end: CellEnd | Outcome,
  attempt = 1,
): EndedRecord {
  const whole = typeof end === "string" ? endOf(end) : end;
  const { outcome } = whole;
  const type = isResult(outcome) ? "finished" : outcome === "interrupted" ? "interrupted" : "failed";
  return { type, experiment, cell, trial, attempt, beside: false, end: whole };
}

export function turn(
  { experiment, cell, trial }: PreparedCell,
  attempt = 1,
  record: unknown = {},
): JournalRecord {
  return { type: "turn", experiment, cell, trial, attempt, record };
}

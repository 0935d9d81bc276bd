import { BytesperError } from "../base/errors.js";
import type { Calibration } from "../measure/calibration.js";
import type { Pilot } from "../measure/pilot.js";
import type { SubjectReference } from "../experiment/subject.js";
import type { CellEnd } from "../record/cell-end.js";
import type { RunningCell } from "./cell/execute.js";
import { executeCell } from "./cell/execute.js";
import { UNCAPPED } from "./cell/uncapped.js";
import type { CellWork } from "./cell/work.js";
import { rememberCalibration, rememberedCalibration } from "./remembered-calibration.js";
import type { Compilers } from "../record/cell.js";

export interface SingleCellOptions {
  compilers: Compilers;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** Modules that each process loads first. */
  imports?: readonly string[] | undefined;
  /**
   * Runs a cell in another place than a Node process of bytesper, such as inside a test runner. Never
   * rejects.
   */
  run?: ((work: CellWork) => Promise<CellEnd>) | undefined;
}

let cells = 0;

/** Runs one cell that belongs to no grid: a calibration or a pilot. Never rejects. */
export function runSingleCell(work: CellWork, options: SingleCellOptions): Promise<CellEnd> {
  return startSingleCell(work, options).end;
}

/** Starts one cell that belongs to no grid. The promise of its end never rejects. */
export function startSingleCell(work: CellWork, options: SingleCellOptions): RunningCell {
  const { compilers, timeoutMs, signal, imports = [], run } = options;
  if (run !== undefined) return { end: run(work), stop: () => undefined };
  const job = { id: `${work.kind}-${++cells}`, work, compilers, timeoutMs, imports };
  const running = executeCell(job, UNCAPPED);
  const interrupt = (): void => {
    running.stop("interrupted", "interrupted");
  };
  if (signal?.aborted === true) interrupt();
  signal?.addEventListener("abort", interrupt, { once: true });
  const end = running.end.finally(() => signal?.removeEventListener("abort", interrupt));
  return { end, stop: running.stop };
}

/**
 * Calibrates the instrument, or takes the calibration of an earlier run by the same programs on this machine.
 * Throws `INSTRUMENT_OFF` if the known size of an object is not measured.
 *
 * @param recalibrate whether an earlier calibration does not count
 */
export async function requireCalibration(
  options: SingleCellOptions,
  recalibrate = false,
): Promise<Calibration> {
  // Another place, or a module that is loaded first, may read otherwise than what was calibrated before.
  const isOrdinary = options.run === undefined && (options.imports ?? []).length === 0;
  const remembered = isOrdinary && !recalibrate ? rememberedCalibration() : undefined;
  if (remembered !== undefined) return remembered;
  const end = await runSingleCell({ kind: "calibrate" }, { ...options, compilers: "off" });
  if (end.outcome === "interrupted")
    throw new BytesperError("INTERRUPTED", "Interrupted during the calibration.");
  if (end.outcome !== "ok") {
    throw new BytesperError(
      "INSTRUMENT_OFF",
      `The calibration ${end.outcome === "timeout" ? "" : "failed: "}${end.cause ?? end.outcome}.`,
    );
  }
  const calibration = end.data as Calibration;
  const off = calibration.checks.find((check) => !check.ok);
  if (off !== undefined) {
    throw new BytesperError(
      "INSTRUMENT_OFF",
      `The instrument is off on Node ${process.versions.node}: ${off.name} should read ${off.expectedBytes} bytes and read ${off.measuredBytes}; nothing was measured, use another Node version or report this one.`,
    );
  }
  if (isOrdinary) rememberCalibration(calibration);
  return calibration;
}

/** Tries a subject once, to see whether it works, how large it is and how long it takes. */
export async function requirePilot(
  reference: SubjectReference,
  { conversations, seed }: { conversations?: string | undefined; seed: number },
  options: SingleCellOptions,
): Promise<Pilot> {
  const context = { factors: {}, seed, ...(conversations === undefined ? {} : { conversations }) };
  const end = await runSingleCell({ kind: "pilot", subject: reference, context }, options);
  if (end.outcome === "ok") return end.data as Pilot;
  if (end.outcome === "interrupted")
    throw new BytesperError("INTERRUPTED", "Interrupted before the first reading.");
  const cause = end.cause ?? end.outcome;
  throw new BytesperError(
    end.code ?? "CELL_FAILED",
    end.code === undefined ? `${reference.name} could not be measured: ${cause}.` : cause,
  );
}

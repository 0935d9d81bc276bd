import { OutOfDeviceMemory } from "../device/index.js";
import { BytesperError } from "../base/errors.js";
import type {
  Program,
  ProgramAnswer,
  ProgramContext,
  ProgramReading,
  ProgramSeries,
} from "../experiment/define.js";
import { importModule } from "../experiment/import-module.js";
import { sentence } from "../base/sentence.js";
import type { SubjectReference } from "../experiment/subject.js";

export type ProgramContextData = Omit<ProgramContext, "emit">;

export interface ProgramSpec {
  program: SubjectReference;
  context: ProgramContextData;
}

/** What the cell of a program answers; no field is ever missing. */
export interface ProgramData {
  outcome: "ok" | "oom-device";
  cause?: string;
  readings: Record<string, ProgramReading>;
  findings?: string[];
  warnings: { name: string; message: string }[];
  series?: ProgramSeries[];
}

/**
 * Runs a program in this process. If the program does not catch the error of a pool's cap, the outcome is
 * `oom-device`.
 */
export async function runProgram(spec: ProgramSpec, emit: (record: unknown) => void): Promise<ProgramData> {
  const { name } = spec.program;
  const run = await importRun(spec.program);
  let answer: ProgramAnswer;
  try {
    answer = await run({ ...spec.context, emit });
  } catch (error) {
    if (error instanceof OutOfDeviceMemory)
      return { outcome: "oom-device", cause: sentence(error), readings: {}, warnings: [] };
    if (error instanceof BytesperError) throw error;
    throw new BytesperError("SUBJECT_THREW", `run of ${name} threw: ${sentence(error)}.`, { cause: error });
  }
  for (const [key, reading] of Object.entries(requireReadings(answer, name)))
    requireReading(reading, key, name);
  const { outcome = "ok", cause, readings, findings = [], warnings = [], series = [] } = answer;
  for (const each of series) requireSeries(each, name);
  return {
    outcome,
    ...(cause === undefined ? {} : { cause }),
    readings,
    ...(findings.length === 0 ? {} : { findings: [...findings] }),
    warnings: [...warnings],
    ...(series.length === 0 ? {} : { series: [...series] }),
  };
}

async function importRun(reference: SubjectReference): Promise<Program["run"]> {
  let module: { run?: unknown; default?: { run?: unknown } };
  try {
    module = (await importModule(reference.url)) as typeof module;
  } catch (error) {
    throw new BytesperError("BAD_SUBJECT", `${reference.name} cannot be loaded: ${sentence(error)}.`, {
      cause: error,
    });
  }
  const run = module.run ?? module.default?.run;
  if (typeof run === "function") return run as Program["run"];
  throw new BytesperError(
    "BAD_SUBJECT",
    `${reference.name} must export run(context), which answers { readings }.`,
  );
}

function requireReadings(answer: ProgramAnswer | undefined, name: string): Record<string, unknown> {
  const readings: unknown = answer?.readings;
  if (typeof readings === "object" && readings !== null) return readings as Record<string, unknown>;
  throw new BytesperError("BAD_SUBJECT", `run of ${name} must answer { readings: { ... } }.`);
}

function requireReading(reading: unknown, key: string, name: string): void {
  if (typeof reading === "number" && Number.isFinite(reading)) return;
  const { absent, above } = (typeof reading === "object" ? (reading ?? {}) : {}) as Record<string, unknown>;
  if (typeof absent === "string" || typeof above === "number") return;
  throw new BytesperError(
    "BAD_SUBJECT",
    `run of ${name} answered ${key} = ${String(reading)}; a reading is a finite number, { absent: reason } or { above, reason }.`,
  );
}

/** The most points of one series. A longer series belongs in the journal. */
const MOST_POINTS = 200;

function requireSeries({ reading, points }: ProgramSeries, name: string): void {
  if (points.length <= MOST_POINTS && points.every((point) => point.every(Number.isFinite))) return;
  throw new BytesperError(
    "BAD_SUBJECT",
    `run of ${name} answered a series of ${reading} with ${points.length} points; give at most ${MOST_POINTS}, each of two finite numbers.`,
  );
}

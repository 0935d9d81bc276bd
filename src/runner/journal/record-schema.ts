import { z } from "zod";
import { COMPILERS, ENFORCEMENT_KINDS } from "../../record/cell.js";
import { OUTCOMES } from "../../record/cell-end.js";
import { WALLS } from "../../record/fits.js";
import { environment, figure, issueText, settings, table, warning } from "../../record/schema.js";

const text = z.string();
const bytes = z.number();
const count = z.int().nonnegative();
const absent = z.looseObject({ absent: text });
const reading = z.union([bytes, absent]);
const level = z.union([z.number(), text, z.boolean()]);
const factors = z.record(text, level);
/** What a program or a command tells; a bound where memory ran out. */
const programReading = z.union([bytes, absent, z.looseObject({ above: bytes, reason: text })]);

const settled = z.looseObject({
  count,
  created: count,
  heapBytes: bytes,
  externalBytes: bytes,
  mallocBytes: reading,
  settled: z.boolean(),
});

const LEDGER = {
  ...{ heapBytes: bytes, heapPhysicalBytes: bytes, externalBytes: bytes, mallocInUseBytes: reading },
  ...{ mallocFreeBytes: reading, pssBytes: reading, pssAnonBytes: reading, pssFileBytes: reading },
  rssBytes: reading,
};

/** A record that a cell sent. Only ledgers are read later. */
const message = z
  .looseObject({ type: text })
  .refine(
    (record) =>
      record.type !== "ledger" ||
      z.object({ phase: text, instances: count, reading: z.looseObject(LEDGER) }).safeParse(record).success,
    { error: "a ledger lacks one of its readings" },
  );

const end = z.looseObject({
  outcome: z.enum(OUTCOMES),
  cause: text.optional(),
  code: text.optional(),
  aboveBytes: bytes.optional(),
  records: z.array(message),
  durationMs: z.number().nonnegative(),
  memory: z.looseObject({
    enforcement: z.enum(ENFORCEMENT_KINDS),
    capBytes: bytes.optional(),
    peakBytes: reading,
    peakSource: text.optional(),
    largestProcessPeakBytes: reading,
    processes: count,
  }),
  evidence: z.record(text, z.union([text, z.number(), z.boolean(), z.null()])),
});

const unit = { experiment: text, cell: text, trial: count };
const attempt = { ...unit, attempt: count };
const ended = { ...attempt, beside: z.boolean(), end };

const estimate = z.looseObject({
  bytes,
  formula: text,
  name: text.optional(),
  covers: z.array(text).optional(),
});

const experiment = {
  experiment: text,
  kind: z.enum(["population", "program", "command"]),
  title: text,
  question: text.optional(),
  unit: text,
  population: text.optional(),
  hasUnits: z.boolean(),
  ownSlope: z.boolean(),
  grid: z.array(
    z.looseObject({
      factors,
      instances: z.number(),
      units: z.number(),
      estimate: z.looseObject({ bytes, formula: text }).optional(),
    }),
  ),
  parts: z.array(z.looseObject({ name: text, table, grid: z.array(factors) })),
  estimates: z.array(estimate),
  table: table.optional(),
  figures: z.array(figure).optional(),
  frontier: text.optional(),
  rollout: z
    .array(
      z.looseObject({
        name: text,
        flags: z.record(text, level),
        changed: z.array(text),
        previous: text.optional(),
        bounds: z.array(z.looseObject({})),
        fallback: z.boolean(),
      }),
    )
    .optional(),
};

const RECORDS: Record<string, z.ZodType> = Object.fromEntries(
  Object.entries({
    run: {
      schema: z.literal("bytesper/journal@1"),
      runId: text,
      request: z.looseObject({
        experiments: z.array(z.looseObject({ file: text, shipped: z.boolean() })),
        quick: z.boolean(),
        minimal: z.boolean(),
        only: z.array(text),
        filter: z.record(text, z.array(text)),
        compilers: z.enum(COMPILERS),
        device: text,
        trials: count,
        seed: z.number(),
        timeoutMs: z.number().positive(),
        executor: z.enum(["local", "slurm"]),
        moreMemory: z.number().positive(),
        replace: z.boolean().optional(),
        imports: z.array(text).optional(),
      }),
      environment,
      settings,
      enforcement: z.looseObject({
        kind: z.enum(ENFORCEMENT_KINDS),
        description: text,
        ladder: z.array(text),
      }),
    },
    runner: {
      owner: z.looseObject({ pid: count, startTicks: z.number(), bootId: text, host: text }),
      command: z.enum(["run", "resume", "retry"]),
      moreMemory: z.number().positive(),
    },
    calibration: {
      calibration: z.looseObject({
        gc: z.looseObject({
          call: text,
          proof: z.array(text),
          survey: z.array(z.looseObject({ call: text, proof: z.array(text) })),
        }),
        checks: z.array(
          z.looseObject({ name: text, expectedBytes: bytes, measuredBytes: bytes, ok: z.boolean() }),
        ),
      }),
    },
    certificate: { certificate: z.looseObject({ kind: z.enum(ENFORCEMENT_KINDS), message: text }) },
    device: { settings, warnings: z.array(warning) },
    experiment,
    planned: {
      ...unit,
      role: z.enum(["row", "null", "growth", "snapshot", "fits", "program", "command"]),
      part: text.optional(),
      factors,
      instances: z.number(),
      label: text,
      reason: text,
    },
    started: { ...attempt, capBytes: bytes.optional(), beside: count },
    sample: { ...attempt, rssBytes: bytes, largestHwmBytes: bytes },
    turn: attempt,
    finished: ended,
    failed: ended,
    interrupted: ended,
    orphans: { experiment: text, cells: z.array(text) },
    pressure: { what: z.enum(["memory", "disk"]), level: z.enum(["soft", "hard"]), message: text },
  }).map(([type, shape]) => [type, z.looseObject({ at: z.iso.datetime(), ...shape })]),
);

/** Earlier versions had no cold population. */
const protocol = z.looseObject({
  gc: z.looseObject({ call: text, proof: z.array(text) }),
  baseline: settled,
  cold: z.array(settled).optional(),
  warm: settled,
  readings: z.array(settled),
  end: settled,
  returnsNothing: z.boolean().optional(),
  createMs: z.number(),
});
const snapshotCell = z.looseObject({
  instances: count,
  heapBytes: bytes,
  heapChangePerInstanceBytes: bytes,
});
const amount = { bytes, count: z.number() };
const summary = z.looseObject({
  bytes,
  instanceNodes: count,
  duplicates: count,
  classes: z.array(z.looseObject({ type: text, ...amount })),
  kinds: z.array(z.looseObject({ kind: text, ...amount })),
  waste: z.array(z.looseObject({ name: text, bytes: reading, count: z.number(), advice: text })),
  sizes: z.array(z.tuple([bytes, z.number()])).optional(),
  shared: z.looseObject({ bytes, what: text }).optional(),
});

/** A search for the largest population; a number that is not finite is null in JSON. */
const fits = z.looseObject({
  memoryBytes: bytes,
  enforcement: z.enum(ENFORCEMENT_KINDS),
  measured: z.boolean(),
  reason: text.optional(),
  lives: count.optional(),
  dies: count.optional(),
  wall: z.enum(WALLS),
  predicted: z.number().nullable(),
  predictedRelativeError: z.number().nullable().optional(),
  next: z.array(z.looseObject({ measured: z.boolean(), lives: count.optional() })),
  doubts: z.array(text),
});

/** What a cell answers, by its role. */
const DATA: Record<string, z.ZodType> = {
  row: protocol,
  null: protocol,
  growth: z.looseObject({ readings: z.array(settled), returnsNothing: z.boolean() }),
  snapshot: z.looseObject({ cell: snapshotCell, summary }),
  fits: z.union([fits, z.looseObject({ absent: text })]),
  program: z.looseObject({
    outcome: z.enum(["ok", "oom-device"]),
    cause: text.optional(),
    readings: z.record(text, programReading),
    findings: z.array(text).optional(),
    warnings: z.array(warning),
    series: z
      .array(z.looseObject({ reading: text, over: text, points: z.array(z.tuple([z.number(), z.number()])) }))
      .optional(),
  }),
  command: z.looseObject({
    readings: z.record(text, programReading),
    refused: z.record(text, z.number()).optional(),
  }),
};

/** What is wrong with a record that has its checksum but not the shape that bytesper writes; undefined if nothing. */
export function recordProblem(record: { type?: unknown }): string | undefined {
  const { type } = record;
  const schema = typeof type === "string" && Object.hasOwn(RECORDS, type) ? RECORDS[type] : undefined;
  if (schema === undefined)
    return `its "type" is ${typeof type === "string" ? JSON.stringify(type) : "no text"}`;
  return problemIn(schema, record);
}

/** The same for the answer of a cell, which is part of the record of its end. */
export function answerProblem(role: string, data: unknown): string | undefined {
  const schema = DATA[role];
  return schema === undefined ? undefined : problemIn(schema, data);
}

function problemIn(schema: z.ZodType, value: unknown): string | undefined {
  const checked = schema.safeParse(value);
  if (checked.success) return undefined;
  const [issue] = checked.error.issues;
  if (issue === undefined) return "it is invalid";
  return `${issue.path.join(".") || "the whole"}: ${issueText(issue)}`;
}
